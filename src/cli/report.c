/* SPDX-License-Identifier: ISC */
#include "cli/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/report_internal.h"
#include "core/maildrop.h"

struct report report_to(bool json)
{
	return (struct report){.writer = json ? &report_json : &report_text};
}

bool report_is_json(const struct report *report)
{
	return report->writer == &report_json;
}

void report_begin(struct report *report, const char *account)
{
	report_begin_object(report, NULL);
	report_string(report, "account", account);
}

static void begin(struct report *report, const char *name, char bracket)
{
	if (report->writer->begin != NULL)
		report->writer->begin(report, name, bracket);
}

void report_begin_object(struct report *report, const char *name)
{
	begin(report, name, '{');
}

void report_begin_array(struct report *report, const char *name)
{
	begin(report, name, '[');
}

void report_end(struct report *report)
{
	if (report->writer->end != NULL)
		report->writer->end(report);
}

void report_string(struct report *report, const char *name, const char *text)
{
	if (text == NULL)
		report_null(report, name);
	else
		report_bytes(report, name, text, strlen(text));
}

void report_bytes(struct report *report, const char *name, const char *bytes,
	size_t length)
{
	if (report->writer->string != NULL)
		report->writer->string(report, name, bytes, length);
}

static void add_word(struct report *report, const char *name, const char *word)
{
	if (report->writer->word != NULL)
		report->writer->word(report, name, word);
}

void report_number(struct report *report, const char *name, int64_t number)
{
	char word[24];

	snprintf(word, sizeof word, "%" PRId64, number);
	add_word(report, name, word);
}

void report_count(struct report *report, const char *name, uint64_t count)
{
	char word[24];

	snprintf(word, sizeof word, "%" PRIu64, count);
	add_word(report, name, word);
}

void report_size(struct report *report, const char *name, uint64_t size)
{
	if (size == MAILDROP_SIZE_UNKNOWN)
		report_null(report, name);
	else
		report_count(report, name, size);
}

void report_time(struct report *report, const char *name, int64_t seconds)
{
	if (seconds == 0)
		report_null(report, name);
	else
		report_number(report, name, seconds);
}

void report_flag(struct report *report, const char *name, bool flag)
{
	add_word(report, name, flag ? "true" : "false");
}

void report_null(struct report *report, const char *name)
{
	add_word(report, name, "null");
}

void report_optional(struct report *report, const char *name, const char *text)
{
	if (text[0] != '\0')
		report_string(report, name, text);
}

void report_uid(struct report *report, struct uid uid)
{
	report_bytes(report, "uid", uid.bytes, uid.length);
	report_count(report, "ordinal", uid.ordinal);
}

void report_line(struct report *report, size_t indent, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (report->writer->line != NULL)
		report->writer->line(indent, format, args);
	va_end(args);
}

void report_print(struct report *report, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (report->writer->print != NULL)
		report->writer->print(format, args);
	va_end(args);
}

void report_message(const char *text, size_t length)
{
	fwrite(text, 1, length, stdout);
}

void report_flush(void)
{
	fflush(stdout);
}

bool report_is_written(void)
{
	return !ferror(stdout);
}
