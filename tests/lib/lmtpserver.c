/* SPDX-License-Identifier: ISC */
/*
 * An LMTP server for the tests, with one connection at a time.
 *
 *   lmtpserver [OPTION...] SOCKET DIRECTORY
 *     --no NAME            leave out an extension
 *     --reply STAGE:N:TEXT answer so at this stage (greeting, lhlo, mail, rcpt,
 *                          data, text) of the Nth message (from 1; 0: of each);
 *                          an empty TEXT: close the connection instead; "-":
 *                          no answer
 *     --delay MS           before each answer to a message
 *     --harm FILE          if there is such a file, removes it, and closes the
 *                          next connection after as many bytes as it says
 *
 * Each message that is accepted, or whose answer is lost, becomes a file of
 * DIRECTORY/new, with LF line ends. DIRECTORY/commands gets each command.
 */
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define REPLIES_MAX 16

static struct {
	const char *directory;
	const char *without;
	const char *harm;
	struct {
		const char *stage;
		size_t stage_length;
		unsigned message;
		const char *text;
	} replies[REPLIES_MAX];
	size_t reply_count;
	unsigned delay;
	FILE *commands;
	unsigned messages; /* transactions begun */
	unsigned stored;
} set;

static bool add_reply(const char *text)
{
	const char *number = strchr(text, ':');
	const char *words = number == NULL ? NULL : strchr(number + 1, ':');

	if (words == NULL || set.reply_count == REPLIES_MAX)
		return false;
	set.replies[set.reply_count].stage = text;
	set.replies[set.reply_count].stage_length = (size_t)(number - text);
	set.replies[set.reply_count].message =
		(unsigned)strtoul(number + 1, NULL, 10);
	set.replies[set.reply_count++].text = words + 1;
	return true;
}

/* What to answer at this stage; usual unless an option says otherwise. */
static const char *reply_at(const char *stage, const char *usual)
{
	for (size_t i = 0; i < set.reply_count; i++) {
		if (strlen(stage) == set.replies[i].stage_length &&
			strncmp(stage, set.replies[i].stage,
				set.replies[i].stage_length) == 0 &&
			(set.replies[i].message == 0 ||
				set.replies[i].message == set.messages))
			return set.replies[i].text;
	}
	return usual;
}

static FILE *in;
static int out;
static long allowed; /* bytes that may still be sent; -1: any number */

/* Sends a line, or as much of it as is allowed; false: close. */
static bool put(const char *text)
{
	char bytes[1024];
	int n = snprintf(bytes, sizeof bytes, "%s\r\n", text);
	int give = allowed >= 0 && allowed < n ? (int)allowed : n;

	if (write(out, bytes, (size_t)give) != give)
		return false;
	allowed -= allowed < 0 ? 0 : give;
	return give == n;
}

/* How many bytes may be sent in this connection. */
static long read_harm(void)
{
	FILE *file = set.harm == NULL ? NULL : fopen(set.harm, "r");
	long bytes = -1;

	if (file == NULL)
		return -1;
	if (fscanf(file, "%ld", &bytes) != 1)
		bytes = -1;
	fclose(file);
	unlink(set.harm);
	return bytes;
}

static char *line; /* without CRLF */
static size_t line_length;

/* Reads the next line; false at the end. */
static bool read_line(void)
{
	static size_t room;
	ssize_t n = getline(&line, &room, in);

	if (n <= 0)
		return false;
	line_length = (size_t)n;
	if (line[line_length - 1] == '\n')
		line_length--;
	if (line_length > 0 && line[line_length - 1] == '\r')
		line_length--;
	return true;
}

/* Answers; false if the connection is to be closed instead. */
static bool answer(const char *stage, const char *usual)
{
	const char *text = reply_at(stage, usual);

	return text[0] != '\0' && (strcmp(text, "-") == 0 || put(text));
}

/* Reads a message; NULL if the client left. The caller frees it. */
static char *read_text(size_t *length)
{
	char *text = NULL;
	FILE *copy = open_memstream(&text, length);
	bool more;

	while ((more = read_line()) && !(line_length == 1 && line[0] == '.')) {
		bool dot = line_length > 0 && line[0] == '.';

		fwrite(line + dot, 1, line_length - dot, copy);
		fputc('\n', copy);
	}
	fclose(copy);
	if (more)
		return text;
	free(text);
	return NULL;
}

static void store(const char *text, size_t length)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/new/%u.%d", set.directory, ++set.stored,
		(int)getpid());
	FILE *file = fopen(path, "w");

	if (file == NULL || fwrite(text, 1, length, file) != length ||
		fclose(file) != 0)
		_exit(1);
}

static bool take_message(void)
{
	const char *reply = reply_at("text", "250 2.0.0 kept");
	size_t length;
	char *text = read_text(&length);

	if (text == NULL)
		return false;
	if (reply[0] == '\0' || reply[0] == '2' || reply[0] == '-')
		store(text, length);
	free(text);
	usleep(set.delay * 1000);
	return answer("text", "250 2.0.0 kept");
}

static bool announce(void)
{
	static const char *const names[] = {"250-PIPELINING", "250-8BITMIME",
		"250-SIZE", "250-ENHANCEDSTATUSCODES"};

	if (strcmp(reply_at("lhlo", "250"), "250") != 0)
		return answer("lhlo", "250");
	bool ok = put("250-localhost");

	for (size_t i = 0; ok && i < 4; i++)
		ok = (set.without != NULL &&
			     strcmp(names[i] + 4, set.without) == 0) ||
			put(names[i]);
	return ok && put("250 HELP");
}

static bool is(const char *word)
{
	return strncasecmp(line, word, strlen(word)) == 0;
}

static bool take_data(void)
{
	bool valid = reply_at("mail", "250")[0] == '2' &&
		reply_at("rcpt", "250")[0] == '2';

	if (!valid || reply_at("data", "354")[0] != '3')
		return answer("data", "503 5.5.1 no recipient");
	return answer("data", "354 go on") && take_message();
}

/* False: the connection is to be closed. */
static bool obey(void)
{
	if (is("LHLO"))
		return announce();
	if (is("MAIL")) {
		set.messages++;
		return answer("mail", "250 2.1.0 sender");
	}
	if (is("RCPT"))
		return answer("rcpt", "250 2.1.5 recipient");
	if (is("DATA"))
		return take_data();
	if (is("RSET") || is("NOOP"))
		return put("250 2.0.0 done");
	if (!is("QUIT"))
		return put("500 5.5.2 what?");
	put("221 2.0.0 bye");
	return false;
}

static void serve(int fd)
{
	out = fd;
	in = fdopen(dup(fd), "r");
	allowed = read_harm();
	bool more = answer("greeting", "220 localhost LMTP");

	while (more && read_line()) {
		fprintf(set.commands, "%.*s\n", (int)line_length, line);
		fflush(set.commands);
		more = obey();
	}
	fclose(in);
	close(fd);
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	unlink(path);
	if (fd < 0 ||
		bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
		listen(fd, 8) < 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"no", required_argument, NULL, 'n'},
		{"reply", required_argument, NULL, 'r'},
		{"delay", required_argument, NULL, 'd'},
		{"harm", required_argument, NULL, 'h'}, {0}};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'n')
			set.without = optarg;
		else if (option == 'h')
			set.harm = optarg;
		else if (option == 'd')
			set.delay = (unsigned)strtoul(optarg, NULL, 10);
		else if (option != 'r' || !add_reply(optarg))
			return 64;
	}
	if (argc - optind != 2)
		return 64;
	char path[4096];

	set.directory = argv[optind + 1];
	snprintf(path, sizeof path, "%s/commands", set.directory);
	set.commands = fopen(path, "a");
	if (set.commands == NULL)
		return 1;
	signal(SIGPIPE, SIG_IGN);
	int fd = listen_at(argv[optind]);

	for (;;) {
		int client = accept(fd, NULL, NULL);

		if (client >= 0)
			serve(client);
	}
}
