/* SPDX-License-Identifier: ISC */
/*
 * What two sets of mail are compared by: the SHA-256 of each message in
 * folders, Maildirs (new and cur) and mboxes. It shares no code with keepmail.
 */
#ifndef TESTS_SUMS_H
#define TESTS_SUMS_H

#include <stdbool.h>
#include <stddef.h>

struct sums {
	/*
	 * A server's files: messages are taken as POP3 can carry them, CRLF
	 * being LF, and the last line having an end. Else octet by octet.
	 */
	bool server_side;
	char **at; /* in hexadecimal, sorted */
	size_t count;
};

/* Adds the messages of a path; false when there is no such path. */
bool sums_add(struct sums *sums, const char *path);

#endif
