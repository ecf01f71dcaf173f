/* SPDX-License-Identifier: ISC */
/* What the test server has in its mailbox: files of a folder, or made up. */
#ifndef TESTS_MAILDROPS_H
#define TESTS_MAILDROPS_H

#include <stdbool.h>
#include <stddef.h>

#include "wire.h"

struct entry {
	char *uid;
	char *path;	/* NULL: made up */
	size_t size;	/* octets on the wire, unstuffed */
	bool deleted;	/* marked in this session */
	long synthetic; /* its number among the made-up ones */
};

struct maildrops {
	struct entry *entries;
	size_t count;
	char *body; /* of every made-up message, in wire form */
	size_t body_length;
	size_t body_size; /* unstuffed */
};

/*
 * Reads the folder (a message a file, LF or CRLF line ends, the uid is its
 * name), or makes up count messages of about size octets. twice: each uid
 * stands for two messages in a row.
 */
void maildrops_open(struct maildrops *drops, const char *folder, long count,
	size_t size, bool twice);
void maildrops_close(struct maildrops *drops);

/* Sends a message, stuffed, with its final dot; top: lines of the body, or -1.
 */
bool maildrops_send(struct maildrops *drops, const struct entry *entry,
	struct wire *wire, long top);

#endif
