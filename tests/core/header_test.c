/* SPDX-License-Identifier: ISC */
#include "core/header.h"

#include <string.h>

#include "tap.h"

static const struct row {
	const char *sentence;
	const char *text;
	const char *message_id;
	const char *return_path;
} rows[] = {
	{"both fields are found",
		"Return-Path: <a@b>\nMessage-ID: <x@y>\n\nbody\n", "<x@y>",
		"a@b"},
	{"field names are found in any letter case",
		"message-id:<x@y>\nRETURN-PATH:a@b\n\n", "<x@y>", "a@b"},
	{"folded over lines", "Message-ID:\n <x@y>\nReturn-Path:\n\t<a@b>\n\n",
		"<x@y>", "a@b"},
	{"the first of several fields is used",
		"Message-ID: <1@y>\nMessage-ID: <2@y>\n"
		"Return-Path: <1@b>\nReturn-Path: <2@b>\n\n",
		"<1@y>", "1@b"},
	{"fields in the body are ignored", "Subject: x\n\nMessage-ID: <x@y>\n",
		"", ""},
	{"an empty return path counts as none", "Return-Path: <>\n\n", "", ""},
	{"leading and trailing spaces are removed", "Message-ID:  <x@y> \t\n\n",
		"<x@y>", ""},
	{"a value with a space is not used", "Message-ID: <x y>\n\n", "", ""},
	{"nor controls", "Message-ID: <x\x1by>\nReturn-Path: a\x01@b\n\n", "",
		""},
	{"a value with 8-bit bytes is not used", "Message-ID: <\xc3\xa4@y>\n\n",
		"", ""},
	{"another field is not mistaken for it",
		"X-Message-ID: <x@y>\nMessage-IDs: <z@y>\n\n", "", ""},
	{"a field may be first, and the body missing", "Message-ID: <x@y>\n",
		"", ""},
	{"a message without a header has no fields", "\nMessage-ID: <x@y>\n",
		"", ""},
	{"an empty message has no fields", "", "", ""},
};

static void test_long(void)
{
	struct header header;
	char text[3000];

	memset(text, 'x', sizeof text);
	memcpy(text, "Message-ID: <", 13);
	memcpy(text + 300, "\n\n", 2);
	header_init(&header);
	header_feed(&header, text, 302);
	same(header.message_id, "", "a value that is too long is left out");
	memset(text, 'x', sizeof text);
	memcpy(text, "Message-ID: <", 13);
	memcpy(text + 2000, "\nReturn-Path: a@b\n\n", 19);
	header_init(&header);
	header_feed(&header, text, 2019);
	ok(header.message_id[0] == '\0' &&
			strcmp(header.return_path, "a@b") == 0,
		"an endless field does not hide the next");
}

static char identity[4096];

static void collect(void *data, const char *bytes, size_t length)
{
	(void)data;
	strncat(identity, bytes, length);
}

/* The identity of the message with this text, fed in pieces. */
static const char *identity_of(const char *text, size_t piece)
{
	struct header header;
	size_t length = strlen(text);

	identity[0] = '\0';
	header_init(&header);
	header.identity = collect;
	for (size_t at = 0; at < length; at += piece)
		header_feed(&header, text + at,
			length - at < piece ? length - at : piece);
	header_end(&header);
	return identity;
}

static void test_identity(void)
{
	static const char text[] = "Return-Path: <a@b>\n"
				   "Received: from x\n\tby y; now\n"
				   "X-Spam: no\n"
				   "subject: one\n  two \n"
				   "Status: RO\n"
				   "Date: today\n"
				   "\n"
				   "To: nobody\n";
	static const char wanted[] = "Received: from x\tby y; now\n"
				     "subject: one  two\n"
				     "Date: today\n";
	bool right = true;

	for (size_t piece = 1; piece <= sizeof text; piece++)
		right = right && strcmp(identity_of(text, piece), wanted) == 0;
	ok(right, "fields that servers rewrite do not identify a message");
	same(identity_of("Date: today", 4), "Date: today\n",
		"the header need not be terminated");
	same(identity_of("\nDate: today\n", 4), "",
		"the body does not identify a message");
	same(identity_of("X: y\n\n", 4), "",
		"some messages have no identifying fields");
}

/* Do these fields identify the message? */
static bool tells(const char *text)
{
	struct header header;

	identity[0] = '\0';
	header_init(&header);
	header.identity = collect;
	header_feed(&header, text, strlen(text));
	header_end(&header);
	return header_is_identity(&header);
}

static void test_tells(void)
{
	ok(tells("Message-ID: <a@b>\n\n"), "a Message-ID identifies a message");
	ok(tells("Received: from x; now\nDate: today\n\n"),
		"Received and Date together identify a message");
	ok(!tells("Date: today\n\n") && !tells("Received: from x; now\n\n"),
		"one of them alone does not");
	ok(!tells("\nMessage-ID: <a@b>\n"),
		"a Message-ID in the body does not");
}

int main(void)
{
	test_tells();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];
		size_t length = strlen(row->text);
		bool right = true;

		for (size_t piece = 1; piece <= length + 1; piece++) {
			struct header header;

			header_init(&header);
			for (size_t at = 0; at < length; at += piece)
				header_feed(&header, row->text + at,
					length - at < piece ? length - at
							    : piece);
			right = right &&
				strcmp(header.message_id, row->message_id) ==
					0 &&
				strcmp(header.return_path, row->return_path) ==
					0;
		}
		ok(right, "%s, cut in any pieces", row->sentence);
	}
	test_long();
	test_identity();
	return done();
}
