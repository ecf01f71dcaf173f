/* SPDX-License-Identifier: ISC */
/*
 * Parses an mbox: where each message begins and ends, and its text. Used by
 * everything that reads mboxes (recovery, the search for copies, verify). A
 * message begins with a line "From ..." at the start of the file or after an
 * empty line, and ends before the next one. The last empty line of its body is
 * the separator and does not belong to its text; so is the one at the end of
 * the file. In the text, a line that matches ^>+From_ loses one '>' (mboxrd).
 */
#ifndef CORE_MBOX_SCAN_H
#define CORE_MBOX_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer From_ lines are truncated to this, and their time is unknown. */
#define MBOX_FROM_KEPT 512

/* Called for each message in this order; text is called any number of times. */
struct mbox_events {
	/* at: offset of its From_ line, which is passed without its line
	 * end. */
	void (*begin)(void *data, uint64_t at, const char *from, size_t length);
	void (*text)(void *data, const char *bytes, size_t length);
	/* at: offset of the first byte after the message and its separator. */
	void (*end)(void *data, uint64_t at);
};

enum mbox_position {
	MBOX_LINE_START, /* while the line may still be empty or a From_ line */
	MBOX_IN_LINE,
	MBOX_IN_FROM, /* in a From_ line */
};

struct mbox_scan {
	const struct mbox_events *events; /* borrowed */
	void *data;			  /* borrowed; passed to the events */
	uint64_t at;			  /* offset of the next byte */
	enum mbox_position position;
	bool one; /* only one message's text: see mbox_scan_message */
	bool in_message;
	bool in_header;
	bool after_blank; /* the last line was empty */
	bool blank_held;  /* it may be the separator */
	bool quote_held;  /* a '>' that may have to be removed */
	unsigned matched; /* bytes of "From " held back */
	uint64_t began;	  /* offset of the current From_ line */
	size_t from_length;
	char from[MBOX_FROM_KEPT];
};

/*
 * Starts at the given offset, which is the start of an mbox or of a From_ line
 * in it. data is passed to the functions in events. Text before the first From_
 * line is skipped.
 */
void mbox_scan_init(struct mbox_scan *scan, const struct mbox_events *events,
	void *data, uint64_t at);

/*
 * Starts after the From_ line of a message of known length that keepmail wrote:
 * everything fed is its text, with the separator at its end. The events begin
 * and end are not called and may be NULL.
 */
void mbox_scan_message(
	struct mbox_scan *scan, const struct mbox_events *events, void *data);

/* Continues with a block of any size. */
void mbox_scan_feed(struct mbox_scan *scan, const char *bytes, size_t length);

/* Was the last byte fed a line end, or nothing fed yet? */
bool mbox_scan_is_between_lines(const struct mbox_scan *scan);

/* Ends the mbox or the message, and with it the last message. */
void mbox_scan_end(struct mbox_scan *scan);

/*
 * Returns how many line ends must be added to an mbox before a From_ line.
 * tail: its last length bytes, which are two, or the whole mbox.
 */
unsigned mbox_missing_blanks(const char *tail, size_t length);

#endif
