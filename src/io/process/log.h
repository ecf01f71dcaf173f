/* SPDX-License-Identifier: ISC */
/* Words to the user, on standard error: a line at a time, account first. */
#ifndef IO_PROCESS_LOG_H
#define IO_PROCESS_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

enum log_level {
	LOG_ERRORS,   /* -q */
	LOG_WARNINGS, /* cron: silence on success */
	LOG_SUMMARY,  /* a terminal: and a line for each account */
	LOG_MESSAGES, /* -v: and a line for each message */
	LOG_WIRE,     /* -vv: and what is said on the wire after the login */
};

/* Sets what is shown; terminal: a progress bar may stand on the last line. */
void log_init(enum log_level level, bool terminal);

/* Lines begin with this account's name from now on; NULL: with keepmail's. */
void log_account(const char *name);

/* Would a line of this level be shown? */
bool log_shows(enum log_level level);

/*
 * Shows a line of the given level: at most 1,500 octets, in one write, so that
 * lines of several processes do not mix. What a server or a message said must
 * have been through text_printable.
 */
void log_line(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Shows an error, with the server's words in quotes behind it. */
void log_error(const struct error *err);

/* Shows what went over the wire, made printable: '>' we said, '<' it said. */
void log_wire(char direction, const char *bytes, size_t length);

/* Shows a status line that the server sent: its indicator and its words. */
void log_wire_status(const char *indicator, const char *words, size_t length);

#endif
