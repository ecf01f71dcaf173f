/* SPDX-License-Identifier: ISC */
#include "core/width.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"

static const struct row {
	const char *sentence;
	const char *text;
	size_t columns;
	const char *behind; /* cut there */
	const char *middle; /* cut there */
} rows[] = {
	{"what fits is not cut", "abcdefghij", 10, "abcdefghij", "abcdefghij"},
	{"what does not is", "abcdefghijk", 10, "abcdefg...", "abc...hijk"},
	{"an uneven rest goes to the end", "abcdefghijk", 9, "abcdef...",
		"abc...ijk"},
	{"letters beyond ASCII are one wide", "\xc3\xa4\xc3\xb6\xc3\xbc", 3,
		"\xc3\xa4\xc3\xb6\xc3\xbc", "\xc3\xa4\xc3\xb6\xc3\xbc"},
	{"marks stand upon a letter",
		"e\xcc\x81"
		"abcdefghi",
		8,
		"e\xcc\x81"
		"abcd...",
		"e\xcc\x81"
		"a...ghi"},
	{"ideographs are two wide", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 6,
		"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
		"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"},
	{"and are not halved",
		"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5", 6,
		"\xe6\x97\xa5...", "...\xe6\x97\xa5"},
	{"where there is no room for dots there are none", "abcdefgh", 5,
		"abcde", "abcde"},
	{"nor for anything", "abc", 0, "", ""},
	{"nothing fits everywhere", "", 0, "", ""},
};

int main(void)
{
	char text[64];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];

		snprintf(text, sizeof text, "%s", row->text);
		same(width_cut(text, row->columns), row->behind, "%s",
			row->sentence);
		ok(width_text(text) <= row->columns, "and is narrow enough");
		snprintf(text, sizeof text, "%s", row->text);
		same(width_cut_middle(text, row->columns), row->middle,
			"%s, in the middle", row->sentence);
		ok(width_text(text) <= row->columns, "and is narrow enough");
	}
	ok(width_of('a') == 1 && width_of(0x20ac) == 1 && width_of(0x430) == 1,
		"letters and signs are one column wide");
	ok(width_of(0x301) == 0 && width_of(0xfe0f) == 0,
		"what combines is none");
	ok(width_of(0xac00) == 2 && width_of(0xff21) == 2 &&
			width_of(0x1f600) == 2 && width_of(0x20000) == 2,
		"Hangul, full width and pictures are two");
	ok(width_of(0x10ffff) == 1, "the last is one");
	return done();
}
