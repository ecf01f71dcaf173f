/* SPDX-License-Identifier: ISC */
#include "core/envelope.h"

#include <string.h>

#include "core/header.h"
#include "tap.h"

/* Reads a message's header in pieces of the given length. */
static void read_header(struct envelope *envelope, const char *text,
	size_t length, size_t piece)
{
	static struct header header;

	envelope_init(envelope);
	header_init(&header);
	header.each = envelope_take;
	header.data = envelope;
	for (size_t at = 0; at < length; at += piece)
		header_feed(&header, text + at,
			length - at < piece ? length - at : piece);
	header_end(&header);
}

static const char *subject(const struct envelope *envelope)
{
	static char room[ENVELOPE_SUBJECT_MAX + 1];

	memcpy(room, envelope->subject, envelope->subject_length);
	room[envelope->subject_length] = '\0';
	return room;
}

static void test_fields(void)
{
	static const char text[] =
		"Received: from x\n"
		"FROM : Alice <a@b>\n"
		"subject: one\n =?utf-8?Q?t?=\n\t=?utf-8?Q?wo?=\n"
		"Date: Thu, 1 Jan 1970 00:01:00 +0000\n"
		"From: Bob <b@c>\n"
		"Subject: three\n"
		"Date: Thu, 1 Jan 1970 00:02:00 +0000\n"
		"\n"
		"Subject: four\n";
	struct envelope envelope;
	bool right = true;

	for (size_t piece = 1; piece <= sizeof text; piece++) {
		read_header(&envelope, text, sizeof text - 1, piece);
		right = right && envelope.has_from && envelope.has_subject &&
			envelope.has_date && envelope.date == 60 &&
			envelope.from.name_length == 5 &&
			memcmp(envelope.from.name, "Alice", 5) == 0 &&
			envelope.from.address_length == 3 &&
			strcmp(subject(&envelope), "one two") == 0;
	}
	ok(right, "the first of each field is used, whatever the pieces");
}

static void test_missing(void)
{
	struct envelope envelope;

	read_header(&envelope, "X: y\n\nFrom: a@b\n", 16, 16);
	ok(!envelope.has_from && !envelope.has_subject && !envelope.has_date,
		"fields missing from the header are not known");
	read_header(&envelope, "Subjects: y\nSubject\nFromm: a\n", 29, 29);
	ok(!envelope.has_from && !envelope.has_subject,
		"other fields are not mistaken for them");
	read_header(&envelope, "Subject:\nDate: soon\n\n", 21, 21);
	ok(envelope.has_subject && envelope.subject_length == 0,
		"an empty subject counts as a subject");
	ok(!envelope.has_date, "a malformed date is not used");
	read_header(&envelope,
		"Date: soon\nDate: Thu, 1 Jan 1970 00:02:00 GMT\n\n", 47, 47);
	ok(envelope.has_date && envelope.date == 120,
		"after a malformed date the next one is used");
}

static void test_long(void)
{
	static char text[3 * HEADER_FIELD_LONG];
	static struct envelope envelope;

	memset(text, 'x', sizeof text);
	memcpy(text, "Subject: ", 9);
	memcpy(text + sizeof text - 12, "\nFrom: a@b\n\n", 12);
	read_header(&envelope, text, sizeof text, 100);
	ok(envelope.subject_length == ENVELOPE_SUBJECT_MAX && envelope.has_from,
		"an endless field is truncated, and does not hide the next");
	memset(text, 'x', 1200);
	memcpy(text, "Subject: ", 9);
	text[1200] = '\n';
	read_header(&envelope, text, 1201, 7);
	ok(envelope.subject_length == 1200 - 9, "a long field is complete");
}

int main(void)
{
	test_fields();
	test_missing();
	test_long();
	return done();
}
