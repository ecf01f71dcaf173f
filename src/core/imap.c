/* SPDX-License-Identifier: ISC */
#include "core/imap.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Parses digits at *at; false: there are none, or too many. */
static bool parse_digits(
	const struct imap_text *text, size_t *at, uint32_t *number)
{
	uint64_t value = 0;
	size_t from = *at;

	while (*at < text->length && is_digit(text->bytes[*at]) &&
		value <= UINT32_MAX)
		value = value * 10 + (uint64_t)(text->bytes[(*at)++] - '0');
	if (*at == from || value > UINT32_MAX)
		return false;
	*number = (uint32_t)value;
	return true;
}

/*
 * The length of the literal that is announced at the end of a line: "{12}".
 * False if there is none.
 */
static bool find_literal(const char *line, size_t length, uint32_t *octets)
{
	const struct imap_text text = {line, length};
	size_t open = length;

	if (length < 3 || line[length - 1] != '}')
		return false;
	do
		open--;
	while (open > 0 && line[open] != '{');
	size_t at = open + 1;

	return line[open] == '{' && parse_digits(&text, &at, octets) &&
		at == length - 1;
}

bool imap_begins(const struct imap_text *text, const char *word)
{
	size_t n = strlen(word);

	return text->length >= n && strncasecmp(text->bytes, word, n) == 0 &&
		(text->length == n || text->bytes[n] == ' ');
}

static enum imap_status parse_status(const struct imap_text *rest)
{
	static const struct {
		const char *word;
		enum imap_status status;
	} words[] = {
		{"OK", IMAP_OK},
		{"NO", IMAP_NO},
		{"BAD", IMAP_BAD},
		{"BYE", IMAP_BYE},
		{"PREAUTH", IMAP_PREAUTH},
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (imap_begins(rest, words[i].word))
			return words[i].status;
	}
	return IMAP_DATA;
}

static void skip(struct imap_text *text, size_t n)
{
	text->bytes += n;
	text->length -= n;
}

static void skip_blanks(struct imap_text *text)
{
	while (text->length > 0 && text->bytes[0] == ' ')
		skip(text, 1);
}

/* Separates the word of a status and its code from the words for people. */
static void take_code(struct imap_response *response)
{
	struct imap_text *text = &response->text;
	size_t word = 0;

	while (word < text->length && text->bytes[word] != ' ')
		word++;
	skip(text, word);
	skip_blanks(text);
	if (text->length == 0 || text->bytes[0] != '[')
		return;
	const char *end = memchr(text->bytes, ']', text->length);

	if (end == NULL)
		return;
	response->code = (struct imap_text){
		text->bytes + 1, (size_t)(end - text->bytes) - 1};
	skip(text, (size_t)(end - text->bytes) + 1);
	skip_blanks(text);
}

/* Parses the beginning of a response from its first line. */
static bool parse_line(
	const char *line, size_t length, struct imap_response *response)
{
	struct imap_text rest = {line, length};
	size_t at = 1;

	*response = (struct imap_response){.status = IMAP_DATA};
	if (length > 0 && line[0] == '+' && (length == 1 || line[1] == ' ')) {
		response->status = IMAP_CONTINUE;
		skip(&rest, length == 1 ? 1 : 2);
		response->text = rest;
		return true;
	}
	if (length > 2 && line[0] == '*' && line[1] == ' ')
		at = 2;
	else if (length > 3 && line[0] == 'k' &&
		parse_digits(&rest, &at, &response->tag) && response->tag > 0 &&
		at < length && line[at] == ' ')
		at++;
	else
		return false;
	skip(&rest, at);
	response->text = rest;
	response->status = parse_status(&rest);
	if (response->status == IMAP_DATA)
		return response->tag == 0;
	take_code(response);
	return true;
}

enum imap_parse imap_parse_response(
	const char *bytes, size_t length, struct imap_response *response)
{
	size_t at = 0;

	for (;;) {
		const char *line = bytes + at;
		const char *lf =
			at < length ? memchr(line, '\n', length - at) : NULL;
		uint32_t octets;

		if (lf == NULL)
			return length > IMAP_RESPONSE_MAX ? IMAP_BROKEN
							  : IMAP_MORE;
		size_t n = (size_t)(lf - line);

		if (n > 0 && line[n - 1] == '\r')
			n--;
		if (at == 0 && !parse_line(line, n, response))
			return IMAP_BROKEN;
		at = (size_t)(lf - bytes) + 1;
		/* Words for people may contain anything. */
		if (response->status != IMAP_DATA ||
			!find_literal(line, n, &octets))
			break;
		if (at + octets > IMAP_RESPONSE_MAX)
			return IMAP_BROKEN;
		if (octets > length - at)
			return IMAP_MORE;
		if (response->literal.bytes == NULL)
			response->literal =
				(struct imap_text){bytes + at, octets};
		at += octets;
	}
	response->octets = at;
	return IMAP_COMPLETE;
}

/* Finds a word: its end; or 0. */
static size_t find_word(const struct imap_text *text, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= text->length; i++) {
		const char *p = text->bytes + i;
		bool starts = i == 0 || p[-1] == ' ' || p[-1] == '(';
		bool ends = word[n - 1] == '=' || i + n == text->length ||
			p[n] == ' ' || p[n] == ')';

		if (starts && ends && strncasecmp(p, word, n) == 0)
			return i + n;
	}
	return 0;
}

bool imap_has(const struct imap_text *text, const char *word)
{
	return find_word(text, word) > 0;
}

bool imap_next_number(
	const struct imap_text *text, size_t *at, uint32_t *number)
{
	while (*at < text->length && text->bytes[*at] == ' ')
		(*at)++;
	return parse_digits(text, at, number);
}

bool imap_find_number(
	const struct imap_text *text, const char *word, uint32_t *number)
{
	size_t at = find_word(text, word);
	uint32_t found;

	if (at == 0 || !imap_next_number(text, &at, &found) || found == 0)
		return false;
	*number = found;
	return true;
}

/* Parses "5" or "5:7" at *at. */
static bool parse_range(const struct imap_text *text, size_t *at,
	uint32_t *first, uint32_t *last)
{
	if (!parse_digits(text, at, first) || *first == 0)
		return false;
	*last = *first;
	if (*at == text->length || text->bytes[*at] != ':')
		return true;
	(*at)++;
	return parse_digits(text, at, last) && *last >= *first;
}

bool imap_parse_appenduid(
	const struct imap_text *code, size_t ordinal, struct imap_place *place)
{
	static const char word[] = "APPENDUID";
	size_t at = sizeof word - 1;
	struct imap_place found;
	uint32_t last;

	if (!imap_begins(code, word) ||
		!imap_next_number(code, &at, &found.validity))
		return false;
	while (at < code->length &&
		(code->bytes[at] == ' ' || code->bytes[at] == ',')) {
		at++;
		if (!parse_range(code, &at, &found.uid, &last))
			return false;
		if (ordinal <= last - found.uid) {
			found.uid += (uint32_t)ordinal;
			*place = found;
			return true;
		}
		ordinal -= (size_t)(last - found.uid) + 1;
	}
	return false;
}

char *imap_name_place(char *room, size_t size, const struct imap_place *place)
{
	snprintf(room, size, "UID %u (UIDVALIDITY %u)", place->uid,
		place->validity);
	return room;
}

char *imap_name_start(char *room, size_t size, const struct imap_place *place)
{
	snprintf(room, size, "UID %u or later (UIDVALIDITY %u)", place->uid,
		place->validity);
	return room;
}

static bool parse_name(const char *text, bool later, struct imap_place *place)
{
	const struct imap_text whole = {text, strlen(text)};
	struct imap_place found;

	if (!imap_begins(&whole, "UID") || imap_has(&whole, "later") != later ||
		!imap_find_number(&whole, "UID", &found.uid) ||
		!imap_find_number(&whole, "UIDVALIDITY", &found.validity))
		return false;
	*place = found;
	return true;
}

bool imap_parse_place(const char *text, struct imap_place *place)
{
	return parse_name(text, false, place);
}

bool imap_parse_start(const char *text, struct imap_place *place)
{
	return parse_name(text, true, place);
}

/* Does this occur in text, in any case? */
static bool contains(const struct imap_text *text, const char *part)
{
	size_t n = strlen(part);

	for (size_t i = 0; i + n <= text->length; i++) {
		if (strncasecmp(text->bytes + i, part, n) == 0)
			return true;
	}
	return false;
}

enum imap_refusal imap_refusal(const struct imap_response *response)
{
	const struct imap_text *code = &response->code;

	static const struct {
		const char *word;
		enum imap_refusal refusal;
	} codes[] = {
		{"UNAVAILABLE", IMAP_REFUSES_NOW},
		{"INUSE", IMAP_REFUSES_NOW},
		{"SERVERBUG", IMAP_REFUSES_NOW},
		{"CORRUPTION", IMAP_REFUSES_NOW},
		{"THROTTLED", IMAP_REFUSES_NOW},
		{"OVERQUOTA", IMAP_REFUSES_NOW},
		{"TRYCREATE", IMAP_REFUSES_MAILBOX},
		{"NONEXISTENT", IMAP_REFUSES_MAILBOX},
		{"NOPERM", IMAP_REFUSES_MAILBOX},
		{"AUTHORIZATIONFAILED", IMAP_REFUSES_MAILBOX},
		{"READ-ONLY", IMAP_REFUSES_MAILBOX},
		{"EXPIRED", IMAP_REFUSES_MAILBOX},
		{"CONTACTADMIN", IMAP_REFUSES_MAILBOX},
	};

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		if (imap_begins(code, codes[i].word))
			return codes[i].refusal;
	}
	/* Cyrus has no code for it. */
	return code->length == 0 && contains(&response->text, "quota")
		? IMAP_REFUSES_NOW
		: IMAP_REFUSES_MESSAGE;
}

void imap_format_date(char *room, int64_t seconds)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t time = (time_t)seconds;
	struct tm tm;

	/* Four digits of a year are all that the form has. */
	if (gmtime_r(&time, &tm) == NULL || tm.tm_year < 0 || tm.tm_year > 8099)
		tm = (struct tm){.tm_mday = 1, .tm_year = 70};
	snprintf(room, IMAP_DATE_MAX, "\"%2d-%.3s-%04d %02d:%02d:%02d +0000\"",
		tm.tm_mday, months + 3 * tm.tm_mon, tm.tm_year + 1900,
		tm.tm_hour, tm.tm_min, tm.tm_sec);
}

bool imap_append_text(struct buffer *out, const char *text, size_t length)
{
	const char *end = text + length;

	for (const char *p = text; p < end;) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		const char *stop = lf == NULL ? end : lf;

		if (!buffer_append(out, p, (size_t)(stop - p)) ||
			(lf != NULL && !buffer_append(out, "\r\n", 2)))
			return false;
		p = lf == NULL ? end : lf + 1;
	}
	return true;
}

size_t imap_text_length(const char *text, size_t length)
{
	const char *end = text + length;
	size_t lines = 0;

	for (const char *p = text; p < end; p++) {
		p = memchr(p, '\n', (size_t)(end - p));
		if (p == NULL)
			break;
		lines++;
	}
	return length + lines;
}

static void emit_crs(struct imap_reader *reader, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		reader->emit(reader->data, "\r", 1);
	reader->crs = 0;
}

void imap_read_text(struct imap_reader *reader, const char *text, size_t length)
{
	for (size_t at = 0; at < length;) {
		size_t n = 0;

		if (text[at] == '\r') {
			reader->crs++;
			at++;
			continue;
		}
		/* One CR before an LF is part of the line end. */
		emit_crs(reader,
			text[at] == '\n' && reader->crs > 0 ? reader->crs - 1
							    : reader->crs);
		while (at + n < length && text[at + n] != '\r')
			n++;
		reader->emit(reader->data, text + at, n);
		at += n;
	}
}
