/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "core/gmail.h"
#include "core/member.h"
#include "tap.h"

static const struct judged {
	const char *sentence;
	long status;
	const char *body;
	enum gmail_verdict verdict;
	const char *id;
	const char *why;
} judged[] = {
	{"an id is the confirmation", 200,
		"{\n  \"id\": \"18c2f\",\n  \"threadId\": \"1\"\n}",
		GMAIL_TAKEN, "18c2f", ""},
	{"success without an id is none", 200, "{}", GMAIL_STRANGE, "", ""},
	{"nor is a page of HTML", 200, "<html>{\"id\":\"a\"}</html>",
		GMAIL_STRANGE, "", ""},
	{"nor a 204", 204, "{\"id\": \"a\"}", GMAIL_STRANGE, "", ""},
	{"nor an answer that is cut", 200, "{\"id\": \"x1\", \"thr",
		GMAIL_STRANGE, "x1", ""},
	{"nor one with more behind it", 200, "{\"id\": \"x1\"} {",
		GMAIL_STRANGE, "x1", ""},
	{"after 503 it may be there", 503,
		"{\"error\": {\"errors\": [{\"reason\": \"backendError\"}]}}",
		GMAIL_FAILED, "", ""},
	{"nor an id that is cut", 200, "{\"id\": \"a", GMAIL_STRANGE, "", ""},
	{"nor one of something else", 200, "{\"a\": {\"id\": \"a\"}}",
		GMAIL_STRANGE, "", ""},
	{"400 concerns the message", 400,
		"{\"error\": {\"code\": 400, \"message\": \"Invalid attachment, see: \\\"x\\\"\"}}",
		GMAIL_REFUSED, "", "Invalid attachment, see: \"x\""},
	{"so does 413", 413, "", GMAIL_REFUSED, "", ""},
	{"401 concerns the token", 401, "{}", GMAIL_TOKEN, "", ""},
	{"a limit of use passes", 403,
		"{\"error\": {\"errors\": [{\"reason\": \"userRateLimitExceeded\"}], \"message\": \"Slow down\"}}",
		GMAIL_LIMIT, "", "Slow down"},
	{"another 403 does not", 403,
		"{\"error\": {\"errors\": [{\"reason\":\"insufficientPermissions\"}]}}",
		GMAIL_SCOPE, "", ""},
	{"nor a third one", 403, "{\"error\": {}}", GMAIL_FORBIDDEN, "", ""},
	{"404 is a wrong user", 404, "{\"error\": {}}", GMAIL_FORBIDDEN, "",
		""},
	{"or a wrong server", 404, "Not Found", GMAIL_STRANGE, "", ""},
	{"429 passes", 429, "", GMAIL_LIMIT, "", ""},
	{"after 500 it may be there", 500, "", GMAIL_FAILED, "", ""},
	{"a redirection is no answer", 302, "", GMAIL_STRANGE, "", ""},
	{"what could be a token is hidden", 413,
		"{\"message\": \"bad ya29.0123456789012345\\u003d.\"}",
		GMAIL_REFUSED, "", "bad ***********************"},
};

static void test_judge(void)
{
	for (size_t i = 0; i < sizeof judged / sizeof judged[0]; i++) {
		const struct judged *row = &judged[i];
		struct gmail_answer answer;

		gmail_judge(row->status, row->body, strlen(row->body), &answer);
		ok(answer.verdict == row->verdict &&
				strcmp(answer.id, row->id) == 0 &&
				strcmp(answer.why, row->why) == 0,
			"%s", row->sentence);
	}
}

static void test_settings(void)
{
	ok(gmail_is_user("me") && gmail_is_user("jane.doe+x@gmail.com") &&
			!gmail_is_user("") && !gmail_is_user("a/b") &&
			!gmail_is_user("..") && !gmail_is_user("a?b"),
		"a user has only what a URL takes as it is");
	ok(gmail_are_labels("INBOX UNREAD") && gmail_are_labels("Label_1,X") &&
			!gmail_are_labels("") && !gmail_are_labels(" ,") &&
			!gmail_are_labels("a\"b") && !gmail_are_labels("a/b"),
		"labels are ids");
	ok(gmail_is_server("https://x.example") &&
			gmail_is_server("https://x:444") &&
			gmail_is_server("http://localhost:1") &&
			gmail_is_server("http://127.0.0.1") &&
			!gmail_is_server("http://x.example") &&
			!gmail_is_server("https://") &&
			!gmail_is_server("https://x/y") &&
			!gmail_is_server("https://x:0") &&
			!gmail_is_server("https://u@x") &&
			!gmail_is_server("https://x:a") &&
			!gmail_is_server("ftp://x"),
		"a server is a host and a port, with TLS unless it is this machine");
}

static void test_request(void)
{
	static const char wanted[] =
		"--b\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n"
		"{\"labelIds\": [\"INBOX\", \"Label_2\"]}\r\n"
		"--b\r\nContent-Type: message/rfc822\r\n\r\n";
	struct buffer out;

	buffer_init(&out, 4096);
	ok(gmail_head(" INBOX,,Label_2 ", "b", &out) &&
			buffer_length(&out) == sizeof wanted - 1 &&
			memcmp(buffer_bytes(&out), wanted, sizeof wanted - 1) ==
				0,
		"the request says which labels the message gets");
	buffer_consume(&out, buffer_length(&out));
	ok(gmail_tail("b", &out) && buffer_length(&out) == 9 &&
			memcmp(buffer_bytes(&out), "\r\n--b--\r\n", 9) == 0,
		"and ends");
	buffer_release(&out);
}

static void test_json(void)
{
	static const char json[] = "{\"a\":\"\",\"b\" : 12,\"c\":\"x y";
	char value[8];

	member_find_word(json, strlen(json), "a", value, sizeof value);
	same(value, "", "an empty string is empty");
	member_find_word(json, strlen(json), "b", value, sizeof value);
	same(value, "12", "a number is a word");
	member_find_text(json, strlen(json), "b", value, sizeof value);
	same(value, "", "and no text");
	member_find_text(json, strlen(json), "c", value, sizeof value);
	same(value, "x y", "a text that is cut is taken as far as it goes");
	member_find_text(json, strlen(json) - 4, "c", value, sizeof value);
	same(value, "", "if there is any of it");
}

int main(void)
{
	test_judge();
	test_settings();
	test_request();
	test_json();
	return done();
}
