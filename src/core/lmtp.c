/* SPDX-License-Identifier: ISC */
#include "core/lmtp.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/text.h"

/* The length of sun_path, with its final NUL. */
#define SOCKET_PATH_MAX 108

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The code at the start of a line that is complete; 0: there is none. */
static int parse_code(const char *line, size_t length)
{
	if (length < 3 || line[0] < '2' || line[0] > '5' ||
		!is_digit(line[1]) || !is_digit(line[2]) ||
		(length > 3 && line[3] != ' ' && line[3] != '-'))
		return 0;
	return (line[0] - '0') * 100 + (line[1] - '0') * 10 + line[2] - '0';
}

enum lmtp_parse lmtp_parse_reply(
	const char *bytes, size_t length, struct lmtp_reply *reply)
{
	size_t at = 0;
	int first = 0;

	for (;;) {
		const char *line = bytes + at;
		const char *lf =
			at < length ? memchr(line, '\n', length - at) : NULL;

		if (lf == NULL)
			return length - at > LMTP_LINE_MAX ? LMTP_BROKEN
							   : LMTP_MORE;
		size_t n = (size_t)(lf - line);

		at += n + 1;
		if (n > 0 && line[n - 1] == '\r')
			n--;
		int code = parse_code(line, n);

		if (code == 0 || (first != 0 && code != first) ||
			at > LMTP_REPLY_MAX)
			return LMTP_BROKEN;
		first = code;
		if (n > 3 && line[3] == '-')
			continue;
		*reply = (struct lmtp_reply){.code = code,
			.text = n > 4 ? line + 4 : line + n,
			.text_length = n > 4 ? n - 4 : 0,
			.octets = at};
		return LMTP_COMPLETE;
	}
}

/* The end of a keyword in a reply to LHLO; NULL: it is not announced. */
static const char *find_keyword(
	const char *reply, size_t length, const char *keyword)
{
	size_t n = strlen(keyword);
	const char *end = reply + length;
	const char *line = memchr(reply, '\n', length);

	/* The first line has the server's name. */
	while (line != NULL && (size_t)(end - line) > 5 + n) {
		const char *word = line + 5;

		if (strncasecmp(word, keyword, n) == 0 &&
			(word[n] == '\r' || word[n] == '\n' || word[n] == ' '))
			return word + n;
		line = memchr(line + 1, '\n', (size_t)(end - line) - 1);
	}
	return NULL;
}

bool lmtp_announces(const char *reply, size_t length, const char *keyword)
{
	return find_keyword(reply, length, keyword) != NULL;
}

uint64_t lmtp_limit(const char *reply, size_t length)
{
	const char *p = find_keyword(reply, length, "SIZE");
	const char *end = reply + length;
	uint64_t limit = 0;

	for (p = p == NULL ? end : p + 1;
		p < end && *p >= '0' && *p <= '9' && limit < UINT64_MAX / 16;
		p++)
		limit = limit * 10 + (uint64_t)(*p - '0');
	return limit;
}

#define TLS_SCHEME "lmtps://"

static bool parse_port(const char *text, uint16_t *port)
{
	uint64_t number;

	if (!text_parse_number(text, UINT16_MAX, &number) || number == 0)
		return false;
	*port = (uint16_t)number;
	return true;
}

bool lmtp_parse_server(const char *text, struct lmtp_server *server)
{
	const char *colon = strrchr(text, ':');
	const char *host;
	size_t length;

	*server = (struct lmtp_server){
		.tls = strncmp(text, TLS_SCHEME, strlen(TLS_SCHEME)) == 0};
	text += server->tls ? strlen(TLS_SCHEME) : 0;
	if (strncmp(text, "unix:", 5) == 0) {
		server->path = text + 5;
		return !server->tls && text[5] == '/' &&
			strlen(text + 5) < SOCKET_PATH_MAX;
	}
	if (colon == NULL || !parse_port(colon + 1, &server->port))
		return false;
	host = text;
	length = (size_t)(colon - text);
	if (length > 2 && host[0] == '[' && host[length - 1] == ']') {
		host++;
		length -= 2;
	} else if (memchr(host, ':', length) != NULL) {
		return false;
	}
	if (length == 0 || length >= sizeof server->host)
		return false;
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)host[i];

		if (c <= ' ' || c >= 0x7f || c == '[' || c == ']')
			return false;
	}
	snprintf(server->host, sizeof server->host, "%.*s", (int)length, host);
	return true;
}

bool lmtp_is_address(const char *text)
{
	size_t length = strlen(text);

	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c <= ' ' || c >= 0x7f || c == '<' || c == '>')
			return false;
	}
	return length > 0 && length <= LMTP_ADDRESS_MAX;
}

bool lmtp_quote(struct lmtp_text *state, const char *text, size_t length,
	struct buffer *out)
{
	const char *p = text;
	const char *end = text + length;

	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		const char *stop = lf == NULL ? end : lf;

		if (!state->in_line && *p == '.' && !buffer_append(out, ".", 1))
			return false;
		if (!buffer_append(out, p, (size_t)(stop - p)) ||
			(lf != NULL && !buffer_append(out, "\r\n", 2)))
			return false;
		state->in_line = lf == NULL;
		p = lf == NULL ? end : lf + 1;
	}
	return true;
}

bool lmtp_quote_end(struct lmtp_text *state, struct buffer *out)
{
	return (!state->in_line || buffer_append(out, "\r\n", 2)) &&
		buffer_append(out, ".\r\n", 3);
}
