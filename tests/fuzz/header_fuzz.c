/* SPDX-License-Identifier: ISC */
/*
 * The header scanner: however the input is cut, it finds the same two fields as
 * a simple reading of the unfolded lines.
 */
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "core/header.h"
#include "fuzz.h"

/*
 * Copies the field's value, if it is valid, to room, without spaces around it.
 */
static bool good_value(
	const char *field, size_t length, const char *name, char *room)
{
	size_t n = strlen(name);

	if (length >= HEADER_FIELD_MAX || length < n ||
		strncasecmp(field, name, n) != 0)
		return false;
	for (; n < length && strchr(" \t", field[n]) != NULL && field[n]; n++)
		;
	while (length > n && field[length - 1] &&
		strchr(" \t", field[length - 1]) != NULL)
		length--;
	if (length == n || length - n >= LETTER_ID_MAX)
		return false;
	for (size_t i = n; i < length; i++) {
		if (field[i] < '!' || field[i] > '~')
			return false;
	}
	memcpy(room, field + n, length - n);
	room[length - n] = '\0';
	return true;
}

/*
 * Evaluates an unfolded field: the first valid value of each name counts, as
 * does <> (done says that it was there).
 */
static void take_field(const char *field, size_t length, struct header *wanted)
{
	char value[LETTER_ID_MAX];

	if (wanted->message_id[0] == '\0' &&
		good_value(field, length, "Message-ID:", value))
		memcpy(wanted->message_id, value, sizeof value);
	if (!wanted->done && good_value(field, length, "Return-Path:", value)) {
		size_t n = strlen(value);
		bool angles = n >= 2 && value[0] == '<' && value[n - 1] == '>';

		wanted->done = true;
		memcpy(wanted->return_path, value + angles, n - angles);
		wanted->return_path[n - (angles ? 2 : 0)] = '\0';
	}
}

static void reference(const char *text, size_t size, struct header *wanted)
{
	static char field[FUZZ_MAX];
	size_t length = 0;
	size_t at = 0;

	memset(wanted->message_id, 0, sizeof wanted->message_id);
	memset(wanted->return_path, 0, sizeof wanted->return_path);
	wanted->done = false;
	while (at < size) {
		const char *lf = memchr(text + at, '\n', size - at);
		size_t end = lf == NULL ? size : (size_t)(lf - text);

		memcpy(field + length, text + at, end - at);
		length += end - at;
		at = end + 1;
		/* A field ends if the next line, if any, is not a
		 * continuation. */
		if (lf == NULL || length == 0 || at == size)
			return;
		if (text[at] == ' ' || text[at] == '\t')
			continue;
		take_field(field, length, wanted);
		length = 0;
	}
}

static void check_word(const char *word)
{
	PROMISE(strnlen(word, LETTER_ID_MAX) < LETTER_ID_MAX);
	for (; *word != '\0'; word++)
		PROMISE(*word > ' ' && *word <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct header header;
	static struct header wanted;
	uint32_t cuts = 0;

	if (size < sizeof cuts || size > FUZZ_MAX)
		return 0;
	memcpy(&cuts, data, sizeof cuts);
	size -= sizeof cuts;
	const char *text = (const char *)data + sizeof cuts;

	header_init(&header);
	for (size_t at = 0, n; at < size; at += n) {
		n = fuzz_block(&cuts, size - at);
		header_feed(&header, text + at, n);
	}
	check_word(header.message_id);
	check_word(header.return_path);
	reference(text, size, &wanted);
	PROMISE(strcmp(header.message_id, wanted.message_id) == 0);
	PROMISE(strcmp(header.return_path, wanted.return_path) == 0);
	return 0;
}
