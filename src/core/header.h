/* SPDX-License-Identifier: ISC */
/* The few header fields that matter, picked out of a message as it passes. */
#ifndef CORE_HEADER_H
#define CORE_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/letter.h"

#define HEADER_FIELD_MAX 512
/* So much of each goes to field. */
#define HEADER_FIELD_LONG 4096

struct header {
	char message_id[LETTER_ID_MAX];	 /* with its <>, printable, or "" */
	char return_path[LETTER_ID_MAX]; /* without <>, "" for none or <> */
	size_t length;			 /* of the field being read */
	uint64_t octets; /* of the header so far, with the empty line behind */
	bool at_end_of_line; /* its next line may go on with a blank */
	bool returned;	     /* return_path was seen, <> or not */
	bool done;	     /* the empty line was seen */
	/* Where the fields go that servers do not rewrite; may be NULL. */
	void (*identity)(void *data, const char *bytes, size_t length);
	bool has_id; /* a Message-ID went there */
	bool has_date;
	bool has_received;
	/* Where each field goes, with its name; may be NULL. */
	void (*each)(void *data, const char *field, size_t length);
	void *data; /* borrowed; of both */
	/* The field being read, unfolded. Last, since it is not initialised. */
	char field[HEADER_FIELD_LONG];
};

void header_init(struct header *header);

/*
 * Reads on in a message's text (LF line ends, any bytes, pieces of any size).
 * The first Message-ID and Return-Path count; a value that is too long, or
 * holds blanks or bytes outside printable ASCII, is left out.
 *
 * To identity (set after header_init) go the fields by which a message is known
 * again on another server or under another uid: Message-ID, Date, From, To, Cc,
 * Subject and Received, unfolded, without blanks at their ends, cut at
 * HEADER_FIELD_MAX, each ended by LF.
 *
 * To each (set after header_init) goes every field as a line without LF,
 * unfolded, cut at HEADER_FIELD_LONG.
 */
void header_feed(struct header *header, const char *text, size_t length);

/*
 * Did enough go to identity to tell this message from others? A Message-ID, or
 * what says when and by which way it came: what a machine sends each night has
 * the same From, To and Subject.
 */
bool header_is_identity(const struct header *header);

/* The message, or its header, is over: a last line may have no empty one behind
 * it. */
void header_end(struct header *header);

#endif
