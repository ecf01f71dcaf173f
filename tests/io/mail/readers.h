/* SPDX-License-Identifier: ISC */
/* What is in a destination, read by programs that share no code with it. */
#ifndef TESTS_IO_MAIL_READERS_H
#define TESTS_IO_MAIL_READERS_H

#include <stddef.h>

/* The path of the destination. */
extern char readers_place[100];

/* The message that prepare puts there: it ends in the middle of a line. */
extern const char readers_earlier[];

/* Before the first mail comes. */
void readers_maildir_prepare(void);
void readers_mbox_prepare(void);

/* How many messages are there with this text; NULL: any. */
size_t readers_maildir_count(const char *text);
size_t readers_mbox_count(const char *text);

/* How many things that are no mail; they are old from now on. */
size_t readers_maildir_left(void);
size_t readers_mbox_left(void);

/* Does what an error says is to be done. */
void readers_maildir_repair(void);
void readers_mbox_repair(void);

#endif
