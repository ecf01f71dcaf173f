/* SPDX-License-Identifier: ISC */
#include "core/words.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "core/header.h"
#include "core/text.h"

/* Where decoded text goes; what is beyond the room is left out. */
struct output {
	char *room;
	size_t size;
	size_t used;
	bool full; /* something was left out, and so is what follows */
};

static void put(struct output *output, const char *bytes, size_t length)
{
	if (length > output->size - output->used)
		output->full = true;
	if (output->full)
		return;
	memcpy(output->room + output->used, bytes, length);
	output->used += length;
}

/* A character below 0x10000 in UTF-8. */
static void put_character(struct output *output, unsigned code)
{
	char bytes[3];
	size_t n = 0;

	if (code < 0x80) {
		bytes[n++] = (char)code;
	} else if (code < 0x800) {
		bytes[n++] = (char)(0xc0 | code >> 6);
		bytes[n++] = (char)(0x80 | (code & 0x3f));
	} else {
		bytes[n++] = (char)(0xe0 | code >> 12);
		bytes[n++] = (char)(0x80 | (code >> 6 & 0x3f));
		bytes[n++] = (char)(0x80 | (code & 0x3f));
	}
	put(output, bytes, n);
}

/* ---- charsets -------------------------------------------------------------
 */

/* No charset has a longer name, with its language. */
#define CHARSET_MAX 64

enum charset { ASCII, UTF_8, LATIN_1, LATIN_9, WINDOWS_1252, UNKNOWN };

static enum charset charset_named(const char *name, size_t length)
{
	static const struct {
		const char *name;
		enum charset charset;
	} names[] = {
		{"utf-8", UTF_8},
		{"utf8", UTF_8},
		{"us-ascii", ASCII},
		{"ascii", ASCII},
		{"ansi_x3.4-1968", ASCII},
		{"iso-8859-1", LATIN_1},
		{"iso8859-1", LATIN_1},
		{"latin1", LATIN_1},
		{"iso-8859-15", LATIN_9},
		{"iso8859-15", LATIN_9},
		{"latin-9", LATIN_9},
		{"windows-1252", WINDOWS_1252},
		{"cp1252", WINDOWS_1252},
	};
	/* RFC 2231 section 5: a language may follow. */
	const char *star = memchr(name, '*', length);

	if (star != NULL)
		length = (size_t)(star - name);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strlen(names[i].name) == length &&
			strncasecmp(name, names[i].name, length) == 0)
			return names[i].charset;
	}
	return UNKNOWN;
}

/* 0x80 to 0x9f; 0: not assigned. */
static unsigned windows_1252(unsigned byte)
{
	static const uint16_t codes[] = {0x20ac, 0, 0x201a, 0x0192, 0x201e,
		0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152,
		0, 0x017d, 0, 0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013,
		0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e,
		0x0178};

	return codes[byte - 0x80] == 0 ? byte : codes[byte - 0x80];
}

static unsigned latin_9(unsigned byte)
{
	switch (byte) {
	case 0xa4:
		return 0x20ac;
	case 0xa6:
		return 0x160;
	case 0xa8:
		return 0x161;
	case 0xb4:
		return 0x17d;
	case 0xb8:
		return 0x17e;
	case 0xbc:
		return 0x152;
	case 0xbd:
		return 0x153;
	case 0xbe:
		return 0x178;
	default:
		return byte;
	}
}

static void put_byte(struct output *output, enum charset charset, char c)
{
	unsigned byte = (unsigned char)c;

	if (byte < 0x80 || charset == UTF_8)
		put(output, &c, 1);
	/* What calls itself Latin 1 is Windows' more often than not, and means
	 * no controls. */
	else if (byte < 0xa0 && charset != LATIN_9)
		put_character(output, windows_1252(byte));
	else
		put_character(
			output, charset == LATIN_9 ? latin_9(byte) : byte);
}

/* ---- encoded words --------------------------------------------------------
 */

/* "=?charset?X?text?=": its parts, borrowed. */
struct encoded {
	enum charset charset;
	bool base64;
	const char *text;
	size_t length;
	size_t taken; /* octets of the whole */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* US-ASCII has no octet above 127. */
static bool fits(enum charset charset, int byte)
{
	return charset != ASCII || byte < 0x80;
}

/*
 * Decodes an encoded word's text; false when it is malformed. With output NULL
 * it is only looked at.
 */
static bool decode_q(const struct encoded *word, struct output *output)
{
	for (size_t i = 0; i < word->length; i++) {
		char c = word->text[i];
		int byte = (unsigned char)c;

		if (c == '=') {
			if (word->length - i < 3)
				return false;
			int high = hex_digit(word->text[i + 1]);
			int low = hex_digit(word->text[i + 2]);

			if (high < 0 || low < 0)
				return false;
			byte = high << 4 | low;
			i += 2;
		} else if (c == '_') {
			byte = ' ';
		}
		if (!fits(word->charset, byte))
			return false;
		if (output != NULL)
			put_byte(output, word->charset, (char)byte);
	}
	return true;
}

static bool decode_b(const struct encoded *word, struct output *output)
{
	size_t length = word->length;
	uint32_t bits = 0;
	unsigned count = 0;

	/* Some leave out the padding. */
	for (int i = 0; i < 2 && length > 0 && word->text[length - 1] == '=';
		i++)
		length--;
	if (length % 4 == 1)
		return false;
	for (size_t i = 0; i < length; i++) {
		int digit = base64_digit(word->text[i]);

		if (digit < 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		int byte = (int)(bits >> count & 0xff);

		if (!fits(word->charset, byte))
			return false;
		if (output != NULL)
			put_byte(output, word->charset, (char)byte);
	}
	return true;
}

static bool decode(const struct encoded *word, struct output *output)
{
	return word->base64 ? decode_b(word, output) : decode_q(word, output);
}

/* Is there an encoded word at the text's start that can be decoded? */
static bool take_encoded(const char *text, size_t length, struct encoded *word)
{
	if (length < 8 || text[0] != '=' || text[1] != '?')
		return false;
	const char *end = text + length;
	const char *name = text + 2;
	size_t most = (size_t)(end - name);
	const char *mark =
		memchr(name, '?', most < CHARSET_MAX ? most : CHARSET_MAX);

	if (mark == NULL || end - mark < 5 || mark[2] != '?')
		return false;
	word->charset = charset_named(name, (size_t)(mark - name));
	word->base64 = mark[1] == 'B' || mark[1] == 'b';
	if (word->charset == UNKNOWN ||
		(!word->base64 && mark[1] != 'Q' && mark[1] != 'q'))
		return false;
	word->text = mark + 3;
	mark = memchr(word->text, '?', (size_t)(end - word->text));
	if (mark == NULL || end - mark < 2 || mark[1] != '=')
		return false;
	word->length = (size_t)(mark - word->text);
	word->taken = (size_t)(mark + 2 - text);
	for (size_t i = 0; i < word->length; i++) {
		if (is_blank(word->text[i]))
			return false;
	}
	return decode(word, NULL);
}

/* Nothing is cut in mid-character. */
static void drop_half(struct output *output)
{
	size_t start = output->used;
	uint32_t code;

	for (int i = 0;
		i < 2 && start > 0 && (output->room[start - 1] & 0xc0) == 0x80;
		i++)
		start--;
	if (start > 0 && (output->room[start - 1] & 0xc0) == 0xc0 &&
		text_utf8(output->room + start - 1, output->used - start + 1,
			&code) == 0)
		output->used = start - 1;
}

size_t words_decode(char *room, size_t size, const char *text, size_t length)
{
	struct output output = {.room = room, .size = size};
	bool after_encoded = false;
	bool blank = false;

	for (size_t i = 0; i < length && !output.full;) {
		struct encoded word;
		bool encoded;

		if (is_blank(text[i])) {
			blank = true;
			i++;
			continue;
		}
		encoded = take_encoded(text + i, length - i, &word);
		if (blank && output.used > 0 && !(encoded && after_encoded))
			put(&output, " ", 1);
		blank = false;
		after_encoded = encoded;
		if (encoded)
			decode(&word, &output);
		else
			put(&output, text + i, 1);
		i += encoded ? word.taken : 1;
	}
	if (output.full)
		drop_half(&output);
	return output.used;
}

/* ---- mailboxes ------------------------------------------------------------
 */

/* A From field while it is read. */
struct reading {
	struct output words;   /* a display name, or an address without <> */
	struct output angled;  /* between < and > */
	struct output comment; /* the last one */
	bool has_angles;
	bool ended; /* what follows is another mailbox */
};

/* The octet at *i, or the one that a backslash there quotes. */
static char take_quoted(const char *text, size_t length, size_t *i)
{
	if (text[*i] == '\\' && *i + 1 < length)
		++*i;
	return text[*i];
}

/* What stands in parentheses, which nest; *i is at the first. */
static void read_comment(
	struct reading *reading, const char *text, size_t length, size_t *i)
{
	unsigned depth = 1;

	reading->comment.used = 0;
	reading->comment.full = false;
	for (++*i; *i < length; ++*i) {
		char c = text[*i];

		depth += c == '(';
		depth -= c == ')';
		if (depth == 0)
			return;
		c = take_quoted(text, length, i);
		put(&reading->comment, &c, 1);
	}
}

static void read_quotes(
	struct reading *reading, const char *text, size_t length, size_t *i)
{
	struct output *to =
		reading->has_angles ? &reading->angled : &reading->words;

	for (++*i; *i < length && text[*i] != '"'; ++*i) {
		char c = take_quoted(text, length, i);

		put(to, &c, 1);
	}
}

/* Between < and >, an old route ("@a,@b:") is not the address. */
static void read_angles(
	struct reading *reading, const char *text, size_t length, size_t *i)
{
	reading->has_angles = true;
	for (++*i; *i < length && text[*i] != '>'; ++*i) {
		if (text[*i] == '"')
			read_quotes(reading, text, length, i);
		else if (text[*i] == '(')
			read_comment(reading, text, length, i);
		else if (text[*i] == ':' && reading->angled.used > 0 &&
			reading->angled.room[0] == '@')
			reading->angled.used = 0;
		else
			put(&reading->angled, &text[*i], 1);
	}
}

static void read_mailbox(
	struct reading *reading, const char *text, size_t length)
{
	for (size_t i = 0; i < length && !reading->ended; i++) {
		switch (text[i]) {
		case '"':
			read_quotes(reading, text, length, &i);
			break;
		case '(':
			read_comment(reading, text, length, &i);
			break;
		case '<':
			if (!reading->has_angles)
				read_angles(reading, text, length, &i);
			break;
		case ',':
		case ';':
			reading->ended =
				reading->has_angles || reading->words.used > 0;
			break;
		case ':':
			/* A group is called by its name. */
			reading->ended = reading->has_angles = true;
			break;
		default:
			if (!reading->has_angles &&
				(reading->words.used > 0 || !is_blank(text[i])))
				put(&reading->words, &text[i], 1);
		}
	}
}

void words_mailbox(
	struct words_mailbox *mailbox, const char *text, size_t length)
{
	char words[HEADER_FIELD_LONG];
	char angled[HEADER_FIELD_LONG];
	char comment[HEADER_FIELD_LONG];
	struct reading reading = {
		.words = {.room = words, .size = sizeof words},
		.angled = {.room = angled, .size = sizeof angled},
		.comment = {.room = comment, .size = sizeof comment},
	};
	const struct output *name = &reading.words;
	const struct output *address = &reading.angled;

	read_mailbox(&reading, text, length);
	if (!reading.has_angles) {
		name = &reading.comment;
		address = &reading.words;
	}
	mailbox->name_length = words_decode(
		mailbox->name, sizeof mailbox->name, name->room, name->used);
	if (mailbox->name_length == 0)
		mailbox->name_length = words_decode(mailbox->name,
			sizeof mailbox->name, comment, reading.comment.used);
	mailbox->address_length = words_decode(mailbox->address,
		sizeof mailbox->address, address->room, address->used);
}
