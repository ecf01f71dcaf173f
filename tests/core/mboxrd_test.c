/* SPDX-License-Identifier: ISC */
#include "core/mboxrd.h"

#include <stdint.h>
#include <string.h>

#include "core/mbox_scan.h"
#include "tap.h"

static size_t give(struct buffer *buffer, char *out)
{
	size_t n = buffer_length(buffer);

	if (n > 0)
		memcpy(out, buffer_bytes(buffer), n);
	out[n] = '\0';
	buffer_release(buffer);
	return n;
}

static size_t quote(const char *text, size_t length, size_t piece, char *out)
{
	struct mboxrd mboxrd = {.matched = 0};
	struct buffer buffer;

	buffer_init(&buffer, 4096);
	for (size_t at = 0; at < length; at += piece)
		mboxrd_quote(&mboxrd, text + at,
			length - at < piece ? length - at : piece, &buffer);
	mboxrd_quote_end(&mboxrd, &buffer);
	return give(&buffer, out);
}

static void take(void *data, const char *bytes, size_t length)
{
	buffer_append(data, bytes, length);
}

static size_t unquote(const char *text, size_t length, size_t piece, char *out)
{
	static const struct mbox_events events = {.text = take};
	struct mbox_scan scan;
	struct buffer buffer;

	buffer_init(&buffer, 4096);
	mbox_scan_message(&scan, &events, &buffer);
	for (size_t at = 0; at < length; at += piece)
		mbox_scan_feed(&scan, text + at,
			length - at < piece ? length - at : piece);
	mbox_scan_end(&scan);
	return give(&buffer, out);
}

static const struct row {
	const char *sentence;
	const char *text;
	const char *quoted;
} rows[] = {
	{"a From_ line is quoted", "From me\n", ">From me\n"},
	{"a From_ line in a later line is quoted", "a\nFrom me\n",
		"a\n>From me\n"},
	{"a quoted From_ line is quoted again", ">From me\n", ">>From me\n"},
	{"a From_ line quoted several times is quoted again", ">>>From me\n",
		">>>>From me\n"},
	{"From within a line is not quoted", "a From b\n", "a From b\n"},
	{"From without a space is not quoted", "From\nFrom", "From\nFrom"},
	{"a longer word is not quoted", "Fromage\n", "Fromage\n"},
	{"From after a space is not quoted", " From x\n", " From x\n"},
	{"From after a quote and a space is not quoted", "> From x\n",
		"> From x\n"},
	{"From and a blank alone are", "From ", ">From "},
	{"quotes without From are not quoted", ">>>\n>\n>>Fro\n",
		">>>\n>\n>>Fro\n"},
	{"an empty text stays empty", "", ""},
};

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];
		size_t length = strlen(row->text);
		size_t quoted = strlen(row->quoted);
		bool right = true;
		char out[200];

		for (size_t piece = 1; piece <= quoted + 1; piece++) {
			quote(row->text, length, piece, out);
			right = right && strcmp(out, row->quoted) == 0;
			unquote(row->quoted, quoted, piece, out);
			right = right && strcmp(out, row->text) == 0;
		}
		ok(right, "%s, there and back, cut in any pieces",
			row->sentence);
	}
}

/* Every text over a small alphabet: unquote(quote(text)) is text. */
static void test_round_trip(void)
{
	static const char *const pieces[] = {
		">", "From ", "From", "\n", "x", "F", " "};
	size_t wrong = 0;

	for (unsigned code = 0; code < 7 * 7 * 7 * 7 * 7; code++) {
		char text[64] = "";
		char quoted[128];
		char back[128];

		for (unsigned rest = code, i = 0; i < 5; i++, rest /= 7)
			strcat(text, pieces[rest % 7]);
		size_t n = quote(text, strlen(text), 3, quoted);

		unquote(quoted, n, 2, back);
		wrong += strcmp(text, back) != 0;
		wrong += strncmp(quoted, "From ", 5) == 0;
		wrong += strstr(quoted, "\nFrom ") != NULL;
	}
	ok(wrong == 0, "16,807 texts come back, and none holds a From_ line");
}

static void test_full(void)
{
	struct mboxrd mboxrd = {.matched = 0};
	struct buffer small;

	buffer_init(&small, 3);
	ok(!mboxrd_quote(&mboxrd, "abcdef", 6, &small),
		"a full buffer is reported");
	mboxrd = (struct mboxrd){.matched = 0};
	ok(!mboxrd_quote(&mboxrd, "From x", 6, &small),
		"a full buffer is reported in a From_ line");
	mboxrd = (struct mboxrd){.matched = 0};
	ok(!mboxrd_quote(&mboxrd, ">>>>>", 5, &small),
		"a full buffer is reported in quotes");
	mboxrd = (struct mboxrd){.matched = 0};
	buffer_consume(&small, buffer_length(&small));
	ok(!mboxrd_quote(&mboxrd, "FromX", 5, &small),
		"a full buffer is reported for text that was held back");
	buffer_release(&small);
}

int main(void)
{
	test_rows();
	test_round_trip();
	test_full();
	return done();
}
