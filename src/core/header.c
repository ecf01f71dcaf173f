/* SPDX-License-Identifier: ISC */
#include "core/header.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

void header_init(struct header *header)
{
	memset(header, 0, offsetof(struct header, field));
}

/*
 * Copies the field's value if its name is NAME (with its colon) and the value
 * is one printable word, which needs no escaping in a From_ line. False
 * otherwise, and if there is a value from an earlier field.
 */
static bool take_word(struct header *header, const char *name, char *to)
{
	size_t n = strlen(name);
	const char *p = header->field + n;
	const char *end = header->field + header->length;

	if (to[0] != '\0' || header->length >= HEADER_FIELD_MAX ||
		header->length < n || strncasecmp(header->field, name, n) != 0)
		return false;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (end - p >= LETTER_ID_MAX)
		return false;
	for (const char *q = p; q < end; q++) {
		if (*q <= ' ' || *q > '~')
			return false;
	}
	memcpy(to, p, (size_t)(end - p));
	to[end - p] = '\0';
	return end > p;
}

static void strip_angles(char *path)
{
	size_t n = strlen(path);

	if (n >= 2 && path[0] == '<' && path[n - 1] == '>') {
		memmove(path, path + 1, n - 2);
		path[n - 2] = '\0';
	}
}

static bool begins(const struct header *header, const char *name)
{
	size_t n = strlen(name);

	return header->length >= n && strncasecmp(header->field, name, n) == 0;
}

/* Is the field the same wherever the message is stored? */
static bool is_identifying(const struct header *header)
{
	static const char *const names[] = {"Message-ID:", "Date:", "From:",
		"To:", "Cc:", "Subject:", "Received:"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (begins(header, names[i]))
			return true;
	}
	return false;
}

static void identify(struct header *header)
{
	size_t n = header->length < HEADER_FIELD_MAX ? header->length
						     : HEADER_FIELD_MAX;

	if (header->identity == NULL || !is_identifying(header))
		return;
	/* Some servers remove trailing blanks, others do not. */
	while (n > 0 &&
		(header->field[n - 1] == ' ' || header->field[n - 1] == '\t'))
		n--;
	header->identity(header->data, header->field, n);
	header->identity(header->data, "\n", 1);
	header->has_id |= begins(header, "Message-ID:");
	header->has_date |= begins(header, "Date:");
	header->has_received |= begins(header, "Received:");
}

static void end_field(struct header *header)
{
	identify(header);

	take_word(header, "Message-ID:", header->message_id);
	/* <> counts as well: it marks a bounce, and a further Return-Path
	 * belongs to an earlier hop. */
	if (!header->returned &&
		take_word(header, "Return-Path:", header->return_path)) {
		strip_angles(header->return_path);
		header->returned = true;
	}
	if (header->each != NULL)
		header->each(header->data, header->field, header->length);
	header->length = 0;
}

static void append(struct header *header, const char *text, size_t n)
{
	size_t most =
		header->each == NULL ? HEADER_FIELD_MAX : HEADER_FIELD_LONG;
	size_t room = most - header->length;

	if (n > room)
		n = room;
	memcpy(header->field + header->length, text, n);
	header->length += n;
}

void header_feed(struct header *header, const char *text, size_t length)
{
	const char *end = text + length;

	while (text < end && !header->done) {
		if (header->at_end_of_line) {
			header->at_end_of_line = false;
			if (*text != ' ' && *text != '\t')
				end_field(header);
		}
		const char *lf = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((lf == NULL ? end : lf) - text);

		append(header, text, n);
		header->octets += n + (lf != NULL);
		if (lf == NULL)
			return;
		/* An empty field is the empty line after the header. */
		header->done = header->length == 0;
		header->at_end_of_line = true;
		text = lf + 1;
	}
}

bool header_is_identity(const struct header *header)
{
	return header->has_id || (header->has_date && header->has_received);
}

void header_end(struct header *header)
{
	if (!header->done && header->length > 0)
		end_field(header);
	header->done = true;
}
