/* SPDX-License-Identifier: ISC */
/* Where limit puts mail. One mailbox at a time: what is open is no argument. */
#ifndef TESTS_LIMIT_H
#define TESTS_LIMIT_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

/* Says what failed and why (errno), and ends the program. */
void limit_fail(const char *what) __attribute__((noreturn));

/* A Maildir (made where it is missing), or an mbox that is appended to. */
void mail_open(bool mbox, const char *path);

void mail_begin(size_t number);
/* A line with its LF. */
void mail_line(const char *line, size_t length);
void mail_end(void);

/* Everything is durable when it returns. */
void mail_finish(void);

#endif
