/* SPDX-License-Identifier: ISC */
/* What a form of output does with what is reported; a file for each form. */
#ifndef CLI_REPORT_INTERNAL_H
#define CLI_REPORT_INTERNAL_H

#include <stdarg.h>

#include "cli/report.h"

/* What is NULL has no place in this form. */
struct report_writer {
	/* bracket: '{' or '['. name: NULL in an array, and for the outermost
	 * object. */
	void (*begin)(struct report *report, const char *name, char bracket);
	void (*end)(struct report *report);
	void (*string)(struct report *report, const char *name,
		const char *bytes, size_t length);
	/* A number, true, false or null. */
	void (*word)(struct report *report, const char *name, const char *word);
	void (*line)(size_t indent, const char *format, va_list args);
	void (*print)(const char *format, va_list args);
};

extern const struct report_writer report_text;
extern const struct report_writer report_json;

#endif
