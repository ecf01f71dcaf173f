/* SPDX-License-Identifier: ISC */
#include "core/plain.h"

#include <string.h>

#include "tap.h"

static char kept[400];
static size_t kept_length;

static void keep(void *data, const char *bytes, size_t length)
{
	(void)data;
	memcpy(kept + kept_length, bytes, length);
	kept_length += length;
}

static const struct row {
	const char *sentence;
	const char *text;
	const char *plain;
} rows[] = {
	{"a message without such fields is unchanged",
		"From: a\nSubject: b\n\nbody\n",
		"From: a\nSubject: b\n\nbody\n"},
	{"Status and its like are left out",
		"Status: RO\nFrom: a\nX-Status: A\nLines: 5\n"
		"Content-Length: 12\n\nbody\n",
		"From: a\n\nbody\n"},
	{"fields are removed in any letter case",
		"STATUS: RO\nx-tuid: abc\nA: b\n\nc\n", "A: b\n\nc\n"},
	{"fields are removed with their continuation lines",
		"X-Keywords: a\n b\n\tc\nA: b\n\nc\n", "A: b\n\nc\n"},
	{"other fields keep their continuation lines", "A: b\n c\n\td\n\ne",
		"A: b\n c\n\td\n\ne"},
	{"longer names with the same beginning are kept",
		"Statuses: a\nStat: b\n\nc\n", "Statuses: a\nStat: b\n\nc\n"},
	{"long lines are kept, too",
		"X-Mozilla-Status2: 0123456789012345678901234567890\n"
		"X-Mozilla-Statute: 0123456789012345678901234567890\n\n",
		"X-Mozilla-Statute: 0123456789012345678901234567890\n\n"},
	{"the body is unchanged whatever it contains", "A: b\n\nStatus: RO\n",
		"A: b\n\nStatus: RO\n"},
	{"a message that begins with an empty line has no header",
		"\nStatus: RO\n", "\nStatus: RO\n"},
	{"the end of the header may be missing", "A: b\nStatus: RO", "A: b\n"},
	{"the end of a line may be missing", "A: b\nC", "A: b\nC"},
	{"an empty message stays empty", "", ""},
};

int main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];
		size_t length = strlen(row->text);
		bool right = true;

		for (size_t piece = 1; piece <= length + 1; piece++) {
			struct plain plain;

			kept_length = 0;
			plain_init(&plain, keep, NULL);
			for (size_t at = 0; at < length; at += piece)
				plain_feed(&plain, row->text + at,
					length - at < piece ? length - at
							    : piece);
			plain_end(&plain);
			right = right && kept_length == strlen(row->plain) &&
				memcmp(kept, row->plain, kept_length) == 0;
		}
		ok(right, "%s", row->sentence);
	}
	return done();
}
