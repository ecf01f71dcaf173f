/* SPDX-License-Identifier: ISC */
#include "core/token_record.h"

#include <string.h>

#include "tap.h"

static bool is_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void check_round(void)
{
	struct token_record record = {.expires = 5, .renewed = 4, .granted = 3};
	struct token_record again;
	struct buffer text;

	token_record_set(&record.client, "id");
	token_record_set(&record.token_url, "https://a/b");
	token_record_set(&record.refresh, "1//0a \"\\b");
	buffer_init(&text, TOKEN_RECORD_MAX);
	ok(token_record_make(&record, &text), "a record is made");
	ok(token_record_parse(
		   buffer_bytes(&text), buffer_length(&text), &again) &&
			is_same(again.client, "id") &&
			is_same(again.token_url, "https://a/b") &&
			is_same(again.refresh, "1//0a \"\\b") &&
			again.access == NULL && again.expires == 5 &&
			again.renewed == 4 && again.granted == 3 &&
			again.refused == 0,
		"a record is read as it was written");
	token_record_release(&again);
	for (size_t n = 0; n < buffer_length(&text); n++) {
		if (!token_record_parse(buffer_bytes(&text), n, &again))
			continue;
		ok(false, "half a record of %zu bytes is damaged", n);
		token_record_release(&again);
	}
	buffer_release(&text);
	token_record_set(&record.refresh, "a\nb");
	buffer_init(&text, TOKEN_RECORD_MAX);
	ok(!token_record_make(&record, &text),
		"a value with a line end is refused");
	buffer_release(&text);
	token_record_release(&record);
}

static void check_text(const char *name, const char *text, bool good)
{
	struct token_record record;

	ok(token_record_parse(text, strlen(text), &record) == good,
		"a file %s is %s", name, good ? "good" : "damaged");
	token_record_release(&record);
}

#define BEGIN "keepmail login 1\nclient a\ntoken-url b\n"

int main(void)
{
	check_round();
	check_text("with no token", BEGIN "end\n", true);
	check_text("with an unknown value", BEGIN "later x\nend\n", true);
	check_text("of another version",
		"keepmail login 2\nclient a\ntoken-url b\nend\n", false);
	check_text("without a client", "keepmail login 1\ntoken-url b\nend\n",
		false);
	check_text("with something behind its end", BEGIN "end\nx", false);
	check_text("with a time that is none", BEGIN "expires x\nend\n", false);
	check_text("with a negative time", BEGIN "expires -1\nend\n", false);
	check_text("with a name alone", BEGIN "access-token\nend\n", false);
	check_text("that is empty", "", false);
	check_text("of zeros", "\n\n\n", false);
	return done();
}
