/* SPDX-License-Identifier: ISC */
#include "core/date.h"

#include <string.h>

#include "core/text.h"
#include "tap.h"

#define NONE INT64_MIN

static const struct {
	const char *text;
	int64_t seconds; /* NONE: not a date */
} rows[] = {
	{"Thu, 01 Jan 1970 00:00:00 +0000", 0},
	{"Fri, 20 Nov 2026 23:27:15 +0000", 1795217235},
	{"Fri, 20 Nov 2026 18:27:15 -0500", 1795217235},
	{"Sat, 21 Nov 2026 05:12:15 +0545", 1795217235},
	{"20 Nov 2026 23:27:15 +0000", 1795217235},
	{"20 nov 2026 23:27:15 GMT", 1795217235},
	{"20 November 2026 23:27:15 GMT", 1795217235},
	{"Fri,20 Nov 2026 23:27:15 +0000", 1795217235},
	{"Fri 20 Nov 2026 23:27:15 +0000", 1795217235},
	{"  Fri,\r\n\t20  Nov 2026 23:27:15  +0000 \n", 1795217235},
	{"Fri, 20 Nov 2026 23 : 27 : 15 +0000", 1795217235},
	{"Fri, 20 Nov 2026 23:27:15 +0000 (UTC)", 1795217235},
	{"(a) Fri (b(c\\)d)), 20 (e) Nov 2026 23:27:15 -0000 (;)", 1795217235},
	{"Fri, 20 Nov 2026 23:27 +0000", 1795217220},
	{"Fri, 20 Nov 2026 23:27:15", 1795217235},
	{"Fri, 20 Nov 26 23:27:15 UT", 1795217235},
	{"Fri, 20 Nov 126 23:27:15 UT", 1795217235},
	{"Fri, 20 Nov 2026 18:27:15 EST", 1795217235},
	{"Fri, 20 Nov 2026 19:27:15 EDT", 1795217235},
	{"Fri, 20 Nov 2026 17:27:15 CST", 1795217235},
	{"Fri, 20 Nov 2026 18:27:15 CDT", 1795217235},
	{"Fri, 20 Nov 2026 16:27:15 MST", 1795217235},
	{"Fri, 20 Nov 2026 17:27:15 MDT", 1795217235},
	{"Fri, 20 Nov 2026 15:27:15 PST", 1795217235},
	{"Fri, 20 Nov 2026 16:27:15 pdt", 1795217235},
	{"Fri, 20 Nov 2026 23:27:15 A", 1795217235},
	{"Fri, 20 Nov 2026 23:27:15 CEST", 1795217235},
	{"1 Jan 50 00:00:00 Z", -631152000},
	{"31 Dec 49 23:59:59 Z", 2524607999},
	{"29 Feb 2000 12:00:00 +0000", 951825600},
	{"31 Dec 1999 23:59:60 +0000", 946684800},
	{"1 Mar 2100 00:00:00 +0000", 4107542400},
	{"29 Feb 2100 12:00:00 +0000", NONE},
	{"31 Apr 2026 12:00:00 +0000", NONE},
	{"0 Apr 2026 12:00:00 +0000", NONE},
	{"1 Apr 1899 12:00:00 +0000", NONE},
	{"1 Apr 20260 12:00:00 +0000", NONE},
	{"1 Apr 6 12:00:00 +0000", NONE},
	{"001 Apr 2026 12:00:00 +0000", NONE},
	{"1 Foo 2026 12:00:00 +0000", NONE},
	{"1 Apr 2026 24:00:00 +0000", NONE},
	{"1 Apr 2026 12:60:00 +0000", NONE},
	{"1 Apr 2026 12:00:61 +0000", NONE},
	{"1 Apr 2026 12 +0000", NONE},
	{"1 Apr 2026 12: +0000", NONE},
	{"1 Apr 2026 12:00: +0000", NONE},
	{"1 Apr 2026 12:00:00 +000", NONE},
	{"1 Apr 2026 12:00:00 +00000", NONE},
	{"1 Apr 2026 12:00:00 +0060", NONE},
	{"1 Apr 2026 12:00:00 +0000 more", NONE},
	{"1 Apr 2026 12:00:00 (+0000", NONE},
	{"1 Apr 2026", NONE},
	{"1 Apr", NONE},
	{"2026-04-01T12:00:00Z", NONE},
	{"Fri,", NONE},
	{"", NONE},
};

static void test_dates(void)
{
	char text[DATE_TEXT_MAX + 20];
	int64_t seconds = NONE;
	char shown[400];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		seconds = NONE;
		bool is = date_parse(
			rows[i].text, strlen(rows[i].text), &seconds);

		ok(is == (rows[i].seconds != NONE) &&
				seconds == rows[i].seconds,
			"\"%s\" is %s",
			text_printable(shown, sizeof shown, rows[i].text,
				strlen(rows[i].text)),
			rows[i].seconds == NONE ? "no date" : "a date");
	}
	ok(!date_parse("1 Apr 2026 12:00\0:00", 20, &seconds),
		"a text with a NUL is not a date");
	memset(text, ' ', sizeof text);
	memcpy(text, "1 Apr 2026 12:00", 16);
	ok(date_parse(text, DATE_TEXT_MAX, &seconds) &&
			!date_parse(text, DATE_TEXT_MAX + 1, &seconds),
		"a text of more than %d bytes is not a date", DATE_TEXT_MAX);
}

#define R "; 20 Nov 2026 23:27:15 +0000\n"
#define D "20 Nov 2026 23:27:14 +0000\n"

static const struct {
	const char *sentence;
	const char *text;
	int64_t seconds;
} headers[] = {
	{"the date of Received is after its last semicolon",
		"Received: from a; b" R "\n", 1795217235},
	{"the first Received is used, not Date",
		"Date: " D "Received: x" R
		"Received: x; 1 Jan 1990 00:00:00 GMT\n\n",
		1795217235},
	{"folded, in any letter case, with a space before the colon",
		"RECEIVED : from a\n\tby b\n for c;\n 20 Nov 2026\n"
		"\t23:27:15 +0000\n\n",
		1795217235},
	{"after a Received without a date the next one is used",
		"Received: from a\nReceived: from b; soon\nReceived: x" R "\n",
		1795217235},
	{"without Received, Date is used", "Subject: x\nDate: " D "\n",
		1795217234},
	{"the first valid Date is used",
		"Date: never\nDate: " D "Date: 1 Jan 1990 00:00 GMT\n\n",
		1795217234},
	{"other fields are ignored",
		"X-Date: " D "Dates: " D "Receive: x" R "Date-Received-x: " D
		"\n",
		NONE},
	{"the body is ignored", "Subject: x\n\nDate: " D, NONE},
	{"a header may end with its last line", "Date: " D, 1795217234},
	{"the last line may lack its end", "Date: 20 Nov 2026 23:27:14 +0000",
		1795217234},
	{"a long Received is read to its end",
		"Received: from "
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" R
		"\n",
		1795217235},
	{"a message without a header has no date", "\nDate: " D, NONE},
	{"a header that begins with a space has no date", " Date: " D "\n",
		NONE},
	{"an empty message has no date", "", NONE},
};

static void test_headers(void)
{
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
		const char *text = headers[i].text;
		size_t length = strlen(text);
		bool right = true;

		for (size_t piece = 1; piece <= length + 1; piece++) {
			struct date_scan scan;
			int64_t seconds = NONE;

			date_scan_init(&scan);
			for (size_t at = 0; at < length; at += piece)
				date_scan_feed(&scan, text + at,
					length - at < piece ? length - at
							    : piece);
			bool is = date_scan_end(&scan, &seconds);

			right = right && is == (headers[i].seconds != NONE) &&
				seconds == headers[i].seconds;
		}
		ok(right, "%s", headers[i].sentence);
	}
}

int main(void)
{
	test_dates();
	test_headers();
	return done();
}
