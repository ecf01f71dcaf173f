/* SPDX-License-Identifier: ISC */
/* The mailbox of the test server: files of a folder, or synthetic messages. */
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
	size_t size; /* bytes on the wire, unstuffed */
};

/* Bytes that are made once and sent often. */
struct made {
	char *bytes;
	size_t length;
};

/* Not changed once it is open, so that sessions may share one. */
struct maildrops {
	size_t count;
	size_t octets; /* of all */
	bool twice;
	struct entry *entries; /* NULL: all are synthetic */
	/* Synthetic messages differ only by their numbers. */
	size_t size;
	struct made message; /* the answer to RETR, from +OK to the dot */
	size_t head_at;	     /* where the message begins in it */
	size_t body_at;
	size_t numbers[2]; /* where its number is in it */
	struct made uidl;  /* the complete answer to UIDL */
	struct made list;
};

/*
 * Reads the folder (one message per file, LF or CRLF line ends, the file's name
 * is the uid), or makes count messages of about size bytes. twice: each uid
 * stands for two consecutive messages.
 */
void maildrops_open(struct maildrops *drops, const char *folder, size_t count,
	size_t size, bool twice);

/*
 * Of a folder, keeps only the first count messages that have no file of the
 * same name in the directory hidden.
 */
void maildrops_show(struct maildrops *drops, const char *hidden, size_t count);

void maildrops_close(struct maildrops *drops);

/* The uid of the message at a position (from 0): in room, or owned by drops. */
const char *maildrops_uid(const struct maildrops *drops, size_t position,
	char room[MAILDROPS_UID_MAX]);

/* The size that LIST reports, in bytes. */
size_t maildrops_size(const struct maildrops *drops, size_t position);

/*
 * Answers UIDL or LIST without an argument: +OK, the lines of all messages
 * except those marked as deleted (NULL: none), and the dot.
 */
bool maildrops_list(const struct maildrops *drops, const bool *deleted,
	bool uids, struct wire *wire);

/*
 * Answers RETR, or TOP with this many lines of the body (RETR: -1): the status
 * line and the message, stuffed, with the final dot.
 */
bool maildrops_send(const struct maildrops *drops, size_t position,
	struct wire *wire, long top);

#endif
