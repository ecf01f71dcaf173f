/* SPDX-License-Identifier: ISC */
#include "core/pop3.h"

#include <string.h>
#include <strings.h>

#include "core/text.h"

void pop3_init(struct pop3_parser *parser)
{
	*parser = (struct pop3_parser){.idle = true};
	buffer_init(&parser->line, POP3_STATUS_MAX);
}

void pop3_release(struct pop3_parser *parser)
{
	buffer_release(&parser->line);
}

void pop3_expect(struct pop3_parser *parser, enum pop3_answer answer)
{
	parser->answer = answer;
	parser->state = POP3_AT_STATUS;
	parser->octets = 0;
	parser->idle = false;
}

static void broken(struct pop3_parser *parser, struct pop3_event *event,
	const char *what, const char *words, size_t length)
{
	event->type = POP3_BROKEN;
	event->text = what;
	event->length = strlen(what);
	event->said = words;
	event->said_length = length;
	parser->idle = true;
}

static void answer_end(struct pop3_parser *parser, struct pop3_event *event)
{
	event->type = POP3_END;
	event->text = "";
	event->length = 0;
	event->octets = parser->octets;
	parser->idle = true;
}

/* Does line begin with word, followed by a blank or nothing? */
static bool starts(const char *line, size_t length, const char *word)
{
	size_t n = strlen(word);

	return length >= n && memcmp(line, word, n) == 0 &&
		(length == n || line[n] == ' ' || line[n] == '\t');
}

static void status_line(struct pop3_parser *parser, const char *line,
	size_t length, struct pop3_event *event)
{
	size_t skip;

	if (starts(line, length, "+OK")) {
		event->status = POP3_OK;
		skip = 3;
	} else if (starts(line, length, "-ERR")) {
		event->status = POP3_ERR;
		skip = 4;
	} else if (parser->answer == POP3_LOGIN && starts(line, length, "+")) {
		event->status = POP3_CONTINUE;
		skip = 1;
	} else {
		broken(parser, event,
			"the server answered neither +OK nor -ERR", line,
			length);
		return;
	}
	if (skip < length)
		skip++;
	event->type = POP3_STATUS;
	event->text = line + skip;
	event->length = length - skip;
	if (event->status != POP3_OK || parser->answer == POP3_SINGLE ||
		parser->answer == POP3_LOGIN)
		parser->idle = true;
	else if (parser->answer == POP3_LISTING)
		parser->state = POP3_AT_LINE;
	else
		parser->state = POP3_AT_START;
}

static void listed_line(struct pop3_parser *parser, const char *line,
	size_t length, struct pop3_event *event)
{
	if (length == 1 && line[0] == '.') {
		answer_end(parser, event);
		return;
	}
	if (length > 0 && line[0] == '.') {
		line++;
		length--;
	}
	event->type = POP3_LINE;
	event->text = line;
	event->length = length;
}

/*
 * Status and listing lines may end with a bare LF, which a few old servers
 * send: unlike in a message, that cannot be mistaken for contents.
 */
static size_t feed_line(struct pop3_parser *parser, const char *bytes,
	size_t length, struct pop3_event *event)
{
	bool status = parser->state == POP3_AT_STATUS;
	size_t max = status ? POP3_STATUS_MAX : POP3_LISTED_MAX;
	size_t held = buffer_length(&parser->line);
	const char *lf = memchr(bytes, '\n', length);
	size_t taken = lf == NULL ? length : (size_t)(lf - bytes) + 1;
	const char *line = bytes;
	size_t n = taken;

	if (held + taken > max) {
		broken(parser, event, "the server sent a line without end",
			held > 0 ? buffer_bytes(&parser->line) : bytes,
			held > 0 ? held : max);
		return taken;
	}
	if (held > 0 || lf == NULL) {
		buffer_append(&parser->line, bytes, taken);
		if (lf == NULL)
			return taken;
		line = buffer_bytes(&parser->line);
		n = buffer_length(&parser->line);
		/* The bytes stay in place until the next append. */
		buffer_consume(&parser->line, n);
	}
	n--;
	if (n > 0 && line[n - 1] == '\r')
		n--;
	if (status)
		status_line(parser, line, n, event);
	else
		listed_line(parser, line, n, event);
	return taken;
}

/* Closes the gap that removed bytes left in front of these n bytes. */
static char *move_down(char *to, const char *from, size_t n)
{
	if (to != from)
		memmove(to, from, n);
	return to + n;
}

/*
 * Copies text up to the next LF or the end of the block to *to. A CR at the end
 * of the block is only noted in the state, since LF may follow it.
 */
static const char *feed_text(
	struct pop3_parser *parser, const char *p, const char *end, char **to)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));

	if (lf == NULL) {
		bool cr = end[-1] == '\r';

		*to = move_down(*to, p, (size_t)(end - p) - cr);
		parser->state = cr ? POP3_AT_TEXT_CR : POP3_AT_TEXT;
		return end;
	}
	if (lf > p && lf[-1] == '\r') {
		*to = move_down(*to, p, (size_t)(lf - p) - 1);
		*(*to)++ = '\n';
		parser->octets++;
		parser->state = POP3_AT_START;
	} else {
		*to = move_down(*to, p, (size_t)(lf - p) + 1);
		parser->state = POP3_AT_TEXT;
	}
	return lf + 1;
}

static void text_event(struct pop3_parser *parser, struct pop3_event *event,
	const char *text, size_t n)
{
	parser->octets += n;
	event->type = n > 0 ? POP3_TEXT : POP3_MORE;
	event->text = text;
	event->length = n;
}

/* At the start of a line; a dot is stuffed, or ends the message. */
static const char *feed_start(struct pop3_parser *parser, const char *p)
{
	if (*p != '.') {
		parser->state = POP3_AT_TEXT;
		return p;
	}
	parser->state = POP3_AT_DOT;
	return p + 1;
}

static size_t feed_message(struct pop3_parser *parser, char *bytes,
	size_t length, struct pop3_event *event)
{
	const char *p = bytes;
	const char *end = bytes + length;
	char *to = bytes;

	while (p < end) {
		switch (parser->state) {
		case POP3_AT_STATUS:
		case POP3_AT_LINE:
			break;
		case POP3_AT_START:
			p = feed_start(parser, p);
			break;
		case POP3_AT_DOT:
			/* The leading dot is removed, whatever follows it. */
			parser->state =
				*p == '\r' ? POP3_AT_DOT_CR : POP3_AT_TEXT;
			p += *p == '\r';
			break;
		case POP3_AT_DOT_CR:
			if (*p != '\n') {
				parser->state = POP3_AT_TEXT_CR;
				break;
			}
			if (to > bytes) {
				/* The text is an event of its own; the LF is
				 * parsed again by the next call. */
				text_event(parser, event, bytes,
					(size_t)(to - bytes));
				return (size_t)(p - bytes);
			}
			answer_end(parser, event);
			return (size_t)(p - bytes) + 1;
		case POP3_AT_TEXT_CR:
			if (*p == '\n') {
				*to++ = '\n';
				p++;
				parser->octets++;
				parser->state = POP3_AT_START;
				break;
			}
			parser->state = POP3_AT_TEXT;
			if (to == p) {
				/* The CR was the end of the last block, so
				 * there is no room for it in this one. */
				text_event(parser, event, "\r", 1);
				return (size_t)(p - bytes);
			}
			*to++ = '\r';
			break;
		case POP3_AT_TEXT:
			p = feed_text(parser, p, end, &to);
			break;
		}
	}
	text_event(parser, event, bytes, (size_t)(to - bytes));
	return length;
}

size_t pop3_feed(struct pop3_parser *parser, char *bytes, size_t length,
	struct pop3_event *event)
{
	*event = (struct pop3_event){.type = POP3_MORE, .text = ""};
	if (parser->idle || length == 0)
		return 0;
	if (parser->state == POP3_AT_STATUS || parser->state == POP3_AT_LINE)
		return feed_line(parser, bytes, length, event);
	return feed_message(parser, bytes, length, event);
}

bool pop3_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool pop3_parse_listed(const char *line, size_t length, uint32_t *number,
	const char **rest, size_t *rest_length)
{
	uint32_t n = 0;
	size_t i = 0;

	while (i < length && pop3_is_blank(line[i]))
		i++;
	size_t first = i;

	for (; i < length && line[i] >= '0' && line[i] <= '9'; i++) {
		uint32_t digit = (uint32_t)(line[i] - '0');

		if (n > (INT32_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	if (i == first || n == 0 || (i < length && !pop3_is_blank(line[i])))
		return false;
	while (i < length && pop3_is_blank(line[i]))
		i++;
	while (length > i && pop3_is_blank(line[length - 1]))
		length--;
	*number = n;
	*rest = line + i;
	*rest_length = length - i;
	return true;
}

enum pop3_code pop3_response_code(const char *text, size_t length)
{
	static const struct {
		const char *name;
		enum pop3_code code;
	} codes[] = {
		{"IN-USE", POP3_CODE_IN_USE},
		{"LOGIN-DELAY", POP3_CODE_LOGIN_DELAY},
		{"SYS/TEMP", POP3_CODE_SYS_TEMP},
		{"SYS/PERM", POP3_CODE_SYS_PERM},
		{"AUTH", POP3_CODE_AUTH},
	};

	if (length < 3 || text[0] != '[')
		return POP3_CODE_NONE;
	const char *close = memchr(text, ']', length);

	if (close == NULL)
		return POP3_CODE_NONE;
	size_t n = (size_t)(close - text) - 1;

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		size_t m = strlen(codes[i].name);

		if (n >= m && strncasecmp(text + 1, codes[i].name, m) == 0 &&
			(n == m || text[1 + m] == '/'))
			return codes[i].code;
	}
	return POP3_CODE_OTHER;
}

enum error_kind pop3_code_kind(enum pop3_code code, enum error_kind otherwise)
{
	switch (code) {
	case POP3_CODE_IN_USE:
	case POP3_CODE_LOGIN_DELAY:
	case POP3_CODE_SYS_TEMP:
		return ERROR_TEMPORARY;
	case POP3_CODE_SYS_PERM:
		return ERROR_UNAVAILABLE;
	case POP3_CODE_AUTH:
		return ERROR_LOGIN;
	case POP3_CODE_NONE:
	case POP3_CODE_OTHER:
		break;
	}
	return otherwise;
}

/* The next word of a capability line; false at its end. */
static bool next_word(
	const char **line, size_t *length, const char **word, size_t *n)
{
	while (*length > 0 && **line == ' ') {
		(*line)++;
		(*length)--;
	}
	*word = *line;
	for (*n = 0; *n < *length && (*word)[*n] != ' '; (*n)++)
		;
	*line += *n;
	*length -= *n;
	return *n > 0;
}

static bool is_word(const char *word, size_t n, const char *name)
{
	return n == strlen(name) && strncasecmp(word, name, n) == 0;
}

static void capability_sasl(
	struct pop3_capabilities *capabilities, const char *line, size_t length)
{
	const char *word;
	size_t n;

	capabilities->sasl = true;
	while (length > 0 && *line == ' ') {
		line++;
		length--;
	}
	text_printable(capabilities->mechanisms,
		sizeof capabilities->mechanisms, line, length);
	while (next_word(&line, &length, &word, &n)) {
		if (is_word(word, n, "PLAIN"))
			capabilities->sasl_plain = true;
		if (is_word(word, n, "LOGIN"))
			capabilities->sasl_login = true;
	}
}

/* The next word, if it is a number of at most six digits. */
static bool next_number(const char *line, size_t length, uint32_t *number)
{
	const char *word;
	size_t n;

	*number = 0;
	if (!next_word(&line, &length, &word, &n) || n > 6)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (word[i] < '0' || word[i] > '9')
			return false;
		*number = *number * 10 + (uint32_t)(word[i] - '0');
	}
	return true;
}

void pop3_capability(
	struct pop3_capabilities *capabilities, const char *line, size_t length)
{
	const char *word;
	size_t n;

	if (!next_word(&line, &length, &word, &n))
		return;
	if (is_word(word, n, "PIPELINING"))
		capabilities->pipelining = true;
	else if (is_word(word, n, "UIDL"))
		capabilities->uidl = true;
	else if (is_word(word, n, "TOP"))
		capabilities->top = true;
	else if (is_word(word, n, "USER"))
		capabilities->user = true;
	else if (is_word(word, n, "STLS"))
		capabilities->stls = true;
	else if (is_word(word, n, "SASL"))
		capability_sasl(capabilities, line, length);
	else if (is_word(word, n, "EXPIRE"))
		/* If there is no number, it is NEVER. */
		capabilities->expires =
			next_number(line, length, &capabilities->expire_days);
	else if (is_word(word, n, "LOGIN-DELAY"))
		capabilities->delays =
			next_number(line, length, &capabilities->delay_seconds);
	else if (is_word(word, n, "UTF8")) {
		capabilities->utf8 = true;
		while (next_word(&line, &length, &word, &n)) {
			if (is_word(word, n, "USER"))
				capabilities->utf8_user = true;
		}
	}
}
