/* SPDX-License-Identifier: ISC */
#include "io/process/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/text.h"

#define LINE_MAX_SHOWN 1500

static struct {
	enum log_level level;
	bool terminal;
	char account[80];
} state = {.level = LOG_WARNINGS, .account = "keepmail"};

void log_init(enum log_level level, bool terminal)
{
	state.level = level;
	state.terminal = terminal;
}

void log_account(const char *name)
{
	snprintf(state.account, sizeof state.account, "%s",
		name == NULL ? "keepmail" : name);
}

bool log_shows(enum log_level level)
{
	return level <= state.level;
}

void log_line(enum log_level level, const char *format, ...)
{
	char line[LINE_MAX_SHOWN];
	/* There may be a progress bar on the line: erase it. */
	int start = snprintf(line, sizeof line,
		"%s%s: ", state.terminal ? "\r\033[K" : "", state.account);
	va_list args;

	if (!log_shows(level))
		return;
	va_start(args, format);
	int n = vsnprintf(
		line + start, sizeof line - (size_t)start - 1, format, args);
	va_end(args);
	if (n < 0)
		return;
	size_t length = strlen(line);

	line[length++] = '\n';
	/* If standard error fails, that cannot be reported. */
	ssize_t ignored = write(STDERR_FILENO, line, length);

	(void)ignored;
}

void log_error(const struct error *err)
{
	if (err->server[0] != '\0')
		log_line(LOG_ERRORS, "%s (the server said: \"%s\")", err->text,
			err->server);
	else
		log_line(LOG_ERRORS, "%s", err->text);
}

void log_wire(char direction, const char *bytes, size_t length)
{
	char shown[4 * TEXT_SHOWN_MAX + 8];

	if (!log_shows(LOG_WIRE))
		return;
	text_printable(shown, sizeof shown, bytes, length);
	log_line(LOG_WIRE, "%c %s", direction, shown);
}

void log_wire_status(const char *indicator, const char *words, size_t length)
{
	char shown[4 * TEXT_SHOWN_MAX + 8];

	text_printable(shown, sizeof shown, words, length);
	log_line(LOG_WIRE, "< %s%s%s", indicator, length > 0 ? " " : "", shown);
}
