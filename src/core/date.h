/* SPDX-License-Identifier: ISC */
/* The date of a message, according to its header. */
#ifndef CORE_DATE_H
#define CORE_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest date that is parsed, including its comments. */
#define DATE_TEXT_MAX 200

/*
 * Parses a date and time (RFC 5322 section 3.3) into seconds since 1970.
 * Accepts the obsolete years, zones and blanks of section 4.3, and comments
 * anywhere; without a zone it is UTC. False, *seconds unchanged, if text is not
 * a date.
 */
bool date_parse(const char *text, size_t length, int64_t *seconds);

/* Finds the dates in the header of a message that is read in pieces. */
struct date_scan {
	char name[12]; /* of the current field, in lower case */
	size_t name_length;
	char text[DATE_TEXT_MAX]; /* its value; of Received, after ; */
	size_t length; /* greater than sizeof text: the value is too long */
	bool in_value;
	bool at_start; /* of a line */
	bool done;     /* the empty line was seen */
	bool has_received;
	bool has_date;
	int64_t received;
	int64_t date;
};

void date_scan_init(struct date_scan *scan);

/* Reads the next piece of a message (LF line ends, any bytes, any size). */
void date_scan_feed(struct date_scan *scan, const char *text, size_t length);

/*
 * When the last server received the message: the date in the first Received
 * field that has one, or else in the Date field. False if there is neither.
 */
bool date_scan_end(struct date_scan *scan, int64_t *seconds);

#endif
