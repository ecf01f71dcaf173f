/* SPDX-License-Identifier: ISC */
#include "core/header.h"
#include "core/words.h"
#include "core/words_internal.h"

/* The state of reading a From field. */
struct reading {
	struct words_output words;  /* display name, or an address without <> */
	struct words_output angled; /* between < and > */
	struct words_output comment; /* the last one */
	bool has_angles;
	bool ended; /* another mailbox follows */
};

/*
 * Returns the byte at *i or, if that is a backslash, the byte that it quotes.
 */
static char read_octet(const char *text, size_t length, size_t *i)
{
	if (text[*i] == '\\' && *i + 1 < length)
		++*i;
	return text[*i];
}

/*
 * Reads a comment in parentheses, which may be nested; *i is at the first one.
 */
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
		c = read_octet(text, length, i);
		words_put(&reading->comment, &c, 1);
	}
}

static void read_quotes(
	struct reading *reading, const char *text, size_t length, size_t *i)
{
	struct words_output *to =
		reading->has_angles ? &reading->angled : &reading->words;

	for (++*i; *i < length && text[*i] != '"'; ++*i) {
		char c = read_octet(text, length, i);

		words_put(to, &c, 1);
	}
}

/* Reads an address between < and >, leaving out a source route ("@a,@b:"). */
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
			words_put(&reading->angled, &text[*i], 1);
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
			/* For a group, its name is used. */
			reading->ended = reading->has_angles = true;
			break;
		default:
			if (!reading->has_angles &&
				(reading->words.used > 0 ||
					!words_is_blank(text[i])))
				words_put(&reading->words, &text[i], 1);
		}
	}
}

void words_mailbox(struct words_mailbox *mailbox,
	const struct charsets *charsets, const char *text, size_t length)
{
	char words[HEADER_FIELD_LONG];
	char angled[HEADER_FIELD_LONG];
	char comment[HEADER_FIELD_LONG];
	struct reading reading = {
		.words = {.room = words, .size = sizeof words},
		.angled = {.room = angled, .size = sizeof angled},
		.comment = {.room = comment, .size = sizeof comment},
	};
	const struct words_output *name = &reading.words;
	const struct words_output *address = &reading.angled;

	read_mailbox(&reading, text, length);
	if (!reading.has_angles) {
		name = &reading.comment;
		address = &reading.words;
	}
	mailbox->name_length = words_decode(mailbox->name, sizeof mailbox->name,
		charsets, name->room, name->used);
	if (mailbox->name_length == 0)
		mailbox->name_length =
			words_decode(mailbox->name, sizeof mailbox->name,
				charsets, comment, reading.comment.used);
	mailbox->address_length =
		words_decode(mailbox->address, sizeof mailbox->address,
			charsets, address->room, address->used);
}
