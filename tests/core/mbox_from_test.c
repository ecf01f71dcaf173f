/* SPDX-License-Identifier: ISC */
#include "core/mbox_from.h"

#include <string.h>

#include "tap.h"

static const struct row {
	const char *sentence;
	const char *text;
	bool found;
} rows[] = {
	{"text holds no From_ line", "a\nFro\nFrom\nFrome a Mon\n", false},
	{"From_ at the start of a line is one", "a\nFrom x", true},
	{"even with nothing behind it", "a\nFrom ", true},
	{"a quoted one is none", "a\n>From x\n>>From y\n", false},
	{"nor is a From_ in a line", "a From x\n", false},
	{"unless a day follows the sender", "aFrom b@c Mon", true},
	{"behind several blanks, too", "a>From b   Tue Jan", true},
	{"and without a sender", "aFrom  Wed", true},
	{"half a day is none", "aFrom b Su", false},
	{"nor is a day in the next line", "aFrom b\nSun", false},
	{"nor a longer word before it", "aFrom b c Thu", false},
	{"the start of the search is in the middle of a line", "From x\n",
		false},
	{"a From_ may be the sender of another", "aFrom From From b Fri", true},
	{"or end like one", "aFFrFroFrom b Sat", true},
	{"and its sender may look like a day", "aFrom Sun Mon", true},
	{"a day's first letters may begin a From_", "aFrom b FFrom c Sun",
		true},
	{"a From_ behind a sender is no Friday", "aFrom b From Fri", false},
};

static void test_search(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];
		size_t length = strlen(row->text);
		bool right = true;

		for (size_t piece = 1; piece <= length; piece++) {
			struct mbox_from_search search = {.found = false};
			bool found = false;

			for (size_t at = 0; at < length; at += piece)
				found = mbox_from_search(&search,
					row->text + at,
					length - at < piece ? length - at
							    : piece);
			right = right && found == row->found;
		}
		ok(right, "%s, cut in any pieces", row->sentence);
	}
}

static void test_lines(void)
{
	char line[200];
	char long_sender[130];

	mbox_from_make(line, sizeof line, "a@b", 1721998923);
	same(line, "From a@b Fri Jul 26 13:02:03 2024",
		"a From_ line has sender and date");
	ok(mbox_from_time(line, strlen(line)) == 1721998923,
		"and its time can be read");
	mbox_from_make(line, sizeof line, "", 0);
	same(line, "From MAILER-DAEMON Thu Jan  1 00:00:00 1970",
		"without a sender it has the customary one");
	memset(long_sender, 'x', sizeof long_sender - 1);
	long_sender[sizeof long_sender - 1] = '\0';
	mbox_from_make(line, sizeof line, long_sender, 0);
	same(line, "From MAILER-DAEMON Thu Jan  1 00:00:00 1970",
		"nor is a long one taken");
	ok(mbox_from_time("From a@b", 8) == 0 &&
			mbox_from_time("From a@b yesterday", 18) == 0 &&
			mbox_from_time("From ", 5) == 0,
		"a line without a date has no time");
	ok(mbox_from_begins("From a", 6) && mbox_from_begins("From ", 5) &&
			!mbox_from_begins("From", 4) &&
			!mbox_from_begins("from a", 6),
		"a From_ line begins with From and a blank");
}

int main(void)
{
	test_search();
	test_lines();
	return done();
}
