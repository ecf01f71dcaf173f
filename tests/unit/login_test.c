/* SPDX-License-Identifier: ISC */
#include "core/login.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"

static void redacted(
	const char *words, const char *wanted, const char *sentence)
{
	char room[300];

	snprintf(room, sizeof room, "%s", words);
	login_redact(room, strlen(room), "test", "geheim");
	same(room, wanted, "%s", sentence);
}

int main(void)
{
	char room[LOGIN_ENCODED_MAX];
	char large[LOGIN_SECRET_MAX + 2];
	char stars[] = "a **** b";

	ok(login_encode_plain("test", "test", room), "a login is encoded");
	same(room, "AHRlc3QAdGVzdA==", "as RFC 4616 has it");
	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	ok(!login_encode_plain(large, "x", room) &&
			!login_encode_plain("x", large, room),
		"user and password have a limit");
	large[LOGIN_SECRET_MAX] = '\0';
	ok(login_encode_plain(large, large, room) &&
			strlen(room) < LOGIN_ENCODED_MAX,
		"and up to it there is room");

	redacted("[AUTH] no such user", "[AUTH] no such user",
		"words without secrets stay");
	redacted("PASS geheim? geheim!", "PASS ******? ******!",
		"the password is blanked wherever it stands");
	redacted("AUTH PLAIN AHRlc3QAZ2VoZWlt.", "AUTH PLAIN ****************.",
		"so is SASL PLAIN's response");
	redacted("LOGIN Z2VoZWlt", "LOGIN ********", "and base64 of it alone");
	redacted("CRAM dGVzdCBiOTEzYTYwMmM3ZWRhN2E0OTU=",
		"CRAM ********************************",
		"and any long run of base64");
	login_redact(stars, strlen(stars), "test", "****");
	same(stars, "a **** b", "a password of asterisks is no endless loop");
	login_redact(stars, 0, "test", "");
	same(stars, "a **** b", "no words and no password are fine");
	login_redact(stars, strlen(stars), "test", large);
	same(stars, "a **** b", "nor does a password's length matter");

	ok(login_is_ascii("abc") && login_is_ascii("") &&
			!login_is_ascii("\xc3\xa4"),
		"ASCII is told from what is not");
	return done();
}
