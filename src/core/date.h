/* SPDX-License-Identifier: ISC */
/* How old a message is, as its header has it. */
#ifndef CORE_DATE_H
#define CORE_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest date taken, with its comments. */
#define DATE_TEXT_MAX 200

/*
 * Parses a date and time of RFC 5322 section 3.3, with the obsolete years,
 * zones and blanks of section 4.3 and comments anywhere; without a zone it is
 * UTC. Seconds since 1970. False, *seconds unchanged, when it is none.
 */
bool date_parse(const char *text, size_t length, int64_t *seconds);

/* Looks for the dates in a message's header as it passes. */
struct date_scan {
	char name[12]; /* of the field that is read, lower case */
	size_t name_length;
	char text[DATE_TEXT_MAX]; /* its value; of Received behind the last ; */
	size_t length;		  /* may be more than there is room for */
	bool in_value;
	bool at_start; /* of a line */
	bool done;     /* the empty line was seen */
	bool has_received;
	bool has_date;
	int64_t received;
	int64_t date;
};

void date_scan_init(struct date_scan *scan);

/* Reads on in a message's text (LF line ends, any bytes, any pieces). */
void date_scan_feed(struct date_scan *scan, const char *text, size_t length);

/*
 * When the last server received it: the date of the first Received field that
 * has one, else the Date field's. False when there is none.
 */
bool date_scan_end(struct date_scan *scan, int64_t *seconds);

#endif
