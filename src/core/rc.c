/* SPDX-License-Identifier: ISC */
#include "core/rc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rc_internal.h"
#include "core/xalloc.h"

static void add(struct rc *rc, struct rc_place place, const char *format,
	va_list args) __attribute__((format(printf, 3, 0)));

static void add(
	struct rc *rc, struct rc_place place, const char *format, va_list args)
{
	char text[1024];

	vsnprintf(text, sizeof text, format, args);
	rc->mistakes = xreallocarray(
		rc->mistakes, rc->mistake_count + 1, sizeof rc->mistakes[0]);
	rc->mistakes[rc->mistake_count++] =
		(struct rc_mistake){place, xstrdup(text)};
}

void rc_add_mistake(
	struct rc *rc, struct rc_place place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(rc, place, format, args);
	va_end(args);
}

void rc_mistake(struct rc_reader *r, const char *at, const char *format, ...)
{
	va_list args;

	if (r->suppressed)
		return;
	r->mistaken = true;
	va_start(args, format);
	add(r->rc, rc_place_of(r, at), format, args);
	va_end(args);
}

struct rc_place rc_place_of(const struct rc_reader *r, const char *at)
{
	struct rc_place place = {.line = r->line, .column = 1};

	for (const char *p = r->begin; p < at; p++)
		place.column += ((unsigned char)*p & 0xc0) != 0x80;
	return place;
}

void rc_add_statement(struct rc_reader *r, enum rc_kind kind,
	struct rc_place place, char *name, char *value)
{
	struct rc *rc = r->rc;

	rc->statements = xreallocarray(
		rc->statements, rc->count + 1, sizeof rc->statements[0]);
	rc->statements[rc->count++] = (struct rc_statement){
		.kind = kind, .place = place, .name = name, .value = value};
}

static int compare_places(struct rc_place a, struct rc_place b)
{
	if (a.line != b.line)
		return a.line < b.line ? -1 : 1;
	return a.column < b.column ? -1 : a.column > b.column;
}

static int compare_mistakes(const void *left, const void *right)
{
	const struct rc_mistake *a = left;
	const struct rc_mistake *b = right;
	int order = compare_places(a->place, b->place);

	return order != 0 ? order : strcmp(a->text, b->text);
}

/* Sets doubtful in rc, and in its accounts, where there are mistakes. */
static void mark_doubtful(struct rc *rc)
{
	size_t m = 0;

	for (size_t i = 0; i < rc->count; i++) {
		struct rc_statement *begin = &rc->statements[i];

		if (begin->kind != RC_ACCOUNT)
			continue;
		while (rc->statements[i].kind != RC_END)
			i++;
		size_t last = rc->statements[i].place.line;

		for (; m < rc->mistake_count; m++) {
			size_t line = rc->mistakes[m].place.line;

			if (line > last)
				break;
			if (line < begin->place.line)
				rc->doubtful = true;
			else
				begin->doubtful = true;
		}
	}
	if (m < rc->mistake_count)
		rc->doubtful = true;
}

void rc_settle(struct rc *rc)
{
	rc->believed = rc->count;
	if (rc->mistake_count == 0)
		return;
	qsort(rc->mistakes, rc->mistake_count, sizeof rc->mistakes[0],
		compare_mistakes);
	while (rc->believed > 0 &&
		rc->statements[rc->believed - 1].place.line >=
			rc->mistakes[0].place.line)
		rc->believed--;
	mark_doubtful(rc);
}

/* Reports one for each line, since a file may consist of them. */
static void find_control(struct rc_reader *r)
{
	for (const char *p = r->begin; p < r->stop; p++) {
		unsigned char c = (unsigned char)*p;

		if ((c >= ' ' && c != 0x7f) || c == '\t')
			continue;
		rc_mistake(r, p,
			c == '\0' ? "there is a NUL byte, and the file may be "
				    "damaged: remove it"
				: c == '\r'
				? "there is a carriage return within the line: "
				  "remove it"
				: "there is a control character (0x%02x): "
				  "remove it",
			c);
		r->suppressed = true;
		return;
	}
}

static void begin_line(struct rc_reader *r)
{
	const char *newline = memchr(r->next, '\n', (size_t)(r->end - r->next));

	r->begin = r->next;
	r->at = r->begin;
	r->stop = newline == NULL ? r->end : newline;
	r->next = newline == NULL ? r->end : newline + 1;
	if (r->stop > r->begin && r->stop[-1] == '\r')
		r->stop--;
	r->line++;
	r->account.begins_here = false;
	r->suppressed = false;
	r->must_end = NULL;
	r->was_quoted = false;
	r->hidden = r->hidden && r->mistaken;
	r->mistaken = false;
	find_control(r);
}

/* Reports what is still open at the end of the file. */
static void end_text(struct rc_reader *r)
{
	if (r->comment.line > 0)
		rc_add_mistake(r->rc, r->comment,
			"the comment that begins here is not closed: add */ "
			"at its end");
	else if (r->account.place.line > 0 && !r->account.reported &&
		!r->account.end_unclear)
		rc_add_mistake(r->rc, r->account.place,
			"the { on this line has no closing }: the file may be "
			"cut off");
	if (r->account.place.line > 0)
		rc_add_statement(
			r, RC_END, rc_place_of(r, r->stop), NULL, NULL);
	/* It is then unknown which settings belong to which account. */
	if (r->comment.line > 0 || r->account.end_unclear)
		r->rc->doubtful = true;
}

bool rc_parse(struct rc *rc, const char *text, size_t length,
	const char *(*variable)(const char *name))
{
	struct rc_reader reader = {.rc = rc, .variable = variable};

	*rc = (struct rc){.count = 0};
	if (length == 0)
		return true;
	if (length >= 2 &&
		(memcmp(text, "\xff\xfe", 2) == 0 ||
			memcmp(text, "\xfe\xff", 2) == 0)) {
		rc_add_mistake(rc, (struct rc_place){1, 1},
			"the file is in UTF-16: save it as UTF-8");
		rc_settle(rc);
		return false;
	}
	reader.end = text + length;
	reader.next = text;
	/* A byte order mark. */
	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		reader.next += 3;
	reader.stop = reader.begin = reader.next;
	while (reader.next < reader.end) {
		begin_line(&reader);
		rc_read_line(&reader);
	}
	end_text(&reader);
	rc_settle(rc);
	return rc->mistake_count == 0;
}

void rc_release(struct rc *rc)
{
	for (size_t i = 0; i < rc->count; i++) {
		rc_wipe(rc->statements[i].name);
		rc_wipe(rc->statements[i].value);
	}
	for (size_t i = 0; i < rc->mistake_count; i++)
		free(rc->mistakes[i].text);
	free(rc->statements);
	free(rc->mistakes);
	*rc = (struct rc){.count = 0};
}
