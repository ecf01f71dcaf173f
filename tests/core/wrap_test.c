/* SPDX-License-Identifier: ISC */
#include "core/wrap.h"

#include <locale.h>
#include <string.h>

#include "tap.h"

static const struct row {
	const char *sentence;
	const char *text;
	size_t columns;
	size_t octets;
} rows[] = {
	{"what fits is one line", "one two", 7, 7},
	{"what does not is broken at a blank", "one two three", 9, 7},
	{"also where the blank is just behind the line", "one two three", 7, 7},
	{"a word that is too wide is broken where the line ends", "abcdefgh", 3,
		3},
	{"but not if it can begin on the next line", "a bcdefgh", 3, 1},
	{"blanks at the beginning are no place to break", "    abcdef", 6, 6},
	{"wide characters are two columns", "\xe6\x97\xa5\xe6\x9c\xac", 3, 3},
	{"marks stay upon their letter",
		"ae\xcc\x81"
		"b",
		2, 4},
	{"each line has something", "\xe6\x97\xa5\xe6\x9c\xac", 1, 3},
	{"nothing has no lines", "", 10, 0},
};

int main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		ok(wrap_line(rows[i].text, rows[i].columns) == rows[i].octets,
			"%s", rows[i].sentence);
	return done();
}
