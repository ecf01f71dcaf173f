/* SPDX-License-Identifier: ISC */
/*
 * What commands print on standard output. Each event is reported once, with its
 * fields and its lines: JSON prints the fields, and text prints the lines.
 */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/uid.h"

/* The deepest nesting of objects and arrays. */
#define REPORT_DEPTH_MAX 4

struct report {
	const struct report_writer *writer;
	/* Used for JSON: */
	char closing[REPORT_DEPTH_MAX]; /* brackets of what is open */
	unsigned depth;
	bool follows; /* the innermost one has a value already */
};

struct report report_to(bool json);

/* For text that must be looked up, and that JSON does not have. */
bool report_is_json(const struct report *report);

/* Begins the object of an account. */
void report_begin(struct report *report, const char *account);

/* These begin a field, or, if name is NULL, an element of an array. */
void report_begin_object(struct report *report, const char *name);
void report_begin_array(struct report *report, const char *name);

/* Ends what was begun last. */
void report_end(struct report *report);

/*
 * Fields; if name is NULL, elements of an array. Text may have any bytes. These
 * are null: a text that is NULL, a time that is 0, and a size that is
 * MAILDROP_SIZE_UNKNOWN. Times are in seconds since 1970.
 */
void report_string(struct report *report, const char *name, const char *text);
void report_bytes(struct report *report, const char *name, const char *bytes,
	size_t length);
void report_number(struct report *report, const char *name, int64_t number);
void report_count(struct report *report, const char *name, uint64_t count);
void report_size(struct report *report, const char *name, uint64_t size);
void report_time(struct report *report, const char *name, int64_t seconds);
void report_flag(struct report *report, const char *name, bool flag);
void report_null(struct report *report, const char *name);

/* A field that is absent if the text is "". */
void report_optional(struct report *report, const char *name, const char *text);

/* The fields uid and ordinal. */
void report_uid(struct report *report, struct uid uid);

/*
 * A line of printable text, without its end. On a terminal it is wrapped, and
 * continuation lines are indented.
 */
void report_line(struct report *report, size_t indent, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Printable text as it is: lines that are not wrapped, or parts of one. */
void report_print(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Writes what is buffered, in either form. */
void report_flush(void);

/* Prints a message as it is. */
void report_message(const char *text, size_t length);

/* Returns false if anything could not be written so far. */
bool report_is_written(void);

#endif
