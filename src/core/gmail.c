/* SPDX-License-Identifier: ISC */
#include "core/gmail.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/account.h"
#include "core/member.h"
#include "core/text.h"
#include "core/xalloc.h"

static bool is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		(c >= 'a' && c <= 'z');
}

bool gmail_is_user(const char *text)
{
	size_t n = 0;

	for (; text[n] != '\0'; n++) {
		if (!is_alphanumeric(text[n]) &&
			strchr("@._+-", text[n]) == NULL)
			return false;
	}
	return n > 0 && n < 255 && strcmp(text, ".") != 0 &&
		strcmp(text, "..") != 0;
}

static bool is_separator(char c)
{
	return c == ' ' || c == ',';
}

bool gmail_are_labels(const char *text)
{
	size_t n = 0;

	for (size_t i = 0; text[i] != '\0'; i++) {
		if (is_separator(text[i]))
			continue;
		if (!is_alphanumeric(text[i]) && text[i] != '_')
			return false;
		n++;
	}
	return n > 0 && strlen(text) < 1000;
}

bool gmail_is_server(const char *text)
{
	bool tls = strncasecmp(text, "https://", 8) == 0;
	const char *host = text + (tls ? 8 : 7);
	size_t length;
	uint64_t port = 1;

	if (!tls && strncasecmp(text, "http://", 7) != 0)
		return false;
	length = strcspn(host, ":");
	for (size_t i = 0; i < length; i++) {
		if (!is_alphanumeric(host[i]) && strchr(".-", host[i]) == NULL)
			return false;
	}
	if (host[length] == ':' &&
		!text_parse_number(host + length + 1, UINT16_MAX, &port))
		return false;
	char *name = xasprintf("%.*s", (int)length, host);
	bool ok = length > 0 && port > 0 && (tls || account_is_loopback(name));

	free(name);
	return ok;
}

bool gmail_head(const char *labels, const char *boundary, struct buffer *out)
{
	bool first = true;

	if (!buffer_printf(out,
		    "--%s\r\nContent-Type: application/json; charset=UTF-8\r\n"
		    "\r\n{\"labelIds\": [",
		    boundary))
		return false;
	while (*labels != '\0') {
		size_t n = 0;

		while (labels[n] != '\0' && !is_separator(labels[n]))
			n++;
		if (n > 0 &&
			!buffer_printf(out, "%s\"%.*s\"", first ? "" : ", ",
				(int)n, labels))
			return false;
		first = first && n == 0;
		labels += n > 0 ? n : 1;
	}
	return buffer_printf(out,
		"]}\r\n--%s\r\nContent-Type: message/rfc822\r\n\r\n", boundary);
}

bool gmail_tail(const char *boundary, struct buffer *out)
{
	return buffer_printf(out, "\r\n--%s--\r\n", boundary);
}

static bool is_one_of(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(word, words[i]) == 0)
			return true;
	}
	return false;
}

#define IS_ONE_OF(word, words) \
	is_one_of(word, words, sizeof(words) / sizeof((words)[0]))

/* Why a request that is well-formed was not done. */
static enum gmail_verdict judge_reason(const char *reason)
{
	/* Those of use, which pass. */
	static const char *const limits[] = {"rateLimitExceeded",
		"userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded",
		"RATE_LIMIT_EXCEEDED"};
	static const char *const scopes[] = {
		"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"};

	if (IS_ONE_OF(reason, limits))
		return GMAIL_LIMIT;
	return IS_ONE_OF(reason, scopes) ? GMAIL_SCOPE : GMAIL_FORBIDDEN;
}

static enum gmail_verdict judge_malformed(const char *reason, const char *why)
{
	if (strcmp(reason, "failedPrecondition") == 0)
		return GMAIL_FORBIDDEN;
	return strncmp(why, "Invalid label", 13) == 0 ? GMAIL_LABEL
						      : GMAIL_REFUSED;
}

static enum gmail_verdict judge_failure(
	long status, bool ours, const char *reason, const char *why)
{
	switch (status) {
	case 400:
		return ours ? judge_malformed(reason, why) : GMAIL_STRANGE;
	case 401:
		return GMAIL_TOKEN;
	case 403:
		return ours ? judge_reason(reason) : GMAIL_STRANGE;
	case 404:
		return ours ? GMAIL_FORBIDDEN : GMAIL_STRANGE;
	case 413:
		return GMAIL_REFUSED;
	case 429:
		return GMAIL_LIMIT;
	case 503:
		/* For any other reason, it may have been taken. */
		return judge_reason(reason) == GMAIL_LIMIT ? GMAIL_LIMIT
							   : GMAIL_FAILED;
	default:
		return status >= 500 ? GMAIL_FAILED : GMAIL_STRANGE;
	}
}

/* Could this be a part of a token (RFC 6750 section 2.1)? */
static bool is_of_token(char c)
{
	return is_alphanumeric(c) ||
		(c != '\0' && strchr("-._~+/=", c) != NULL);
}

/* A server may say what it was sent; no word is that long. */
static void hide_tokens(char *words)
{
	size_t run = 0;

	for (size_t i = 0;; i++) {
		if (is_of_token(words[i])) {
			run++;
			continue;
		}
		if (run >= 20)
			memset(words + i - run, '*', run);
		run = 0;
		if (words[i] == '\0')
			return;
	}
}

void gmail_judge(long status, const char *body, size_t length,
	struct gmail_answer *answer)
{
	char reason[64];
	char unused[2];

	*answer = (struct gmail_answer){.status = (int)status};
	bool ours = member_of_top(body, length, "error", unused, sizeof unused);

	member_find_word(body, length, "reason", reason, sizeof reason);
	member_find_text(
		body, length, "message", answer->why, sizeof answer->why);
	hide_tokens(answer->why);
	if (status != 200) {
		answer->verdict =
			judge_failure(status, ours, reason, answer->why);
		return;
	}
	member_of_top(body, length, "id", answer->id, sizeof answer->id);
	/* What is cut off might end in an error. */
	answer->verdict =
		answer->id[0] != '\0' && !ours && member_is_whole(body, length)
		? GMAIL_TAKEN
		: GMAIL_STRANGE;
}
