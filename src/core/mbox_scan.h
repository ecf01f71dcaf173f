/* SPDX-License-Identifier: ISC */
/*
 * Reads an mbox: where each message begins and ends, and its text. All that
 * reads mboxes (recovery, the search for copies, verify) reads them with this.
 *
 * A message begins with a line "From ..." at the start of the file or behind an
 * empty line, and ends in front of the next one. The last empty line of its
 * body is the separator, and no part of its text; so is the one at the end of
 * the file. In its text, a line ^>+From_ has one '>' less (mboxrd).
 */
#ifndef CORE_MBOX_SCAN_H
#define CORE_MBOX_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A longer From_ line is cut off here, and has no time. */
#define MBOX_FROM_KEPT 512

/* What is told of each message, in this order; text any number of times. */
struct mbox_events {
	/* at: the offset of its From_ line, which is given without its end. */
	void (*begin)(void *data, uint64_t at, const char *from, size_t length);
	void (*text)(void *data, const char *bytes, size_t length);
	/* at: the offset of the byte behind it and its separator. */
	void (*end)(void *data, uint64_t at);
};

enum mbox_position {
	MBOX_LINE_START, /* as long as it may be a From_ line or an empty one */
	MBOX_IN_LINE,
	MBOX_IN_FROM, /* in the From_ line of a message */
};

struct mbox_scan {
	const struct mbox_events *events; /* borrowed */
	void *data;			  /* borrowed; of the events */
	uint64_t at;			  /* the offset of the next byte */
	enum mbox_position position;
	bool one; /* the text of one message: see mbox_scan_message */
	bool in_message;
	bool in_header;
	bool after_blank; /* the last line was empty */
	bool blank_held;  /* and may be the separator */
	bool quote_held;  /* a '>' that may have to go */
	unsigned matched; /* bytes of "From " held back */
	uint64_t began;	  /* the offset of the From_ line that is read */
	size_t from_length;
	char from[MBOX_FROM_KEPT];
};

/*
 * Begins at the start of an mbox, or at a From_ line in it, at this offset. The
 * events' functions are called with data. What stands before the first From_
 * line is passed over.
 */
void mbox_scan_init(struct mbox_scan *scan, const struct mbox_events *events,
	void *data, uint64_t at);

/*
 * Begins behind the From_ line of a message of known length that keepmail
 * wrote: whatever is fed is its text, with the separator at its end; begin and
 * end are not called, and may be NULL.
 */
void mbox_scan_message(
	struct mbox_scan *scan, const struct mbox_events *events, void *data);

/* Reads on, in blocks of any size. */
void mbox_scan_feed(struct mbox_scan *scan, const char *bytes, size_t length);

/* Was the last byte fed a line's end, or nothing fed at all? */
bool mbox_scan_is_between_lines(const struct mbox_scan *scan);

/* The mbox, or the message, is over: the last message ends here. */
void mbox_scan_end(struct mbox_scan *scan);

/*
 * How many line ends are missing at the end of an mbox before a From_ line may
 * follow? tail: its last length bytes: two, or all of them.
 */
unsigned mbox_missing_blanks(const char *tail, size_t length);

#endif
