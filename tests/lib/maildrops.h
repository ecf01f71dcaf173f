/* SPDX-License-Identifier: ISC */
/* What the test server has in its mailbox: files of a folder, or made up. */
#ifndef TESTS_MAILDROPS_H
#define TESTS_MAILDROPS_H

#include <stdbool.h>
#include <stddef.h>

#include "wire.h"

#define MAILDROPS_UID_MAX 256

/* A file of the folder. */
struct entry {
	char *uid;
	char *path;
	size_t size; /* octets on the wire, unstuffed */
};

/* Octets that were made once, to be sent often. */
struct made {
	char *bytes;
	size_t length;
};

/* Never changed once it is open, so that sessions may share one. */
struct maildrops {
	size_t count;
	size_t octets; /* of all */
	bool twice;
	struct entry *entries; /* NULL: all are made up */
	/* The made-up ones are all the same, but for their numbers. */
	size_t size;
	struct made message; /* RETR's answer, from +OK to the dot */
	size_t head_at;	     /* where in it the message begins */
	size_t body_at;
	size_t numbers[2]; /* where its number stands in it */
	struct made uidl;  /* UIDL's whole answer */
	struct made list;
};

/*
 * Reads the folder (a message a file, LF or CRLF line ends, the uid is its
 * name), or makes up count messages of about size octets. twice: each uid
 * stands for two messages in a row.
 */
void maildrops_open(struct maildrops *drops, const char *folder, size_t count,
	size_t size, bool twice);

/*
 * Of a folder: leaves only the first so many messages that have no file of the
 * same name in the directory hidden.
 */
void maildrops_show(struct maildrops *drops, const char *hidden, size_t count);

void maildrops_close(struct maildrops *drops);

/* The uid of the message at a position (0 is the first): in room, or kept. */
const char *maildrops_uid(const struct maildrops *drops, size_t position,
	char room[MAILDROPS_UID_MAX]);

/* Its size in octets, as LIST tells it. */
size_t maildrops_size(const struct maildrops *drops, size_t position);

/*
 * Answers UIDL or LIST without an argument: +OK, all lines but those of what is
 * marked as deleted (NULL: nothing is), and the dot.
 */
bool maildrops_list(const struct maildrops *drops, const bool *deleted,
	bool uids, struct wire *wire);

/*
 * Answers RETR, or TOP with so many lines of the body (RETR: -1): the status
 * line and the message, stuffed, with its final dot.
 */
bool maildrops_send(const struct maildrops *drops, size_t position,
	struct wire *wire, long top);

#endif
