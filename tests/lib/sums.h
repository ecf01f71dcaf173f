/* SPDX-License-Identifier: ISC */
/*
 * Compares sets of mail by the SHA-256 of each message in folders, Maildirs
 * (new and cur) and mboxes. Shares no code with keepmail.
 */
#ifndef TESTS_SUMS_H
#define TESTS_SUMS_H

#include <stdbool.h>
#include <stddef.h>

struct sums {
	/*
	 * A server's files: messages are read as POP3 transfers them, with CRLF
	 * as LF, and with an end of the last line. Otherwise, byte for byte.
	 */
	bool server_side;
	char **at; /* in hexadecimal, sorted */
	size_t count;
};

/* Adds the messages of a path; false if it does not exist. */
bool sums_add(struct sums *sums, const char *path);

#endif
