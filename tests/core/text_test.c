/* SPDX-License-Identifier: ISC */
#include "core/text.h"

#include <string.h>

#include "tap.h"

static void printable(const char *in, const char *wanted, const char *sentence)
{
	char room[1000];

	same(text_printable(room, sizeof room, in, strlen(in)), wanted, "%s",
		sentence);
}

static void test_printable(void)
{
	char room[20];
	char large[500];
	char shown[2000];

	printable("plain", "plain", "plain text stays");
	printable("Gr\xc3\xbc\xc3\x9f"
		  "e \xe2\x82\xac \xf0\x9f\x93\xac",
		"Gr\xc3\xbc\xc3\x9f"
		"e \xe2\x82\xac \xf0\x9f\x93\xac",
		"UTF-8 stays");
	printable("\x1b[2J\x07", "\\x1b[2J\\x07", "escapes do not");
	printable("a\r\nb\tc", "a\\x0d\\x0ab\\x09c", "nor line ends and tabs");
	printable("\x7f", "\\x7f", "nor DEL");
	printable("\xc2\x9b", "\\xc2\\x9b", "nor C1 controls");
	printable("\xe2\x80\xae", "\\xe2\\x80\\xae", "nor bidi overrides");
	printable(
		"\xe2\x80\x8b", "\\xe2\\x80\\x8b", "nor invisible characters");
	printable("\xff\x80", "\\xff\\x80", "nor octets that are no UTF-8");
	printable("\xc0\xaf", "\\xc0\\xaf", "nor overlong forms");
	printable("\xed\xa0\x80", "\\xed\\xa0\\x80", "nor surrogates");
	printable("\xe2\x82", "\\xe2\\x82", "nor characters cut off");
	printable("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80",
		"nor code points that do not exist");
	text_printable(room, sizeof room, "a\0b", 3);
	same(room, "a\\x00b", "nor NUL");
	text_printable(room, sizeof room, "0123456789012345678901234", 25);
	ok(strlen(room) < sizeof room && strstr(room, "...") != NULL,
		"what does not fit is cut, and says so");
	memset(large, 'x', sizeof large);
	text_printable(shown, sizeof shown, large, sizeof large);
	ok(strlen(shown) == TEXT_SHOWN_MAX + 3,
		"no more than 200 octets are shown");
}

#define JOINER "\xe2\x80\x8d"
#define MAN "\xf0\x9f\x91\xa8"
#define WOMAN "\xf0\x9f\x91\xa9"
#define GIRL "\xf0\x9f\x91\xa7"
#define BOY "\xf0\x9f\x91\xa6"
#define HEART "\xe2\x9d\xa4"
#define DARK "\xf0\x9f\x8f\xbf"
#define AS_PICTURE "\xef\xb8\x8f"
#define FAMILY MAN JOINER WOMAN JOINER GIRL JOINER BOY
#define ESCAPED_JOINER "\\xe2\\x80\\x8d"

static void test_joiners(void)
{
	char room[1000];
	char text[400] = "";
	size_t length = 190;

	printable(FAMILY, FAMILY, "a family stays one");
	printable(WOMAN DARK JOINER HEART AS_PICTURE JOINER MAN DARK,
		WOMAN DARK JOINER HEART AS_PICTURE JOINER MAN DARK,
		"with skin tones and a variation selector, too");
	printable("a" HEART AS_PICTURE "b", "a" HEART AS_PICTURE "b",
		"a variation selector stays");
	printable(FAMILY FAMILY, FAMILY FAMILY, "two families stay");
	printable(FAMILY JOINER BOY, FAMILY ESCAPED_JOINER BOY,
		"nobody joins more than four");
	printable(JOINER MAN, ESCAPED_JOINER MAN, "nor nothing and an emoji");
	printable(MAN JOINER, MAN ESCAPED_JOINER, "nor an emoji and nothing");
	printable(MAN JOINER "a", MAN ESCAPED_JOINER "a", "nor a letter");
	printable("a" JOINER MAN, "a" ESCAPED_JOINER MAN, "nor to a letter");
	printable("a" JOINER "b", "a" ESCAPED_JOINER "b", "nor letters");
	printable(DARK JOINER MAN, DARK ESCAPED_JOINER MAN,
		"nor to a skin tone alone");
	printable(MAN JOINER DARK, MAN ESCAPED_JOINER DARK,
		"nor a skin tone to an emoji");
	printable(MAN JOINER JOINER MAN, MAN ESCAPED_JOINER ESCAPED_JOINER MAN,
		"nor by two joiners");
	printable(MAN "\xe2\x80\xae" JOINER MAN,
		MAN "\\xe2\\x80\\xae" ESCAPED_JOINER MAN,
		"nor across a bidi override, which stays escaped");
	printable(MAN JOINER "\xe2\x80\xae",
		MAN ESCAPED_JOINER "\\xe2\\x80\\xae", "nor to one");
	printable(MAN "\xe2\x80\x8c" MAN, MAN "\\xe2\\x80\\x8c" MAN,
		"what keeps apart is escaped");
	printable(MAN "\xff" JOINER MAN, MAN "\\xff" ESCAPED_JOINER MAN,
		"an octet that is no UTF-8 ends a sequence");
	printable(MAN JOINER "\xf0\x9f\x91",
		MAN ESCAPED_JOINER "\\xf0\\x9f\\x91",
		"and half an emoji joins nothing");
	memset(text, 'x', length);
	memcpy(text + length, FAMILY, sizeof FAMILY);
	for (size_t size = length; size < length + 30; size++) {
		text_printable_long(room, size, text, strlen(text));
		ok(strlen(room) < size && strstr(room, JOINER "...") == NULL &&
				strstr(room, "\\x") == NULL,
			"%zu octets do not end in a joiner", size);
	}
	text_printable(room, sizeof room, text, strlen(text));
	ok(strstr(room, JOINER "...") == NULL, "nor do the first 200");
}

static void test_nearest(void)
{
	static const char *const names[] = {"server", "user", "delete"};

	same(text_nearest("sever", names, 3), "server", "sever means server");
	same(text_nearest("uesr", names, 3), "user", "uesr means user");
	ok(text_nearest("maildir", names, 3) == NULL, "maildir means neither");
	ok(text_nearest("an enormous word that nobody would ever write", names,
		   3) == NULL,
		"an enormous word means nothing");
}

static void test_duration(void)
{
	static const struct {
		const char *text;
		int64_t unit;
		bool good;
		int64_t seconds;
	} rows[] = {
		{"30 days", 0, true, 2592000},
		{"30d", 0, true, 2592000},
		{" 1 Week", 0, true, 604800},
		{"5 minutes", 0, true, 300},
		{"90", 1, true, 90},
		{"90", 0, false, 0},
		{"", 1, false, 0},
		{"days", 1, false, 0},
		{"1 day ago", 1, false, 0},
		{"99999999999999999999", 1, false, 0},
		{"200 years", 1, false, 0},
		{"36525 days", 0, true, INT64_C(3155760000)},
		{"36526 days", 0, false, 0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t seconds = 0;
		bool good = text_parse_duration(
			rows[i].text, rows[i].unit, &seconds);

		ok(good == rows[i].good && seconds == rows[i].seconds,
			"\"%s\" is %s duration", rows[i].text,
			good ? "a" : "no");
	}
}

static void test_size(void)
{
	static const struct {
		const char *text;
		bool good;
		uint64_t octets;
	} rows[] = {
		{"20000000", true, 20000000},
		{"20k", true, 20480},
		{"20 M", true, 20971520},
		{"2GiB", true, UINT64_C(2147483648)},
		{"2 MB", true, 2097152},
		{"100 B", true, 100},
		{"100 iB", false, 0},
		{"1.5M", false, 0},
		{"-1", false, 0},
		{"20X", false, 0},
		{"99999999999999G", false, 0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint64_t octets = 0;
		bool good = text_parse_size(rows[i].text, &octets);

		ok(good == rows[i].good && octets == rows[i].octets,
			"\"%s\" is %s size", rows[i].text, good ? "a" : "no");
	}
}

static void test_format(void)
{
	char room[40];
	uint64_t number;

	same(text_size(room, sizeof room, 812), "812 B", "octets");
	same(text_size(room, sizeof room, 41984), "41 KiB", "KiB");
	same(text_size(room, sizeof room, 1258291), "1.2 MiB", "MiB");
	same(text_size(room, sizeof room, UINT64_C(209715200)), "200 MiB",
		"many MiB");
	same(text_size(room, sizeof room, UINT64_C(1) << 50), "1024 TiB",
		"more than a mailbox");
	same(text_plural(0, "is", "are"), "are", "none are");
	same(text_plural(1, "is", "are"), "is", "one is");
	same(text_plural(2, "is", "are"), "are", "two are");
	same(text_clock(room, sizeof room, 4), "0:04", "seconds");
	same(text_clock(room, sizeof room, 750), "12:30", "minutes");
	same(text_clock(room, sizeof room, 11109), "3:05:09", "hours");
	same(text_clock(room, sizeof room, -5), "0:00", "no time is negative");
	same(text_age(room, sizeof room, -7), "just now", "a clock set back");
	same(text_age(room, sizeof room, 1), "just now", "now");
	same(text_age(room, sizeof room, 119), "119 seconds ago", "seconds");
	same(text_age(room, sizeof room, 120), "2 minutes ago", "minutes");
	same(text_age(room, sizeof room, 10800), "3 hours ago", "hours ago");
	same(text_age(room, sizeof room, 200000), "2 days ago", "days ago");
	text_base64(room, (const unsigned char *)"fooba", 5);
	same(room, "Zm9vYmE=", "base64 of five octets");
	text_base64(room, (const unsigned char *)"foob", 4);
	same(room, "Zm9vYg==", "base64 of four");
	text_base64(room, (const unsigned char *)"\0\xff\xfe", 3);
	same(room, "AP/+", "base64 of three");
	ok(text_parse_number("12", 12, &number) && number == 12 &&
			!text_parse_number("13", 12, &number) &&
			!text_parse_number("1x", 12, &number) &&
			text_parse_number(" 7 ", 12, &number) && number == 7,
		"whole numbers up to a limit");
}

static void test_printable_long(void)
{
	char text[900];
	char room[1000];

	memset(text, 'x', sizeof text);
	text[500] = '\x1b';
	text_printable_long(room, sizeof room, text, sizeof text);
	ok(strlen(room) == 903 && strncmp(room + 500, "\\x1bx", 5) == 0,
		"a long sentence is shown whole, its escapes are not");
	text_printable_long(room, 300, text, sizeof text);
	ok(strlen(room) < 300 && strcmp(room + strlen(room) - 3, "...") == 0,
		"and cut where the room ends");
}

int main(void)
{
	test_printable_long();
	test_printable();
	test_joiners();
	test_nearest();
	test_duration();
	test_size();
	test_format();
	return done();
}
