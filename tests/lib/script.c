/* SPDX-License-Identifier: ISC */
#include "script.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static bool add_reply(struct script *script, const char *text)
{
	const char *number = strchr(text, ':');
	const char *words = number == NULL ? NULL : strchr(number + 1, ':');

	if (words == NULL || script->reply_count == SCRIPT_REPLIES_MAX)
		return false;
	script->replies[script->reply_count].stage = text;
	script->replies[script->reply_count].stage_length =
		(size_t)(number - text);
	script->replies[script->reply_count].message =
		(unsigned)strtoul(number + 1, NULL, 10);
	script->replies[script->reply_count++].text = words + 1;
	return true;
}

void script_begin(struct script *script, int argc, char **argv)
{
	static const struct option options[] = {
		{"no", required_argument, NULL, 'n'},
		{"refuse", required_argument, NULL, 'f'},
		{"reply", required_argument, NULL, 'r'},
		{"delay", required_argument, NULL, 'd'},
		{"harm", required_argument, NULL, 'h'}, {0}};
	char path[4096];
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'n' && script->without_count < SCRIPT_REPLIES_MAX)
			script->without[script->without_count++] = optarg;
		else if (option == 'f')
			script->refused = optarg;
		else if (option == 'h')
			script->harm = optarg;
		else if (option == 'd')
			script->delay = (unsigned)strtoul(optarg, NULL, 10);
		else if (option != 'r' || !add_reply(script, optarg))
			exit(64);
	}
	if (argc - optind != 2)
		exit(64);
	script->directory = argv[optind + 1];
	snprintf(path, sizeof path, "%s/commands", script->directory);
	script->commands = fopen(path, "a");
	if (script->commands == NULL)
		exit(1);
	signal(SIGPIPE, SIG_IGN);
}

const char *script_reply(
	const struct script *script, const char *stage, const char *usual)
{
	for (size_t i = 0; i < script->reply_count; i++) {
		if (strlen(stage) == script->replies[i].stage_length &&
			strncmp(stage, script->replies[i].stage,
				script->replies[i].stage_length) == 0 &&
			(script->replies[i].message == 0 ||
				script->replies[i].message == script->messages))
			return script->replies[i].text;
	}
	return usual;
}

bool script_lacks(const struct script *script, const char *name)
{
	for (size_t i = 0; i < script->without_count; i++) {
		if (strcmp(script->without[i], name) == 0)
			return true;
	}
	return false;
}

bool script_put_bytes(struct script *script, const char *bytes, size_t length)
{
	size_t give = script->allowed >= 0 && (size_t)script->allowed < length
		? (size_t)script->allowed
		: length;

	for (size_t at = 0; at < give;) {
		ssize_t n = write(script->out, bytes + at, give - at);

		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	script->allowed -= script->allowed < 0 ? 0 : (long)give;
	return give == length;
}

bool script_put(struct script *script, const char *text)
{
	char bytes[1024];
	int n = snprintf(bytes, sizeof bytes, "%s\r\n", text);

	return script_put_bytes(script, bytes, (size_t)n);
}

bool script_answer(struct script *script, const char *stage, const char *usual)
{
	const char *text = script_reply(script, stage, usual);

	return text[0] != '\0' &&
		(strcmp(text, "-") == 0 || script_put(script, text));
}

bool script_read_line(struct script *script)
{
	ssize_t n = getline(&script->line, &script->line_room, script->in);

	if (n <= 0)
		return false;
	script->line_length = (size_t)n;
	if (script->line[script->line_length - 1] == '\n')
		script->line_length--;
	if (script->line_length > 0 &&
		script->line[script->line_length - 1] == '\r')
		script->line_length--;
	return true;
}

bool script_is(const struct script *script, const char *word)
{
	return strncasecmp(script->line, word, strlen(word)) == 0;
}

void script_store(const struct script *script, const char *name,
	const char *text, size_t length)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/new/%s", script->directory, name);
	FILE *file = fopen(path, "w");

	if (file == NULL || fwrite(text, 1, length, file) != length ||
		fclose(file) != 0)
		_exit(1);
}

/* How many bytes may be sent in this connection. */
static long read_harm(const struct script *script)
{
	FILE *file = script->harm == NULL ? NULL : fopen(script->harm, "r");
	long bytes = -1;

	if (file == NULL)
		return -1;
	if (fscanf(file, "%ld", &bytes) != 1)
		bytes = -1;
	fclose(file);
	unlink(script->harm);
	return bytes;
}

static void serve(struct script *script, int fd,
	bool (*greet)(struct script *script),
	bool (*obey)(struct script *script))
{
	script->out = fd;
	script->in = fdopen(dup(fd), "r");
	script->allowed = read_harm(script);
	bool more = greet(script);

	while (more && script_read_line(script)) {
		fprintf(script->commands, "%.*s\n", (int)script->line_length,
			script->line);
		fflush(script->commands);
		more = obey(script);
	}
	fclose(script->in);
	close(fd);
}

int script_listen(const char *path)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char part[4096];
	unsigned port = 0;
	int one = 1;
	FILE *earlier = fopen(path, "r");

	if (earlier != NULL && fscanf(earlier, "%u", &port) == 1)
		address.sin_port = htons((uint16_t)port);
	if (earlier != NULL)
		fclose(earlier);
	if (fd < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) <
			0 ||
		bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
		listen(fd, 8) < 0 ||
		getsockname(fd, (struct sockaddr *)&address, &size) < 0) {
		perror("listen");
		exit(1);
	}
	/* It appears whole. */
	snprintf(part, sizeof part, "%s.part", path);
	FILE *file = fopen(part, "w");

	if (file == NULL ||
		fprintf(file, "%u\n", ntohs(address.sin_port)) < 0 ||
		fclose(file) != 0 || rename(part, path) < 0)
		exit(1);
	return fd;
}

void script_serve(struct script *script, int fd,
	bool (*greet)(struct script *script),
	bool (*obey)(struct script *script))
{
	for (;;) {
		int client = accept(fd, NULL, NULL);

		if (client >= 0)
			serve(script, client, greet, obey);
	}
}
