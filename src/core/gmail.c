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

/* Is a limit of use the reason, which passes? */
static bool is_limit(const char *reason)
{
	static const char *const limits[] = {"rateLimitExceeded",
		"userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded",
		"backendError"};

	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		if (strcmp(reason, limits[i]) == 0)
			return true;
	}
	return false;
}

static enum gmail_verdict judge_status(long status, const char *reason)
{
	switch (status) {
	case 400:
	case 413:
		return GMAIL_REFUSED;
	case 401:
		return GMAIL_TOKEN;
	case 403:
		return is_limit(reason) ? GMAIL_LATER : GMAIL_FORBIDDEN;
	case 404:
		return GMAIL_FORBIDDEN;
	default:
		return GMAIL_LATER;
	}
}

void gmail_judge(long status, const char *body, size_t length,
	struct gmail_answer *answer)
{
	char reason[64];

	*answer = (struct gmail_answer){.id = ""};
	member_find_word(body, length, "reason", reason, sizeof reason);
	member_find_text(
		body, length, "message", answer->why, sizeof answer->why);
	if (status >= 200 && status < 300) {
		member_find_word(
			body, length, "id", answer->id, sizeof answer->id);
		/* Without one, it is not an answer of Gmail's. */
		answer->verdict =
			answer->id[0] != '\0' ? GMAIL_TAKEN : GMAIL_LATER;
		return;
	}
	answer->verdict = judge_status(status, reason);
}
