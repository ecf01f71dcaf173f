/* SPDX-License-Identifier: ISC */
/*
 * An LMTP server for the tests, with one connection at a time.
 *
 *   lmtpserver [OPTION...] SOCKET DIRECTORY
 *
 * SOCKET is a path, or with "tcp:" before it a file that gets a port.
 * Options and DIRECTORY: script.h. Stages: greeting, lhlo, mail, rcpt, data,
 * text.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "script.h"

/* Reads a message; NULL if the client left. The caller frees it. */
static char *read_text(struct script *script, size_t *length)
{
	char *text = NULL;
	FILE *copy = open_memstream(&text, length);
	bool more;

	while ((more = script_read_line(script)) &&
		!(script->line_length == 1 && script->line[0] == '.')) {
		bool dot = script->line_length > 0 && script->line[0] == '.';

		fwrite(script->line + dot, 1, script->line_length - dot, copy);
		fputc('\n', copy);
	}
	fclose(copy);
	if (more)
		return text;
	free(text);
	return NULL;
}

static bool take_message(struct script *script)
{
	static unsigned stored;
	const char *reply = script_reply(script, "text", "250 2.0.0 kept");
	char name[64];
	size_t length;
	char *text = read_text(script, &length);

	if (text == NULL)
		return false;
	snprintf(name, sizeof name, "%u.%d", ++stored, (int)getpid());
	if (reply[0] == '\0' || reply[0] == '2' || reply[0] == '-')
		script_store(script, name, text, length);
	free(text);
	usleep(script->delay * 1000);
	return script_answer(script, "text", "250 2.0.0 kept");
}

static bool announce(struct script *script)
{
	static const char *const names[] = {"250-PIPELINING", "250-8BITMIME",
		"250-SIZE", "250-ENHANCEDSTATUSCODES"};

	if (strcmp(script_reply(script, "lhlo", "250"), "250") != 0)
		return script_answer(script, "lhlo", "250");
	bool ok = script_put(script, "250-localhost");

	for (size_t i = 0; ok && i < 4; i++)
		ok = script_lacks(script, names[i] + 4) ||
			script_put(script, names[i]);
	return ok && script_put(script, "250 HELP");
}

static bool take_data(struct script *script)
{
	bool valid = script_reply(script, "mail", "250")[0] == '2' &&
		script_reply(script, "rcpt", "250")[0] == '2';

	if (!valid || script_reply(script, "data", "354")[0] != '3')
		return script_answer(script, "data", "503 5.5.1 no recipient");
	return script_answer(script, "data", "354 go on") &&
		take_message(script);
}

static bool greet(struct script *script)
{
	return script_answer(script, "greeting", "220 localhost LMTP");
}

/* False: the connection is to be closed. */
static bool obey(struct script *script)
{
	if (script_is(script, "LHLO"))
		return announce(script);
	if (script_is(script, "MAIL")) {
		script->messages++;
		return script_answer(script, "mail", "250 2.1.0 sender");
	}
	if (script_is(script, "RCPT"))
		return script_answer(script, "rcpt", "250 2.1.5 recipient");
	if (script_is(script, "DATA"))
		return take_data(script);
	if (script_is(script, "RSET") || script_is(script, "NOOP"))
		return script_put(script, "250 2.0.0 done");
	if (!script_is(script, "QUIT"))
		return script_put(script, "500 5.5.2 what?");
	script_put(script, "221 2.0.0 bye");
	return false;
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
	struct script script = {.allowed = -1};

	script_begin(&script, argc, argv);
	const char *at = argv[argc - 2];

	script_serve(&script,
		strncmp(at, "tcp:", 4) == 0 ? script_listen(at + 4)
					    : listen_at(at),
		greet, obey);
}
