/* SPDX-License-Identifier: ISC */
/* Settings that need care: paths, commands, and how the server is reached. */
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/convert_internal.h"
#include "core/xalloc.h"

#define COMMAND_MAX (64 * 1024)

/*
 * A path as keepmail takes it, owned. NULL: it means something else here, since
 * it is relative to a directory that the other program knows, has the name of a
 * user, or parts that are filled in later.
 */
static char *take_path(const char *path)
{
	if (strpbrk(path, "$%`\r\n") != NULL)
		return NULL;
	return path[0] == '/' || strncmp(path, "~/", 2) == 0 ? xstrdup(path)
							     : NULL;
}

void convert_put_place(struct convert *out, struct convert_account *account,
	const char *name, const char *path)
{
	char *taken = take_path(path);

	if (taken == NULL) {
		convert_note(out, account->line,
			"the path %s cannot be converted, and was left out: give one that begins with / or ~/",
			path);
		account->doubt = true;
	}
	convert_take(account, name, taken);
}

void convert_put_file(struct convert *out, struct convert_account *account,
	const char *name, const char *path)
{
	char *taken = path == NULL ? NULL : take_path(path);

	if (path != NULL && taken == NULL)
		convert_note(out, account->line,
			"the path %s cannot be converted, and was left out (see %s in keepmailrc(5))",
			path, name);
	convert_take(account, name, taken);
}

void convert_put_ca(
	struct convert_account *account, const char *setting, const char *path)
{
	char *taken = path == NULL ? NULL : take_path(path);

	if (path != NULL && taken == NULL)
		convert_distrust(account, setting);
	convert_take(account, "tls-ca", taken);
}

void convert_set_seen(struct convert_account *account, const char *path)
{
	/* Otherwise, the usual places are looked into. */
	free(account->seen);
	account->seen = take_path(path);
}

/* What a shell makes of a character: the quote that it is within, or 0. */
static char follow_quotes(char quote, char c)
{
	if (quote == 0 && (c == '"' || c == '\''))
		return c;
	return c == quote ? 0 : quote;
}

/*
 * Puts the sender's place in a command: only where the shell takes it as one
 * word, as %F, '%F' or "%F". Within other quotes it would be part of a text
 * that a shell may run. Owned; NULL: it cannot be done.
 */
static char *put_sender(const char *command)
{
	/* A command such as ssh has another shell read it. */
	static const char sender[] =
		"\"$(printf %s \"${KEEPMAIL_SENDER:-MAILER-DAEMON}\" | tr -c "
		"A-Za-z0-9.@_+/- _)\"";
	struct buffer line;
	char quote = 0;
	bool ok = strpbrk(command, "\\`") == NULL &&
		strstr(command, "$(") == NULL && strstr(command, "<<") == NULL;

	buffer_init(&line, COMMAND_MAX);
	while (*command != '\0' && ok) {
		bool alone = quote == 0 &&
			(command[0] == '"' || command[0] == '\'') &&
			strncmp(command + 1, "%F", 2) == 0 &&
			command[3] == command[0];
		bool bare = strncmp(command, "%F", 2) == 0;

		if (alone || (bare && quote == 0)) {
			ok = buffer_append(&line, sender, sizeof sender - 1);
			command += alone ? 4 : 2;
			continue;
		}
		ok = !bare && buffer_append(&line, command, 1);
		quote = follow_quotes(quote, *command++);
	}
	char *text = ok && quote == 0
		? xasprintf("%.*s", (int)buffer_length(&line),
			  buffer_bytes(&line))
		: NULL;

	buffer_wipe(&line);
	return text;
}

void convert_put_pipe(struct convert *out, struct convert_account *account,
	const char *command)
{
	char *line = strstr(command, "%F") == NULL ? xstrdup(command)
						   : put_sender(command);

	if (line == NULL) {
		convert_note(out, account->line,
			"the command %s has %%F where it cannot be converted, and was left out: see pipe in keepmailrc(5)",
			command);
		account->doubt = true;
	}
	convert_take(account, "pipe", line);
}

void convert_put_tls(struct convert *out, struct convert_account *account,
	enum convert_tls tls, const char *port)
{
	bool later = tls == CONVERT_STARTTLS;

	if (port != NULL && strcmp(port, "pop3s") == 0)
		port = "995";
	if (port != NULL && strcmp(port, "pop3") == 0)
		port = "110";
	if (tls == CONVERT_CLEAR) {
		convert_note(out, account->line,
			"account %s sends its password in clear text; keepmail uses TLS on port 995",
			account->name);
		port = NULL;
	}
	if (port != NULL && !convert_is_number(port))
		convert_refuse(
			account, "its port is %s, which is no number", port);
	convert_put(account, "tls", later ? "starttls" : "implicit");
	convert_put(account, "port",
		port != NULL	? port
			: later ? "110"
				: "995");
}
