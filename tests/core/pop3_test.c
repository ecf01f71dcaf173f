/* SPDX-License-Identifier: ISC */
#include "core/pop3.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

/* Feeds wire in pieces of the given size and writes down the events. */
static void play(enum pop3_answer answer, const char *wire, size_t length,
	size_t piece, char *out, size_t size)
{
	struct pop3_parser parser;
	size_t used = 0;

	pop3_init(&parser);
	pop3_expect(&parser, answer);
	out[0] = '\0';
	for (size_t at = 0; at < length && !parser.idle;) {
		char block[70000];
		size_t n = length - at < piece ? length - at : piece;
		struct pop3_event event;

		memcpy(block, wire + at, n);
		size_t taken = pop3_feed(&parser, block, n, &event);

		at += taken;
		switch (event.type) {
		case POP3_MORE:
			break;
		case POP3_STATUS:
			used += (size_t)snprintf(out + used, size - used,
				"[%s %.*s]",
				event.status == POP3_OK		   ? "ok"
					: event.status == POP3_ERR ? "err"
								   : "go on",
				(int)event.length, event.text);
			break;
		case POP3_LINE:
			used += (size_t)snprintf(out + used, size - used,
				"<%.*s>", (int)event.length, event.text);
			break;
		case POP3_TEXT:
			memcpy(out + used, event.text, event.length);
			used += event.length;
			break;
		case POP3_END:
			used += (size_t)snprintf(
				out + used, size - used, "[end]");
			break;
		case POP3_BROKEN:
			used += (size_t)snprintf(
				out + used, size - used, "[broken]");
			break;
		}
		out[used] = '\0';
	}
	pop3_release(&parser);
}

static const struct row {
	const char *sentence;
	enum pop3_answer answer;
	const char *wire;
	const char *out;
} rows[] = {
	{"+OK is a status", POP3_SINGLE, "+OK\r\n", "[ok ]"},
	{"what follows +OK is its text", POP3_SINGLE, "+OK hello\r\n",
		"[ok hello]"},
	{"a tab may follow +OK", POP3_SINGLE, "+OK\thello\r\n", "[ok hello]"},
	{"-ERR is a status", POP3_SINGLE, "-ERR no\r\n", "[err no]"},
	{"a status line may end in LF alone", POP3_SINGLE, "+OK x\n", "[ok x]"},
	{"+ asks for more in a login", POP3_LOGIN, "+ abc\r\n", "[go on abc]"},
	{"+ is no answer outside of a login", POP3_SINGLE, "+ abc\r\n",
		"[broken]"},
	{"+OK ends a login", POP3_LOGIN, "+OK x\r\n", "[ok x]"},
	{"+ alone asks for more", POP3_LOGIN, "+\r\n", "[go on ]"},
	{"+ok is not a status", POP3_SINGLE, "+ok\r\n", "[broken]"},
	{"+OKAY is not a status", POP3_SINGLE, "+OKAY\r\n", "[broken]"},
	{"an empty line is not a status", POP3_SINGLE, "\r\n", "[broken]"},
	{"another protocol is not a status", POP3_SINGLE, "220 smtp\r\n",
		"[broken]"},
	{"a listing has lines and an end", POP3_LISTING,
		"+OK\r\n1 a\r\n2 b\r\n.\r\n", "[ok ]<1 a><2 b>[end]"},
	{"a listing may be empty", POP3_LISTING, "+OK\r\n.\r\n", "[ok ][end]"},
	{"a refused listing has no lines", POP3_LISTING, "-ERR\r\n", "[err ]"},
	{"a stuffed dot in a listing is removed", POP3_LISTING,
		"+OK\r\n..x\r\n.\r\n", "[ok ]<.x>[end]"},
	{"an empty line in a listing counts as a line", POP3_LISTING,
		"+OK\r\n\r\n.\r\n", "[ok ]<>[end]"},
	{"a message ends at CRLF.CRLF", POP3_MESSAGE, "+OK\r\na\r\n.\r\n",
		"[ok ]a\n[end]"},
	{"a message may be empty", POP3_MESSAGE, "+OK\r\n.\r\n", "[ok ][end]"},
	{"a refused message has no text", POP3_MESSAGE, "-ERR x\r\n",
		"[err x]"},
	{"CRLF becomes LF", POP3_MESSAGE, "+OK\r\na\r\n\r\nb\r\n.\r\n",
		"[ok ]a\n\nb\n[end]"},
	{"a stuffed dot in a message is removed", POP3_MESSAGE,
		"+OK\r\n..\r\n.\r\n", "[ok ].\n[end]"},
	{"one of two stuffed dots is removed", POP3_MESSAGE,
		"+OK\r\n...\r\n.\r\n", "[ok ]..\n[end]"},
	{"a dot that was not stuffed is removed, too", POP3_MESSAGE,
		"+OK\r\n.x\r\n.\r\n", "[ok ]x\n[end]"},
	{"a dot within a line stays", POP3_MESSAGE, "+OK\r\na.\r\n.\r\n",
		"[ok ]a.\n[end]"},
	{"LF.LF does not end a message", POP3_MESSAGE,
		"+OK\r\na\n.\nb\r\n.\r\n", "[ok ]a\n.\nb\n[end]"},
	{"LF.CRLF does not end a message", POP3_MESSAGE,
		"+OK\r\na\n.\r\nb\r\n.\r\n", "[ok ]a\n.\nb\n[end]"},
	{"CRLF.LF does not end a message", POP3_MESSAGE,
		"+OK\r\na\r\n.\nb\r\n.\r\n", "[ok ]a\n\nb\n[end]"},
	{"CR.CR does not end a message", POP3_MESSAGE,
		"+OK\r\na\r.\rb\r\n.\r\n", "[ok ]a\r.\rb\n[end]"},
	{"CRLF.CR without LF does not end a message", POP3_MESSAGE,
		"+OK\r\n.\rx\r\n.\r\n", "[ok ]\rx\n[end]"},
	{"CRLF.CRCR does not end a message", POP3_MESSAGE,
		"+OK\r\n.\r\r\n.\r\n", "[ok ]\r\n[end]"},
	{"a bare CR stays", POP3_MESSAGE, "+OK\r\na\rb\r\n.\r\n",
		"[ok ]a\rb\n[end]"},
	{"a CR before CRLF stays", POP3_MESSAGE, "+OK\r\na\r\r\n.\r\n",
		"[ok ]a\r\n[end]"},
	{"all but the last of many CRs before LF stay", POP3_MESSAGE,
		"+OK\r\na\r\r\r\r\n.\r\n", "[ok ]a\r\r\r\n[end]"},
	{"a bare LF stays", POP3_MESSAGE, "+OK\r\na\nb\r\n.\r\n",
		"[ok ]a\nb\n[end]"},
	{"8-bit octets stay", POP3_MESSAGE, "+OK\r\n\xff\x80\r\n.\r\n",
		"[ok ]\xff\x80\n[end]"},
};

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];
		size_t length = strlen(row->wire);
		char out[1000];
		bool right = true;

		for (size_t piece = 1; piece <= length; piece++) {
			play(row->answer, row->wire, length, piece, out,
				sizeof out);
			right = right && strcmp(out, row->out) == 0;
		}
		ok(right, "%s, cut in any pieces", row->sentence);
		if (!right)
			printf("# got: %s\n", out);
	}
}

static void test_nul(void)
{
	static const char wire[] = "+OK\r\na\0b\r\n\0\r\n.\r\n";
	static const char wanted[] = "[ok ]a\0b\n\0\n[end]";
	bool right = true;

	for (size_t piece = 1; piece < sizeof wire; piece++) {
		char out[100];

		play(POP3_MESSAGE, wire, sizeof wire - 1, piece, out,
			sizeof out);
		right = right && memcmp(out, wanted, sizeof wanted) == 0;
	}
	ok(right, "NUL stays, cut in any pieces");
}

static void test_limits(void)
{
	static char wire[POP3_STATUS_MAX + 100];
	static char out[POP3_STATUS_MAX + 200];

	memset(wire, 'x', sizeof wire);
	memcpy(wire, "+OK ", 4);
	play(POP3_SINGLE, wire, sizeof wire, 1000, out, sizeof out);
	same(out, "[broken]", "a status line without an end is refused");
	play(POP3_SINGLE, wire, sizeof wire, sizeof wire, out, sizeof out);
	same(out, "[broken]",
		"a status line without an end is refused in one piece, too");
	memset(wire, '1', sizeof wire);
	memcpy(wire, "+OK\r\n", 5);
	play(POP3_LISTING, wire, sizeof wire, 100, out, sizeof out);
	same(out, "[ok ][broken]",
		"a line of a listing without an end is refused");
	memcpy(wire + 5 + 1030, "\r\n", 2);
	play(POP3_LISTING, wire, 1037, 7, out, sizeof out);
	ok(strlen(out) > 1000 && strstr(out, "broken") == NULL,
		"a line of a listing may have 1,030 bytes");
}

/* The correct size for LIST: CRLF line ends, no stuffing, no final dot. */
static void test_octets(void)
{
	static const struct {
		const char *wire;
		uint64_t octets;
	} messages[] = {
		{"+OK\r\n.\r\n", 0},
		{"+OK\r\nab\r\n.\r\n", 4},
		{"+OK\r\n..\r\nb\nc\rd\r\n.\r\n", 10},
	};

	for (size_t i = 0; i < 3; i++) {
		size_t length = strlen(messages[i].wire);

		for (size_t piece = 1; piece <= length; piece++) {
			struct pop3_parser parser;
			struct pop3_event event = {.type = POP3_MORE};
			char copy[100];

			memcpy(copy, messages[i].wire, length);
			pop3_init(&parser);
			pop3_expect(&parser, POP3_MESSAGE);
			for (size_t at = 0; at < length;)
				at += pop3_feed(&parser, copy + at,
					length - at < piece ? length - at
							    : piece,
					&event);
			ok(event.octets == messages[i].octets,
				"message %zu has its size in pieces of %zu", i,
				piece);
			pop3_release(&parser);
		}
	}
}

static void test_idle(void)
{
	struct pop3_parser parser;
	struct pop3_event event;
	char wire[] = "+OK\r\n+OK\r\n";

	pop3_init(&parser);
	ok(pop3_feed(&parser, wire, 5, &event) == 0 && event.type == POP3_MORE,
		"a parser that expects nothing consumes nothing");
	pop3_expect(&parser, POP3_SINGLE);
	ok(pop3_feed(&parser, wire, sizeof wire - 1, &event) == 5 &&
			parser.idle,
		"the parser stops at the end of the answer");
	ok(pop3_feed(&parser, wire, 0, &event) == 0, "no bytes cause no event");
	pop3_release(&parser);
}

static void test_listed(void)
{
	static const struct {
		const char *line;
		bool good;
		uint32_t number;
		const char *rest;
	} lines[] = {
		{"1 abc", true, 1, "abc"},
		{"12 a b", true, 12, "a b"},
		{"2147483647 x", true, 2147483647, "x"},
		{"7", true, 7, ""},
		{"7 ", true, 7, ""},
		{"7  x", true, 7, "x"},
		{"7 \t x\t ", true, 7, "x"},
		{"7 a \tb ", true, 7, "a \tb"},
		{" 1 x", true, 1, "x"},
		{"\t 1", true, 1, ""},
		{"1\tx", true, 1, "x"},
		{" ", false, 0, ""},
		{" \tx", false, 0, ""},
		{"- 1 x", false, 0, ""},
		{"0 x", false, 0, ""},
		{"-1 x", false, 0, ""},
		{"2147483648 x", false, 0, ""},
		{"99999999999 x", false, 0, ""},
		{"x", false, 0, ""},
		{"", false, 0, ""},
		{"1x y", false, 0, ""},
	};

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		uint32_t number = 0;
		const char *rest = "";
		size_t n = 0;
		bool good = pop3_parse_listed(lines[i].line,
			strlen(lines[i].line), &number, &rest, &n);

		ok(good == lines[i].good &&
				(!good ||
					(number == lines[i].number &&
						n == strlen(lines[i].rest) &&
						memcmp(rest, lines[i].rest,
							n) == 0)),
			"\"%s\" is %s line of a listing", lines[i].line,
			good ? "a" : "no");
	}
}

static void test_codes(void)
{
	static const struct {
		const char *text;
		enum pop3_code code;
		enum error_kind kind;
	} codes[] = {
		{"[IN-USE] busy", POP3_CODE_IN_USE, ERROR_TEMPORARY},
		{"[in-use]", POP3_CODE_IN_USE, ERROR_TEMPORARY},
		{"[LOGIN-DELAY] wait", POP3_CODE_LOGIN_DELAY, ERROR_TEMPORARY},
		{"[SYS/TEMP] x", POP3_CODE_SYS_TEMP, ERROR_TEMPORARY},
		{"[SYS/TEMP/DISK] x", POP3_CODE_SYS_TEMP, ERROR_TEMPORARY},
		{"[SYS/PERM] x", POP3_CODE_SYS_PERM, ERROR_UNAVAILABLE},
		{"[AUTH] x", POP3_CODE_AUTH, ERROR_LOGIN},
		{"[AUTHX] x", POP3_CODE_OTHER, ERROR_PROTOCOL},
		{"[NEW-ONE] x", POP3_CODE_OTHER, ERROR_PROTOCOL},
		{"no code [IN-USE]", POP3_CODE_NONE, ERROR_PROTOCOL},
		{"[IN-USE without end", POP3_CODE_NONE, ERROR_PROTOCOL},
		{"", POP3_CODE_NONE, ERROR_PROTOCOL},
	};

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		enum pop3_code code = pop3_response_code(
			codes[i].text, strlen(codes[i].text));

		ok(code == codes[i].code &&
				pop3_code_kind(code, ERROR_PROTOCOL) ==
					codes[i].kind,
			"the response code of \"%s\"", codes[i].text);
	}
}

static void take(struct pop3_capabilities *capabilities, const char *line)
{
	pop3_capability(capabilities, line, strlen(line));
}

static void test_capabilities(void)
{
	struct pop3_capabilities c = {.known = true};

	take(&c, "");
	ok(!c.top, "capabilities that are not announced are not set");
	take(&c, "TOP");
	ok(c.top, "TOP is known");
	take(&c, "X-UNKNOWN thing");
	ok(!c.pipelining && !c.uidl && !c.user && !c.stls && !c.sasl,
		"unknown capabilities are ignored");
	take(&c, "pipelining");
	take(&c, "UIDL");
	take(&c, "USER");
	take(&c, "STLS");
	ok(c.pipelining && c.uidl && c.user && c.stls,
		"capabilities are recognised in any letter case");
	take(&c, "SASL  CRAM-MD5 LOGIN");
	ok(c.sasl && !c.sasl_plain, "SASL without PLAIN");
	same(c.mechanisms, "CRAM-MD5 LOGIN",
		"the SASL mechanisms are recorded");
	take(&c, "SASL CRAM-MD5 PLAIN");
	ok(c.sasl_plain, "SASL with PLAIN");
	take(&c, "UTF8");
	ok(c.utf8 && !c.utf8_user, "UTF8");
	take(&c, "UTF8 USER");
	ok(c.utf8_user, "UTF8 USER");
	take(&c, "EXPIRE NEVER");
	ok(!c.expires, "EXPIRE NEVER is no time");
	take(&c, "EXPIRE");
	ok(!c.expires, "EXPIRE alone is no time");
	take(&c, "EXPIRE 99999999");
	ok(!c.expires, "EXPIRE beyond reason is no time");
	take(&c, "EXPIRE 30 USER");
	ok(c.expires && c.expire_days == 30, "EXPIRE 30 is 30 days");
	take(&c, "LOGIN-DELAY soon");
	ok(!c.delays, "LOGIN-DELAY without a number is no time");
	take(&c, "LOGIN-DELAY 900 USER");
	ok(c.delays && c.delay_seconds == 900, "LOGIN-DELAY 900 is 900 s");
}

int main(void)
{
	test_rows();
	test_nul();
	test_limits();
	test_octets();
	test_idle();
	test_listed();
	test_codes();
	test_capabilities();
	return done();
}
