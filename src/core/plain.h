/* SPDX-License-Identifier: ISC */
/* A message without the header fields that mail readers add to their copies. */
#ifndef CORE_PLAIN_H
#define CORE_PLAIN_H

#include <stdbool.h>
#include <stddef.h>

/* Longest name of such a field, with its colon. */
#define PLAIN_NAME_MAX 20

/*
 * Does line begin with the name of a field that mail readers add for their own
 * use (Status, X-Keywords, Content-Length, Lines, X-TUID...)? Its first
 * PLAIN_NAME_MAX bytes suffice.
 */
bool plain_is_added(const char *line, size_t length);

struct plain {
	void (*out)(void *data, const char *bytes, size_t length);
	void *data;    /* borrowed */
	bool in_body;  /* the empty line was seen: everything is passed on */
	bool in_line;  /* it is known whether the line is left out */
	bool left_out; /* the current field is */
	size_t length; /* of beginning */
	char beginning[PLAIN_NAME_MAX];
};

/* out is called, with data, for each piece of what remains. */
void plain_init(struct plain *plain,
	void (*out)(void *data, const char *bytes, size_t length), void *data);

/* Reads the next piece of a message (LF line ends, any bytes, any size). */
void plain_feed(struct plain *plain, const char *bytes, size_t length);

/* Ends the message, whose last line may lack its LF. */
void plain_end(struct plain *plain);

#endif
