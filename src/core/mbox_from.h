/* SPDX-License-Identifier: ISC */
/* The line "From SENDER DATE" that stands in front of each message of an mbox.
 */
#ifndef CORE_MBOX_FROM_H
#define CORE_MBOX_FROM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Does this line begin with "From "? */
bool mbox_from_begins(const char *line, size_t length);

/*
 * Writes the From_ line of a message from sender ("" or one that is too long:
 * the customary MAILER-DAEMON), received now (seconds since 1970), without a
 * line end: in the form of asctime, in English and UTC whatever the locale.
 */
void mbox_from_make(char *line, size_t size, const char *sender, int64_t now);

/* The time in a From_ line as mbox_from_make writes it; 0: there is none. */
int64_t mbox_from_time(const char *line, size_t length);

/*
 * Looks for the From_ line of another program in text that is quoted as mboxrd:
 * "From " at the start of a line, blank line before it or not; and in the
 * middle of a line only if the day of the week follows the sender, since
 * another program may have appended its mail behind half a line. All zero is
 * the start of the search, in the middle of a line.
 */
struct mbox_from_search {
	bool found;	     /* the search is over */
	bool at_line_start;  /* the last byte was a line end */
	bool begins_line;    /* so was the one before what is matched */
	bool in_sender;	     /* behind "From " in a line */
	bool behind_sender;  /* at its day of the week, or blanks before it */
	unsigned matched;    /* bytes of "From " seen */
	unsigned day_length; /* bytes of a day's name seen */
	char day[3];
};

/* Reads on in blocks of any size; true once one was found. */
bool mbox_from_search(
	struct mbox_from_search *search, const char *bytes, size_t length);

#endif
