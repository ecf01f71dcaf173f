/* SPDX-License-Identifier: ISC */
#include "core/mbox_scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tap.h"

/* The events, as "BEGIN[FROM]TEXT]END", one after another. */
struct told {
	size_t length;
	char text[800];
};

static void add(struct told *told, const char *bytes, size_t length)
{
	memcpy(told->text + told->length, bytes, length);
	told->length += length;
	told->text[told->length] = '\0';
}

static void on_begin(void *data, uint64_t at, const char *from, size_t length)
{
	char number[32];
	int n = snprintf(number, sizeof number, "%" PRIu64 "[", at);

	add(data, number, (size_t)n);
	add(data, from, length);
	add(data, "]", 1);
}

static void on_text(void *data, const char *bytes, size_t length)
{
	add(data, bytes, length);
}

static void on_end(void *data, uint64_t at)
{
	char number[32];
	int n = snprintf(number, sizeof number, "]%" PRIu64 " ", at);

	add(data, number, (size_t)n);
}

static const struct mbox_events events = {on_begin, on_text, on_end};

static const struct row {
	const char *sentence;
	const char *mbox;
	const char *told;
} rows[] = {
	{"an empty mbox has no message", "", ""},
	{"a message is what stands behind its From_ line",
		"From a\nA: b\n\nc\n", "0[From a]A: b\n\nc\n]15 "},
	{"the last empty line of a body is no part of it",
		"From a\nA: b\n\nc\n\n", "0[From a]A: b\n\nc\n]16 "},
	{"but the one before it is", "From a\nA: b\n\nc\n\n\n",
		"0[From a]A: b\n\nc\n\n]17 "},
	{"behind it, a From_ line begins the next",
		"From a\nA: b\n\nc\n\nFrom d\nE: f\n\n",
		"0[From a]A: b\n\nc\n]16 16[From d]E: f\n\n]29 "},
	{"behind an empty body, too", "From a\nA: b\n\nFrom d\n\ne",
		"0[From a]A: b\n\n]13 13[From d]\ne]22 "},
	{"and behind an empty body with a separator",
		"From a\nA: b\n\n\nFrom d\n\n",
		"0[From a]A: b\n\n]14 14[From d]\n]22 "},
	{"a header without a body ends with the file", "From a\nA: b",
		"0[From a]A: b]11 "},
	{"From_ behind a line of text is text", "From a\n\nb\nFrom c\n",
		"0[From a]\nb\nFrom c\n]17 "},
	{"so it is in a header", "From a\nFrom b\nFrom c\n\n",
		"0[From a]From b\nFrom c\n\n]22 "},
	{"a quoted From_ line has one quote less",
		"From a\n\n>From b\n>>From c\n>>>>From d\n",
		"0[From a]\nFrom b\n>From c\n>>>From d\n]36 "},
	{"behind an empty line, too", "From a\n\nb\n\n>From c\n\n",
		"0[From a]\nb\n\nFrom c\n]20 "},
	{"other quotes stay", "From a\n\n>\n>> b\n> From c\n>From\n>Fro",
		"0[From a]\n>\n>> b\n> From c\n>From\n>Fro]34 "},
	{"quotes stay behind an empty line", "From a\n\nb\n\n>>c\n\n>\n\n",
		"0[From a]\nb\n\n>>c\n\n>\n]19 "},
	{"a word that begins like From_ is text, behind an empty line, too",
		"From a\n\nFroma\n\nFrom\n\nF\n\nFrom",
		"0[From a]\nFroma\n\nFrom\n\nF\n\nFrom]28 "},
	{"of several empty lines the last one is the separator",
		"From a\n\nb\n\n\n\nFrom c\n\n",
		"0[From a]\nb\n\n\n]13 13[From c]\n]21 "},
	{"what stands before the first From_ line is passed over",
		"a\n\nb\n>From c\nFrom d\n\n", "13[From d]\n]21 "},
	{"a From_ line needs no end", "From a", "0[From a]]6 "},
	{"nor more than its blank", "From ", "0[From ]]5 "},
	{"without its blank it is none", "From", ""},
	{"two From_ lines are a message without a header and the start of one",
		"From a\n\nFrom b\n\n", "0[From a]\n]8 8[From b]\n]16 "},
};

static void feed(struct mbox_scan *scan, const char *text, size_t piece)
{
	size_t length = strlen(text);

	for (size_t at = 0; at < length; at += piece)
		mbox_scan_feed(scan, text + at,
			length - at < piece ? length - at : piece);
	mbox_scan_end(scan);
}

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];
		struct told told;
		struct mbox_scan scan;
		size_t piece = strlen(row->mbox) + 1;

		do {
			told = (struct told){.length = 0};
			mbox_scan_init(&scan, &events, &told, 0);
			feed(&scan, row->mbox, piece);
		} while (strcmp(told.text, row->told) == 0 && --piece > 0);
		same(told.text, row->told, "%s, cut in any pieces",
			row->sentence);
	}
}

static void test_others(void)
{
	struct told told = {.length = 0};
	struct mbox_scan scan;
	static const struct mbox_events text_alone = {.text = on_text};
	char line[2 * MBOX_FROM_KEPT];

	mbox_scan_init(&scan, &events, &told, 1000);
	feed(&scan, "From a\n\nb\n\nFrom c\n", 4);
	same(told.text, "1000[From a]\nb\n]1011 1011[From c]]1018 ",
		"it may begin at any From_ line, and offsets are the file's");
	told = (struct told){.length = 0};
	mbox_scan_message(&scan, &text_alone, &told);
	feed(&scan, "A: b\n\n>From c\n\nFrom d\n\n>\n\n", 3);
	same(told.text, "A: b\n\nFrom c\n\nFrom d\n\n>\n\n",
		"one message of known length is text up to its end");
	memset(line, 'x', sizeof line);
	memcpy(line, "From ", 5);
	line[sizeof line - 2] = '\n';
	line[sizeof line - 1] = '\0';
	told = (struct told){.length = 0};
	mbox_scan_init(&scan, &events, &told, 0);
	feed(&scan, line, 100);
	ok(told.length == MBOX_FROM_KEPT + 9 &&
			strstr(told.text, "x]]1023 ") != NULL,
		"a From_ line of any length is cut off, and passed");
}

static void test_between_lines(void)
{
	static const char *const texts[] = {"From a\nb\n", "From a\nb",
		"From a\n>", "From a\n\nFro", "From a\n\n", "From"};
	static const bool between[] = {true, false, false, false, true, false};
	bool right = true;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct told told = {.length = 0};
		struct mbox_scan scan;

		mbox_scan_init(&scan, &events, &told, 0);
		right = right && mbox_scan_is_between_lines(&scan);
		mbox_scan_feed(&scan, texts[i], strlen(texts[i]));
		right = right &&
			mbox_scan_is_between_lines(&scan) == between[i];
	}
	ok(right, "it knows whether a line is over");
}

static void test_blanks(void)
{
	ok(mbox_missing_blanks("", 0) == 0, "an empty mbox lacks no line end");
	ok(mbox_missing_blanks("\n\n", 2) == 0, "nor does one behind a blank");
	ok(mbox_missing_blanks("\n", 1) == 0, "nor one of a blank line alone");
	ok(mbox_missing_blanks("a\n", 2) == 1, "behind a line it lacks one");
	ok(mbox_missing_blanks("aa", 2) == 2 &&
			mbox_missing_blanks("\na", 2) == 2 &&
			mbox_missing_blanks("a", 1) == 2,
		"behind half a line it lacks two");
}

int main(void)
{
	test_rows();
	test_others();
	test_between_lines();
	test_blanks();
	return done();
}
