/* SPDX-License-Identifier: ISC */
#include "core/login.h"
#include "core/member.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"

static void redact(char *words, size_t length, const char *password)
{
	static const uint64_t key[2] = {7, 8};
	struct login_mask mask;

	login_mask_init(&mask, key, "test", password);
	login_redact(&mask, words, length);
}

static void redacted(
	const char *words, const char *wanted, const char *sentence)
{
	char room[300];

	snprintf(room, sizeof room, "%s", words);
	redact(room, strlen(room), "geheim");
	same(room, wanted, "%s", sentence);
}

static void test_decode(void)
{
	static const struct {
		const char *text;
		bool good;
		const char *decoded;
	} rows[] = {
		{"TWFu", true, "Man"},
		{"TWE=", true, "Ma"},
		{"TQ==", true, "M"},
		{"TQ", true, "M"},
		{"", false, ""},
		{"TW u", false, ""},
		{"TWFuTWFuTWFu", false, ""},
		{"TQ===", false, ""},
	};
	char room[8];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t n = 0;
		bool good = login_decode_base64(rows[i].text,
			strlen(rows[i].text), room, sizeof room, &n);

		ok(good == rows[i].good &&
				(!good ||
					(n == strlen(rows[i].decoded) &&
						memcmp(room, rows[i].decoded,
							n) == 0)),
			"base64 of \"%s\"", rows[i].text);
	}
}

static void test_json(void)
{
	static const char json[] =
		"{\"status\":\"401\",\"x\" : 12, \"scope\":\"a b\",\"y\":\"\\u\"}";
	char value[6];

	member_find_word(json, strlen(json), "status", value, sizeof value);
	same(value, "401", "a string in a JSON object is found");
	member_find_word(json, strlen(json), "x", value, sizeof value);
	same(value, "12", "a number");
	member_find_word(json, strlen(json), "scope", value, sizeof value);
	same(value, "a",
		"a value ends at the first character that is not plain");
	member_find_word(json, strlen(json), "none", value, sizeof value);
	same(value, "", "a missing member has an empty value");
	member_find_word("{\"a\":\"123456789\"}", 17, "a", value, sizeof value);
	same(value, "12345", "a value that is too long is truncated");
}

int main(void)
{
	char room[LOGIN_ENCODED_MAX];
	char large[LOGIN_SECRET_MAX + 2];
	char stars[] = "a **** b";

	ok(login_encode_plain("test", "test", room),
		"a PLAIN login is encoded");
	same(room, "AHRlc3QAdGVzdA==", "it is encoded as in RFC 4616");
	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	ok(!login_encode_plain(large, "x", room) &&
			!login_encode_plain("x", large, room),
		"user and password are limited in length");
	large[LOGIN_SECRET_MAX] = '\0';
	ok(login_encode_plain(large, large, room) &&
			strlen(room) < LOGIN_ENCODED_MAX,
		"a login of the maximum length fits");

	redacted("[AUTH] no such user", "[AUTH] no such user",
		"text without secrets is unchanged");
	redacted("PASS geheim? geheim!", "PASS ******? ******!",
		"the password is masked everywhere");
	redacted("AUTH PLAIN AHRlc3QAZ2VoZWlt.", "AUTH PLAIN ****************.",
		"SASL PLAIN's response is masked");
	redacted("LOGIN Z2VoZWlt", "LOGIN ********",
		"base64 of the password alone is masked");
	redacted("CRAM dGVzdCBiOTEzYTYwMmM3ZWRhN2E0OTU=",
		"CRAM ********************************",
		"any long run of base64 is masked");
	redact(stars, strlen(stars), "****");
	same(stars, "a **** b",
		"a password of asterisks does not cause an endless loop");
	redact(stars, 0, "");
	same(stars, "a **** b", "an empty text and no password are accepted");
	redact(stars, strlen(stars), large);
	same(stars, "a **** b", "the length of the password does not matter");

	static const uint64_t key[2] = {7, 8};
	struct login_mask mask;
	char words[] = "ids 0123456789abcdefghij geheim";

	login_mask_init(&mask, key, "test", "geheim");
	login_mask_apply(&mask, words, strlen(words));
	same(words, "ids 0123456789abcdefghij ******",
		"after the login, the password is masked and ids are not");
	ok(memmem(&mask, sizeof mask, "geheim", 6) == NULL,
		"a mask does not contain the password");
	ok(login_mask_uncut(&mask, 100) == 100 - 15 &&
			login_mask_uncut(&mask, 3) == 0,
		"if text is truncated, no beginning of a secret is left");

	ok(login_is_ascii("abc") && login_is_ascii("") &&
			!login_is_ascii("\xc3\xa4"),
		"ASCII is told from what is not");
	test_decode();
	test_json();
	return done();
}
