/* SPDX-License-Identifier: ISC */
/*
 * Where limit stores mail. One mailbox at a time, so the open one is not an
 * argument.
 */
#ifndef TESTS_LIMIT_H
#define TESTS_LIMIT_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

/* Reports what failed and why (errno), and exits. */
void limit_fail(const char *what) __attribute__((noreturn));

/* Opens a Maildir (created if it is missing), or an mbox to append to. */
void mail_open(bool mbox, const char *path);

void mail_begin(size_t number);
/* A line with its LF. */
void mail_line(const char *line, size_t length);
void mail_end(void);

/* Everything is durable when it returns. */
void mail_finish(void);

#endif
