/* SPDX-License-Identifier: ISC */
#include "core/width.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "tap.h"

#define JOINER "\xe2\x80\x8d"
#define MAN "\xf0\x9f\x91\xa8"
#define GIRL "\xf0\x9f\x91\xa7"
#define DARK "\xf0\x9f\x8f\xbf"
#define AS_PICTURE "\xef\xb8\x8f"
#define FAMILY MAN JOINER MAN JOINER GIRL
#define D "\xf0\x9f\x87\xa9"
#define E "\xf0\x9f\x87\xaa"

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
	{"a family is as wide as one of it", FAMILY "abcd", 6, FAMILY "abcd",
		FAMILY "abcd"},
	{"and is not halved", "ab" FAMILY FAMILY "cdef", 8, "ab" FAMILY "...",
		"ab...def"},
	{"a skin tone needs no room", MAN DARK JOINER GIRL DARK "abcd", 6,
		MAN DARK JOINER GIRL DARK "abcd",
		MAN DARK JOINER GIRL DARK "abcd"},
	{"and is not cut off", "aa" MAN DARK MAN DARK "bcd", 7,
		"aa" MAN DARK "...", "aa...cd"},
	{"but alone it does", DARK DARK "abcd", 7, DARK DARK "...",
		DARK "...cd"},
	{"a variation selector is not cut off either",
		"ab" MAN AS_PICTURE "cdef", 7, "ab" MAN AS_PICTURE "...",
		"ab...ef"},
	{"a flag is two wide", D E D E "ab", 6, D E D E "ab", D E D E "ab"},
	{"and is not halved, either", "a" D E D E "bcd", 7, "a" D E "...",
		"a...cd"},
	{"where there is no room for dots there are none", "abcdefgh", 5,
		"abcde", "abcde"},
	{"nor for anything", "abc", 0, "", ""},
	{"nothing fits everywhere", "", 0, "", ""},
};

/* As on a system without a UTF-8 locale. */
static void test_without_locale(void)
{
	char text[128] = "\xe6\x97\xa5\xe6\x9c\xac\xcc\x81" FAMILY "abcdef";

	ok(width_of('a') == 1 && width_of(0x301) == 1 && width_of(0xac00) == 1,
		"without a locale each character is one column wide");
	ok(width_text(text) == 10, "and a family as wide as one of it");
	same(width_cut(text, 7),
		"\xe6\x97\xa5\xe6\x9c\xac\xcc\x81" FAMILY "...",
		"and cut in one piece");
}

int main(void)
{
	char text[128];
	locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);

	test_without_locale();
	if (locale == (locale_t)0) {
		printf("# the rest needs the locale C.UTF-8\n");
		return done();
	}
	uselocale(locale);
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
	uselocale(LC_GLOBAL_LOCALE);
	freelocale(locale);
	return done();
}
