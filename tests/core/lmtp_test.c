/* SPDX-License-Identifier: ISC */
#include "core/lmtp.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"

static const struct reply_row {
	const char *sentence;
	const char *bytes;
	enum lmtp_parse result;
	int code;
	const char *text;
	size_t octets;
} reply_rows[] = {
	{"a reply of one line", "250 2.0.0 kept\r\n", LMTP_COMPLETE, 250,
		"2.0.0 kept", 16},
	{"what follows it is not consumed", "354 go on\r\n250 x\r\n",
		LMTP_COMPLETE, 354, "go on", 11},
	{"a reply of several lines ends with the last one",
		"250-a\r\n250-b\r\n250 c\r\n", LMTP_COMPLETE, 250, "c", 21},
	{"a code alone is a reply", "221\r\n", LMTP_COMPLETE, 221, "", 5},
	{"a code and a blank", "221 \r\n", LMTP_COMPLETE, 221, "", 6},
	{"a line may end with LF", "250 x\n", LMTP_COMPLETE, 250, "x", 6},
	{"nothing yet", "", LMTP_MORE, 0, "", 0},
	{"half a line", "250 x", LMTP_MORE, 0, "", 0},
	{"a last line is missing", "250-x\r\n", LMTP_MORE, 0, "", 0},
	{"codes that differ are no reply", "250-x\r\n550 y\r\n", LMTP_BROKEN, 0,
		"", 0},
	{"a greeting of POP3 is no reply", "+OK ready\r\n", LMTP_BROKEN, 0, "",
		0},
	{"an empty line is no reply", "\r\n", LMTP_BROKEN, 0, "", 0},
	{"a code of four digits is no reply", "2500 x\r\n", LMTP_BROKEN, 0, "",
		0},
	{"a code below 200 is no reply", "150 x\r\n", LMTP_BROKEN, 0, "", 0},
};

static void test_replies(void)
{
	static char bytes[2 * LMTP_LINE_MAX];
	struct lmtp_reply reply;
	char text[64];

	for (size_t i = 0; i < sizeof reply_rows / sizeof reply_rows[0]; i++) {
		const struct reply_row *row = &reply_rows[i];
		bool right = lmtp_parse_reply(row->bytes, strlen(row->bytes),
				     &reply) == row->result;

		if (right && row->result == LMTP_COMPLETE) {
			snprintf(text, sizeof text, "%.*s",
				(int)reply.text_length, reply.text);
			right = reply.code == row->code &&
				reply.octets == row->octets &&
				strcmp(text, row->text) == 0;
		}
		ok(right, "%s", row->sentence);
	}
	memset(bytes, 'x', sizeof bytes);
	memcpy(bytes, "250 ", 4);
	ok(lmtp_parse_reply(bytes, LMTP_LINE_MAX + 1, &reply) == LMTP_BROKEN,
		"a line that does not end is no reply");
}

static void test_extensions(void)
{
	static const char reply[] = "250-localhost PIPELINING\r\n"
				    "250-SIZE 1000\r\n250 8bitmime\r\n";
	size_t n = sizeof reply - 1;

	ok(lmtp_announces(reply, n, "SIZE"), "an extension with a parameter");
	ok(lmtp_limit(reply, n) == 1000, "a size");
	ok(lmtp_announces(reply, n, "8BITMIME"), "one in the last line");
	ok(!lmtp_announces(reply, n, "PIPELINING"),
		"the first line announces nothing");
	ok(!lmtp_announces(reply, n, "8BIT"), "nor does part of a word");
	ok(!lmtp_announces("250 x\r\n", 7, "SIZE"), "nor a reply of one line");
}

static void test_servers(void)
{
	struct lmtp_server server;
	char path[200] = "unix:/";

	ok(lmtp_parse_server("unix:/run/lmtp", &server) &&
			strcmp(server.path, "/run/lmtp") == 0,
		"a socket");
	ok(lmtp_parse_server("localhost:24", &server) && server.path == NULL &&
			server.port == 24 &&
			strcmp(server.host, "localhost") == 0,
		"a host and a port");
	ok(lmtp_parse_server("[::1]:24", &server) &&
			strcmp(server.host, "::1") == 0,
		"an address in brackets");
	ok(!lmtp_parse_server("::1:24", &server), "not one without");
	ok(!lmtp_parse_server("unix:run/lmtp", &server), "no relative path");
	ok(!lmtp_parse_server("localhost", &server), "a port is needed");
	ok(!lmtp_parse_server("localhost:0", &server), "and not 0");
	ok(!lmtp_parse_server(":24", &server), "and a host");
	ok(!lmtp_parse_server("a b:24", &server), "without blanks");
	memset(path + 6, 'x', 150);
	ok(!lmtp_parse_server(path, &server),
		"no path that is too long for a socket");
}

static const struct text_row {
	const char *sentence;
	const char *text;
	const char *quoted;
} text_rows[] = {
	{"an empty message", "", ".\r\n"},
	{"lines end with CRLF", "a\nb\n", "a\r\nb\r\n.\r\n"},
	{"a last line without an end gets one", "a\nb", "a\r\nb\r\n.\r\n"},
	{"a line that begins with a dot gets another", ".\n..a\nb.\n",
		"..\r\n...a\r\nb.\r\n.\r\n"},
	{"a CR stays as it is", "a\rb\r\n", "a\rb\r\r\n.\r\n"},
};

static void test_text(void)
{
	for (size_t i = 0; i < sizeof text_rows / sizeof text_rows[0]; i++) {
		const struct text_row *row = &text_rows[i];
		size_t n = strlen(row->text);
		bool right = true;

		for (size_t piece = 1; piece <= n + 1; piece++) {
			struct lmtp_text state = {.in_line = false};
			struct buffer out;

			buffer_init(&out, 1000);
			for (size_t at = 0; at < n; at += piece)
				lmtp_quote(&state, row->text + at,
					n - at < piece ? n - at : piece, &out);
			lmtp_quote_end(&state, &out);
			right = right &&
				buffer_length(&out) == strlen(row->quoted) &&
				memcmp(buffer_bytes(&out), row->quoted,
					strlen(row->quoted)) == 0;
			buffer_release(&out);
		}
		ok(right, "%s", row->sentence);
	}
	ok(lmtp_is_address("a@b") && !lmtp_is_address("") &&
			!lmtp_is_address("a b") && !lmtp_is_address("a>b") &&
			!lmtp_is_address("a\r\nQUIT"),
		"an address cannot end the command");
}

int main(void)
{
	test_replies();
	test_extensions();
	test_servers();
	test_text();
	return done();
}
