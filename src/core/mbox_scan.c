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

/* The current line is ordinary text, and so is what was held back of it. */
static void flush_held(struct mbox_scan *scan)
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
static void read_blank(struct mbox_scan *scan)
{
	if (scan->blank_held || scan->in_header || scan->one)
		emit(scan, "\n", 1);
	scan->blank_held = !scan->in_header && !scan->one;
	scan->in_header = false;
	scan->after_blank = true;
}

/* "From " has been read, possibly after '>'. at: offset of the next byte. */
static void end_from(struct mbox_scan *scan, uint64_t at)
{
	if (scan->quote_held) {
		scan->quote_held = false;
		flush_held(scan);
	} else if (scan->one || (scan->in_message && !scan->after_blank)) {
		flush_held(scan);
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
 * Reads the start of a line. As in mboxrd.c, only "From " and one '>' need to
 * be held back, since all '>' are alike.
 */
static const char *begin_line(
	struct mbox_scan *scan, const char *p, const char *end, uint64_t end_at)
{
	if (*p == from[scan->matched]) {
		p++;
		if (++scan->matched == FROM_LENGTH)
			end_from(scan, end_at - (uint64_t)(end - p));
	} else if (*p == '>' && scan->matched == 0) {
		if (scan->blank_held)
			emit(scan, "\n", 1);
		if (scan->quote_held)
			emit(scan, ">", 1);
		scan->blank_held = scan->after_blank = false;
		scan->quote_held = true;
		p++;
	} else if (*p == '\n' && scan->matched == 0 && !scan->quote_held) {
		read_blank(scan);
		p++;
	} else {
		flush_held(scan);
	}
	return p;
}

/*
 * After a line end: is the next line certainly ordinary text, as far as this
 * block shows? Within a message, "From " does not start a new one, since the
 * previous line is not empty; and an empty line counts only if it is not
 * followed by 'F'.
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

/* Passes on lines, as many at a time as are ordinary text. */
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

/* Reads the rest of a message's From_ line. */
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
		flush_held(scan);
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
