/* SPDX-License-Identifier: ISC */
/* The line "From SENDER DATE" (From_ line) before each message in an mbox. */
#ifndef CORE_MBOX_FROM_H
#define CORE_MBOX_FROM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Does this line begin with "From "? */
bool mbox_from_begins(const char *line, size_t length);

/*
 * Formats the From_ line of a message, without a line end. sender: "" or one
 * that is too long becomes MAILER-DAEMON, as is customary. now: seconds since
 * 1970, when it was received. The date is in the form of asctime, in English
 * and UTC, independent of the locale.
 */
void mbox_from_make(char *line, size_t size, const char *sender, int64_t now);

/*
 * Returns the time in a From_ line as mbox_from_make writes it; 0 if there is
 * none.
 */
int64_t mbox_from_time(const char *line, size_t length);

/*
 * Searches text quoted as mboxrd for a From_ line written by another program:
 * "From " at the start of a line, with or without an empty line before it, or
 * in the middle of a line if the sender is followed by a weekday (since another
 * program may have appended its mail after an incomplete line). Initialise it
 * to zero to start in the middle of a line.
 */
struct mbox_from_search {
	bool found;	     /* the search has ended */
	bool at_line_start;  /* the last byte was a line end */
	bool begins_line;    /* so was the byte before the matched ones */
	bool in_sender;	     /* after "From " in a line */
	bool behind_sender;  /* at the weekday, or spaces before it */
	unsigned matched;    /* bytes of "From " matched */
	unsigned day_length; /* bytes of day filled */
	char day[3];
};

/* Continues the search with a block of any size; true once a line is found. */
bool mbox_from_search(
	struct mbox_from_search *search, const char *bytes, size_t length);

#endif
