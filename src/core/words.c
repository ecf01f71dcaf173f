/* SPDX-License-Identifier: ISC */
#include "core/words.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/text.h"
#include "core/words_internal.h"

void words_put(struct words_output *output, const char *bytes, size_t length)
{
	if (length > output->size - output->used)
		output->full = true;
	if (output->full)
		return;
	memcpy(output->room + output->used, bytes, length);
	output->used += length;
}

bool words_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Longer than the name of any charset with its language. */
#define NAME_MAX_LENGTH 64

/* The parts of "=?charset?X?text?=", borrowed. */
struct encoded {
	size_t charset;
	bool base64;
	const char *text;
	size_t length;
	size_t taken; /* length of the whole in bytes */
};

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

/* Decodes the bytes of an encoded word. */
struct reader {
	const struct encoded *word; /* borrowed */
	size_t at;
	uint32_t bits; /* of base64: read, but not yet part of a byte */
	unsigned count;
};

enum { END = -1, MALFORMED = -2 };

static int next_q_octet(struct reader *reader)
{
	const struct encoded *word = reader->word;
	size_t left = word->length - reader->at;

	if (left == 0)
		return END;
	char c = word->text[reader->at++];

	if (c == '_')
		return ' ';
	if (c != '=')
		return (unsigned char)c;
	if (left < 3)
		return MALFORMED;
	int high = hex_digit(word->text[reader->at++]);
	int low = hex_digit(word->text[reader->at++]);

	return high < 0 || low < 0 ? MALFORMED : high << 4 | low;
}

static int next_b_octet(struct reader *reader)
{
	const struct encoded *word = reader->word;

	while (reader->count < 8) {
		if (reader->at == word->length)
			return END;
		int digit = base64_digit(word->text[reader->at++]);

		if (digit < 0)
			return MALFORMED;
		reader->bits = reader->bits << 6 | (uint32_t)digit;
		reader->count += 6;
	}
	reader->count -= 8;
	return (int)(reader->bits >> reader->count & 0xff);
}

/* Returns the next decoded byte, END or MALFORMED. */
static int next_octet(struct reader *reader)
{
	return reader->word->base64 ? next_b_octet(reader)
				    : next_q_octet(reader);
}

/* Is the text well formed, and only US-ASCII if that is its charset? */
static bool is_well_formed(const struct encoded *word)
{
	struct reader reader = {.word = word};
	int octet;

	if (word->base64 && word->length % 4 == 1)
		return false;
	while ((octet = next_octet(&reader)) >= 0) {
		if (word->charset == CHARSET_ASCII && octet > 0x7f)
			return false;
	}
	return octet == END;
}

/*
 * Parses an encoded word at the start of the text; false if there is none that
 * can be decoded.
 */
static bool parse_encoded(const struct charsets *charsets, const char *text,
	size_t length, struct encoded *word)
{
	if (length < 8 || text[0] != '=' || text[1] != '?')
		return false;
	const char *end = text + length;
	const char *name = text + 2;
	size_t most = (size_t)(end - name);
	const char *mark = memchr(
		name, '?', most < NAME_MAX_LENGTH ? most : NAME_MAX_LENGTH);

	if (mark == NULL || end - mark < 5 || mark[2] != '?')
		return false;
	word->charset = charset_named(charsets, name, (size_t)(mark - name));
	word->base64 = mark[1] == 'B' || mark[1] == 'b';
	if (word->charset == CHARSET_MAX ||
		(!word->base64 && mark[1] != 'Q' && mark[1] != 'q'))
		return false;
	word->text = mark + 3;
	mark = memchr(word->text, '?', (size_t)(end - word->text));
	if (mark == NULL || end - mark < 2 || mark[1] != '=')
		return false;
	word->length = (size_t)(mark - word->text);
	word->taken = (size_t)(mark + 2 - text);
	for (size_t i = 0; i < word->length; i++) {
		if (words_is_blank(word->text[i]))
			return false;
	}
	/* Some mailers omit the padding. */
	for (int i = 0; i < 2 && word->base64 && word->length > 0 &&
		word->text[word->length - 1] == '=';
		i++)
		word->length--;
	return is_well_formed(word);
}

/*
 * Many mailers split text anywhere and encode the parts, so a character or a
 * shift sequence may continue in the next word (although RFC 2047 section 5
 * forbids that). Therefore adjacent words of the same charset are converted as
 * one text.
 */
struct stream {
	size_t charset;
	iconv_t converter; /* borrowed; unused for UTF-8 and US-ASCII */
	struct words_output *output; /* NULL: only checks */
	char octets[64]; /* not converted yet: at most an incomplete character
			    after each word */
	size_t count;
};

static void stream_init(struct stream *stream, const struct charsets *charsets,
	size_t charset, struct words_output *output)
{
	*stream = (struct stream){.charset = charset, .output = output};
	if (charset == CHARSET_UTF_8 || charset == CHARSET_ASCII)
		return;
	stream->converter = charsets->converters[charset];
	/* Resets the converter to its initial state. */
	iconv(stream->converter, NULL, NULL, NULL, NULL);
}

/* not converted yet; see convert */
static void put_utf8(struct stream *stream, const char *bytes, size_t length)
{
	for (size_t at = 0; stream->output != NULL && at < length;) {
		uint32_t code;
		size_t n = text_utf8(bytes + at, length - at, &code);

		n += n == 0;
		words_put(stream->output, bytes + at, n);
		at += n;
	}
}

/* Bytes that windows-1252 does not assign become controls, as in Latin 1. */
static bool put_unassigned(struct stream *stream, unsigned char octet)
{
	const char control[] = {(char)0xc2, (char)octet};

	if (stream->charset != CHARSET_WINDOWS_1252 || octet < 0x80 ||
		octet > 0x9f)
		return false;
	put_utf8(stream, control, sizeof control);
	return true;
}

/*
 * Converts what is there except for an incomplete character. False if it is
 * malformed.
 */
static bool convert(struct stream *stream)
{
	char *in = stream->octets;
	size_t left = stream->count;
	bool ok = true;

	while (ok && left > 0) {
		char room[8 * sizeof stream->octets];
		char *out = room;
		size_t space = sizeof room;
		size_t before = left;
		size_t result =
			iconv(stream->converter, &in, &left, &out, &space);
		int why = errno;

		put_utf8(stream, room, sizeof room - space);
		if (result != (size_t)-1 || why == EINVAL)
			break;
		if (why == E2BIG) {
			ok = left < before || space < sizeof room;
		} else if (why == EILSEQ &&
			put_unassigned(stream, (unsigned char)*in)) {
			in++;
			left--;
		} else {
			ok = false;
		}
	}
	memmove(stream->octets, in, left);
	stream->count = left;
	return ok && left < sizeof stream->octets;
}

/*
 * Returns false if the word is malformed, by itself or after the previous ones.
 */
static bool stream_add(struct stream *stream, const struct encoded *word)
{
	struct reader reader = {.word = word};
	int octet;

	while ((octet = next_octet(&reader)) >= 0) {
		char c = (char)octet;

		if (stream->converter == NULL) {
			if (stream->output != NULL)
				words_put(stream->output, &c, 1);
			continue;
		}
		stream->octets[stream->count++] = c;
		if (stream->count == sizeof stream->octets && !convert(stream))
			return false;
	}
	return stream->converter == NULL || convert(stream);
}

/* Some converters hold back a character that a combining mark might follow. */
static void stream_end(struct stream *stream)
{
	char room[64];
	char *out = room;
	size_t space = sizeof room;

	if (stream->converter == NULL)
		return;
	iconv(stream->converter, NULL, NULL, &out, &space);
	put_utf8(stream, room, sizeof room - space);
}

/* The result of measuring a run of adjacent words of one charset, in bytes. */
struct run_of_words {
	size_t taken; /* length that can be decoded; 0: nothing */
	size_t tried; /* what follows taken, up to here, cannot be decoded */
};

static size_t skip_blanks(const char *text, size_t length, size_t at)
{
	while (at < length && words_is_blank(text[at]))
		at++;
	return at;
}

/*
 * Each word is tried at most twice, as part of this run and, if it does not
 * fit, as the first of another, so the time is proportional to the length for
 * any input.
 */
static struct run_of_words measure_run(
	const struct charsets *charsets, const char *text, size_t length)
{
	struct run_of_words run = {.taken = 0};
	struct stream stream;
	struct encoded word;
	size_t charset;

	if (!parse_encoded(charsets, text, length, &word))
		return run;
	charset = word.charset;
	stream_init(&stream, charsets, charset, NULL);
	for (size_t at = 0;;) {
		bool first = at == 0;
		size_t end = at + word.taken;

		if (!stream_add(&stream, &word)) {
			if (first)
				run.tried = end;
			return run;
		}
		run.tried = end;
		if (stream.count == 0)
			run.taken = end;
		at = skip_blanks(text, length, end);
		if (!parse_encoded(charsets, text + at, length - at, &word) ||
			word.charset != charset)
			return run;
	}
}

/* Decodes words that measure_run found to be decodable. */
static void decode_run(struct words_output *output,
	const struct charsets *charsets, const char *text, size_t length)
{
	struct stream stream;
	struct encoded word;
	size_t at = 0;

	if (!parse_encoded(charsets, text, length, &word))
		return;
	stream_init(&stream, charsets, word.charset, output);
	while (stream_add(&stream, &word) && !output->full) {
		at = skip_blanks(text, length, at + word.taken);
		if (!parse_encoded(charsets, text + at, length - at, &word))
			break;
	}
	stream_end(&stream);
}

/* Removes a character that was cut at the end of the room. */
static void drop_partial_character(struct words_output *output)
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

size_t words_decode(char *room, size_t size, const struct charsets *charsets,
	const char *text, size_t length)
{
	struct words_output output = {.room = room, .size = size};
	bool after_encoded = false;
	bool blank = false;
	size_t stays = 0; /* nothing before this can be decoded */

	for (size_t i = 0; i < length && !output.full;) {
		struct run_of_words run = {.taken = 0};

		if (words_is_blank(text[i])) {
			blank = true;
			i++;
			continue;
		}
		if (i >= stays) {
			run = measure_run(charsets, text + i, length - i);
			stays = i + run.tried;
		}
		bool encoded = run.taken > 0;

		if (blank && output.used > 0 && !(encoded && after_encoded))
			words_put(&output, " ", 1);
		blank = false;
		after_encoded = encoded;
		if (encoded)
			decode_run(&output, charsets, text + i, run.taken);
		else
			words_put(&output, text + i, 1);
		i += encoded ? run.taken : 1;
	}
	if (output.full)
		drop_partial_character(&output);
	return output.used;
}
