/* SPDX-License-Identifier: ISC */
#include "core/mbox_scan.h"

#include <string.h>

static const char from[] = "From ";
#define FROM_LENGTH (sizeof from - 1)

void mbox_scan_init(struct mbox_scan *scan, const struct mbox_events *events,
	void *data, uint64_t at)
{
	scan->events = events;
	scan->data = data;
	scan->at = at;
	scan->position = MBOX_LINE_START;
	scan->one = scan->in_message = scan->in_header = false;
	scan->after_blank = scan->blank_held = scan->quote_held = false;
	scan->matched = 0;
	scan->from_length = 0;
	scan->began = 0;
}

void mbox_scan_message(
	struct mbox_scan *scan, const struct mbox_events *events, void *data)
{
	mbox_scan_init(scan, events, data, 0);
	scan->one = scan->in_message = true;
}

static void emit(struct mbox_scan *scan, const char *bytes, size_t length)
{
	if (scan->in_message && length > 0)
		scan->events->text(scan->data, bytes, length);
}

/* The line that is read is a line of text: what was held back is, too. */
static void let_go(struct mbox_scan *scan)
{
	if (scan->blank_held)
		emit(scan, "\n", 1);
	if (scan->quote_held)
		emit(scan, ">", 1);
	emit(scan, from, scan->matched);
	scan->blank_held = scan->quote_held = scan->after_blank = false;
	scan->matched = 0;
	scan->position = MBOX_IN_LINE;
}

/* An empty line; the last one of a body is the separator. */
static void take_blank(struct mbox_scan *scan)
{
	if (scan->blank_held || scan->in_header || scan->one)
		emit(scan, "\n", 1);
	scan->blank_held = !scan->in_header && !scan->one;
	scan->in_header = false;
	scan->after_blank = true;
}

/* "From " was read, behind '>' or not; at: the offset behind it. */
static void take_from(struct mbox_scan *scan, uint64_t at)
{
	if (scan->quote_held) {
		scan->quote_held = false;
		let_go(scan);
	} else if (scan->one || (scan->in_message && !scan->after_blank)) {
		let_go(scan);
	} else {
		if (scan->in_message)
			scan->events->end(scan->data, at - FROM_LENGTH);
		scan->in_message = scan->blank_held = false;
		scan->began = at - FROM_LENGTH;
		scan->matched = 0;
		memcpy(scan->from, from, FROM_LENGTH);
		scan->from_length = FROM_LENGTH;
		scan->position = MBOX_IN_FROM;
	}
}

/*
 * Reads on at the start of a line. As in mboxrd.c, only "From " is ever waited
 * for, and one '>': all are alike.
 */
static const char *begin_line(
	struct mbox_scan *scan, const char *p, const char *end, uint64_t end_at)
{
	if (*p == from[scan->matched]) {
		p++;
		if (++scan->matched == FROM_LENGTH)
			take_from(scan, end_at - (uint64_t)(end - p));
	} else if (*p == '>' && scan->matched == 0) {
		if (scan->blank_held)
			emit(scan, "\n", 1);
		if (scan->quote_held)
			emit(scan, ">", 1);
		scan->blank_held = scan->after_blank = false;
		scan->quote_held = true;
		p++;
	} else if (*p == '\n' && scan->matched == 0 && !scan->quote_held) {
		take_blank(scan);
		p++;
	} else {
		let_go(scan);
	}
	return p;
}

/*
 * Is this, behind a line end, the start of a line that is text as it stands, as
 * far as the block tells? Of a message, it is no From_ line, since the line
 * before it is not empty, or known not to be followed by one.
 */
static bool is_plain(
	const struct mbox_scan *scan, const char *p, const char *end)
{
	if (*p == '\n')
		return !scan->in_header && end - p > 1 && p[1] != 'F';
	if (*p == 'F')
		return scan->in_message;
	if (*p != '>')
		return true;
	while (p < end && *p == '>')
		p++;
	return p < end && *p != 'F';
}

/* Passes lines on, as many in one piece as are text as they stand. */
static const char *pass_lines(
	struct mbox_scan *scan, const char *p, const char *end)
{
	const char *run = p;

	do {
		const char *lf = memchr(p, '\n', (size_t)(end - p));

		p = lf == NULL ? end : lf + 1;
		scan->position = lf == NULL ? MBOX_IN_LINE : MBOX_LINE_START;
	} while (p < end && is_plain(scan, p, end));
	emit(scan, run, (size_t)(p - run));
	return p;
}

static void begin_message(struct mbox_scan *scan)
{
	scan->in_message = scan->in_header = true;
	scan->after_blank = scan->blank_held = false;
	scan->position = MBOX_LINE_START;
	scan->events->begin(
		scan->data, scan->began, scan->from, scan->from_length);
}

/* Reads on in the From_ line of a message. */
static const char *read_from(
	struct mbox_scan *scan, const char *p, const char *end)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));
	size_t n = (size_t)((lf == NULL ? end : lf) - p);
	size_t room = sizeof scan->from - scan->from_length;
	size_t kept = n < room ? n : room;

	memcpy(scan->from + scan->from_length, p, kept);
	scan->from_length += kept;
	if (lf != NULL)
		begin_message(scan);
	return lf == NULL ? end : lf + 1;
}

void mbox_scan_feed(struct mbox_scan *scan, const char *bytes, size_t length)
{
	const char *p = bytes;
	const char *end = bytes + length;
	uint64_t end_at = scan->at + length;

	while (p < end) {
		switch (scan->position) {
		case MBOX_LINE_START:
			p = begin_line(scan, p, end, end_at);
			break;
		case MBOX_IN_LINE:
			p = pass_lines(scan, p, end);
			break;
		case MBOX_IN_FROM:
			p = read_from(scan, p, end);
			break;
		}
	}
	scan->at = end_at;
}

bool mbox_scan_is_between_lines(const struct mbox_scan *scan)
{
	return scan->position == MBOX_LINE_START && scan->matched == 0 &&
		!scan->quote_held;
}

void mbox_scan_end(struct mbox_scan *scan)
{
	if (scan->position == MBOX_IN_FROM)
		begin_message(scan);
	if (!mbox_scan_is_between_lines(scan))
		let_go(scan);
	if (scan->in_message && !scan->one)
		scan->events->end(scan->data, scan->at);
	scan->in_message = false;
}

unsigned mbox_missing_blanks(const char *tail, size_t length)
{
	if (length == 0)
		return 0;
	if (tail[length - 1] != '\n')
		return 2;
	return length > 1 && tail[length - 2] != '\n';
}
