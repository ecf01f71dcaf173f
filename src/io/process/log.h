/* SPDX-License-Identifier: ISC */
/* Messages on standard error: one line each, which begins with the account. */
#ifndef IO_PROCESS_LOG_H
#define IO_PROCESS_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

enum log_level {
	LOG_ERRORS,   /* -q */
	LOG_WARNINGS, /* the default, if not on a terminal */
	LOG_SUMMARY,  /* on a terminal: also a line for each account */
	LOG_MESSAGES, /* -v: also a line for each message */
	LOG_WIRE,     /* -vv: also commands and answers after the login */
};

/* Sets what is shown. terminal: lines must overwrite a progress bar. */
void log_init(enum log_level level, bool terminal);

/* From now on lines begin with this account's name; NULL: with "keepmail". */
void log_account(const char *name);

/* Would a line of this level be shown? */
bool log_shows(enum log_level level);

/*
 * Shows a line of the given level, truncated to 1,500 bytes, with one write,
 * so that lines of several processes do not mix. Text from a server or a
 * message must have been made printable (text_printable).
 */
void log_line(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Shows an error, followed by the server's words in quotes. */
void log_error(const struct error *err);

/* Shows what was sent ('>') or received ('<'), made printable. */
void log_wire(char direction, const char *bytes, size_t length);

/* Shows a status line of the server: "+OK" or "-ERR", and its text. */
void log_wire_status(const char *indicator, const char *words, size_t length);

#endif
