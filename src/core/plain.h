/* SPDX-License-Identifier: ISC */
/* A message without the header fields that mail readers add to their copies. */
#ifndef CORE_PLAIN_H
#define CORE_PLAIN_H

#include <stdbool.h>
#include <stddef.h>

/* Longest name of such a field, with its colon. */
#define PLAIN_NAME_MAX 20

/*
 * Is this the beginning of a field that mail readers write for themselves
 * (Status, X-Keywords, Content-Length, Lines, X-TUID...)? Of a line that is cut
 * off at PLAIN_NAME_MAX it can still be told.
 */
bool plain_is_added(const char *line, size_t length);

struct plain {
	void (*out)(void *data, const char *bytes, size_t length);
	void *data;    /* borrowed */
	bool in_body;  /* the empty line was seen: all is passed on */
	bool in_line;  /* the line's beginning was judged */
	bool left_out; /* the field that is read */
	size_t length; /* of the beginning of the line */
	char beginning[PLAIN_NAME_MAX];
};

/* Passes what remains to out, which is called with data. */
void plain_init(struct plain *plain,
	void (*out)(void *data, const char *bytes, size_t length), void *data);

/* Reads on in a message (LF line ends, any bytes, pieces of any size). */
void plain_feed(struct plain *plain, const char *bytes, size_t length);

/* The message is over: its last line may have no end. */
void plain_end(struct plain *plain);

#endif
