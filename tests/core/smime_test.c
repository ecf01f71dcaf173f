/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "core/smime.h"
#include "core/xalloc.h"
#include "tap.h"

#define FIXED                                                       \
	"MIME-Version: 1.0\n"                                       \
	"Content-Type: application/pkcs7-mime; smime-type="         \
	"enveloped-data;\n"                                         \
	" name=\"smime.p7m\"\n"                                     \
	"Content-Transfer-Encoding: base64\n"                       \
	"Content-Disposition: attachment; filename=\"smime.p7m\"\n" \
	"\n"

static const char *id = "";

static void header_is(const char *text, bool hide, const char *wanted)
{
	struct buffer out;

	const struct smime_message message = {.text = text,
		.length = strlen(text),
		.message_id = id,
		.hide = hide,
		.cipher = ENCRYPT_AES_256_CBC};

	buffer_init(&out, 100000);
	ok(smime_header(&message, &out) &&
			buffer_length(&out) == strlen(wanted) + strlen(FIXED) &&
			memcmp(buffer_bytes(&out), wanted, strlen(wanted)) ==
				0 &&
			memcmp(buffer_bytes(&out) + strlen(wanted), FIXED,
				strlen(FIXED)) == 0,
		"the header of \"%.20s...\"", text);
	buffer_release(&out);
}

static void test_header(void)
{
	id = "<1@x>";
	header_is("Received: x\nSubject: a\n b\nfrom: c\nX: y\nDATE: d\n"
		  "Message-ID: a b\nTo: e\nBcc: f\n\nFrom: body\n",
		false,
		"Subject: a\n b\nfrom: c\nDATE: d\nTo: e\nMessage-ID: <1@x>\n");
	id = "";
	/* What is no field ends the header. */
	header_is("From: a\r\n\r\nTo: text\n", false, "From: a\r\n");
	header_is("From: a\nno field\nTo: text\n", false, "From: a\n");
	header_is("text\nTo: text\n", false, "");
	header_is("Subject: a\n b\nTo: c\n\n", true, "Subject: ...\nTo: c\n");
	header_is("To: c\n\n", true, "To: c\n");
	header_is("To: c\nTo: d\nto: e\n\n", false, "To: c\n");
	header_is("\nTo: c\n", false, "");
	header_is("", false, "");
	header_is("To: c\nSubject: cut", false, "To: c\n");
	header_is("Tom: c\nFromage: d\nSubject\n: a\n\n", false, "");
	char *large = xmalloc(9001);

	memset(large, 'a', 9000);
	memcpy(large, "To: ", 4);
	memcpy(large + 8980, "\nFrom: b\n\n", 11);
	header_is(large, false, "From: b\n");
	free(large);
}

static void test_lines(void)
{
	static const char text[] = "a\n\r\nb\r\r\n\nc\rd";
	struct buffer out;

	buffer_init(&out, 1000);
	ok(smime_to_crlf(text, sizeof text - 1, &out), "lines are converted");
	static const char wanted[] = "a\r\n\r\r\nb\r\r\r\n\r\nc\rd";

	ok(buffer_length(&out) == sizeof wanted - 1 &&
			memcmp(buffer_bytes(&out), wanted, sizeof wanted - 1) ==
				0,
		"each LF is CRLF");
	size_t n = smime_from_crlf(buffer_bytes(&out), buffer_length(&out));

	ok(n == sizeof text - 1 && memcmp(buffer_bytes(&out), text, n) == 0,
		"and back again");
	buffer_release(&out);
}

static void body_is(const char *text, const char *wanted)
{
	size_t n = 0;
	const char *body = smime_body(text, strlen(text), &n);

	ok(wanted == NULL ? body == NULL
			  : body != NULL && n == strlen(wanted) &&
				memcmp(body, wanted, n) == 0,
		"the body of \"%.30s\"", text);
}

static void test_body(void)
{
	body_is("To: a\n" FIXED "MIIB\n", "MIIB\n");
	body_is(FIXED, "");
	body_is("content-type:APPLICATION/pkcs7-MIME; x=y\n\nMIIB", "MIIB");
	body_is("Content-Type: text/plain\n\nMIIB", NULL);
	body_is("Content-Type: application/pkcs7-mime; x", NULL);
	body_is("Content-Type: application/pkcs7-mime\n", NULL);
	body_is("Content-Type: application/pkcs7-mim", NULL);
	body_is("Content-Type:", NULL);
	body_is("\nContent-Type: application/pkcs7-mime\n\n", NULL);
	body_is("", NULL);
}

int main(void)
{
	test_header();
	test_lines();
	test_body();
	return done();
}
