/* SPDX-License-Identifier: ISC */
/* JSON: the fields of what is reported, an object a line. */
#include <stdio.h>

#include "cli/json.h"
#include "cli/report_internal.h"

/* Prints what stands before a value. */
static void print_name(struct report *report, const char *name)
{
	if (report->follows)
		putchar(',');
	report->follows = true;
	if (name != NULL)
		printf("\"%s\":", name);
}

static void begin(struct report *report, const char *name, char bracket)
{
	print_name(report, name);
	putchar(bracket);
	report->closing[report->depth++] = bracket == '{' ? '}' : ']';
	report->follows = false;
}

static void end(struct report *report)
{
	putchar(report->closing[--report->depth]);
	report->follows = report->depth > 0;
	if (report->depth == 0)
		putchar('\n');
}

static void print_string(struct report *report, const char *name,
	const char *bytes, size_t length)
{
	print_name(report, name);
	json_string(bytes, length);
}

static void print_word(
	struct report *report, const char *name, const char *word)
{
	print_name(report, name);
	fputs(word, stdout);
}

const struct report_writer report_json = {
	.begin = begin,
	.end = end,
	.string = print_string,
	.word = print_word,
};
