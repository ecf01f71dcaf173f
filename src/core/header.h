/* SPDX-License-Identifier: ISC */
/* Reads header fields from a message that arrives in pieces. */
#ifndef CORE_HEADER_H
#define CORE_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/letter.h"

/* How much of a field is read; and how much with a callback each. */
#define HEADER_FIELD_MAX 512
#define HEADER_FIELD_LONG 4096

struct header {
	char message_id[LETTER_ID_MAX];	 /* with its <>, printable, or "" */
	char return_path[LETTER_ID_MAX]; /* without <>, "" for none or <> */
	size_t length;			 /* of the field being read */
	uint64_t octets;     /* size of the header so far, and the empty line */
	bool at_end_of_line; /* the next line may continue the field */
	bool returned;	     /* a Return-Path was seen, be it <> */
	bool done;	     /* the empty line was seen */
	/* Called with each field that servers do not rewrite; may be NULL. */
	void (*identity)(void *data, const char *bytes, size_t length);
	bool has_id; /* a Message-ID was passed to identity; and so on */
	bool has_date;
	bool has_received;
	/* Called with each field, including its name; may be NULL. */
	void (*each)(void *data, const char *field, size_t length);
	void *data; /* borrowed; for both callbacks */
	/* The field being read, unfolded. Last, as it is not initialised. */
	char field[HEADER_FIELD_LONG];
};

void header_init(struct header *header);

/*
 * Reads the next piece of a message (LF line ends, any bytes, any size). The
 * first Message-ID and Return-Path count; a value that is too long, or contains
 * blanks or anything but printable ASCII, is ignored.
 *
 * The callback identity (to be set after header_init) gets the fields by which
 * a message is recognised on another server or under another uid: Message-ID,
 * Date, From, To, Cc, Subject and Received, unfolded, without trailing blanks,
 * truncated to HEADER_FIELD_MAX, each followed by LF.
 *
 * The callback each (to be set after header_init) gets every field, unfolded,
 * without LF, truncated to HEADER_FIELD_LONG.
 */
void header_feed(struct header *header, const char *text, size_t length);

/*
 * Do the fields passed to identity distinguish this message from others? That
 * takes a Message-ID, or both Date and Received: reports that a machine sends
 * every night have the same From, To and Subject.
 */
bool header_is_identity(const struct header *header);

/* Ends the message, or its header, which may lack the empty line. */
void header_end(struct header *header);

#endif
