/* SPDX-License-Identifier: ISC */
/*
 * Encoded words and addresses. The first octet says what the others are: a
 * field as it is; or octets that are encoded, or quoted, here, and must come
 * out as they were. Whatever comes out is shown in any number of columns.
 */
#include <string.h>

#include "core/text.h"
#include "core/width.h"
#include "core/words.h"
#include "fuzz.h"

#define INPUT_MAX 1000

static char field[4 * INPUT_MAX + 64];
static size_t length;

static void add(const char *bytes, size_t n)
{
	memcpy(field + length, bytes, n);
	length += n;
}

/* Decodes the field into exactly so much room, which the sanitizer guards. */
static char *decode(size_t room, size_t *n)
{
	char *to = malloc(room + 1);

	PROMISE(to != NULL);
	to[room] = 'X';
	*n = words_decode(to, room, field, length);
	PROMISE(*n <= room && to[room] == 'X');
	return to;
}

/* Octets that are no blanks at the ends are all there in room enough. */
static void check_same(const uint8_t *wanted, size_t size)
{
	size_t n;
	char *got = decode(sizeof field, &n);

	PROMISE(n == size && (n == 0 || memcmp(got, wanted, n) == 0));
	free(got);
}

/*
 * A smaller room gets the same, cut by less than a character that did not fit,
 * and one before it that was never whole.
 */
static void check_cut(size_t room)
{
	size_t all;
	size_t n;
	char *whole = decode(sizeof field, &all);
	char *cut = decode(room, &n);

	PROMISE(n <= all && (n == 0 || memcmp(whole, cut, n) == 0));
	PROMISE(n == all || all > room);
	PROMISE(n == all || n + 6 > room);
	free(whole);
	free(cut);
}

static void check_shown(size_t columns)
{
	static char shown[4 * sizeof field + 16];
	static char again[sizeof shown];
	size_t n;
	char *text = decode(sizeof field, &n);

	text_printable_long(shown, sizeof shown, text, n);
	memcpy(again, shown, sizeof shown);
	PROMISE(width_text(width_cut(shown, columns)) <= columns);
	PROMISE(width_text(width_cut_middle(again, columns)) <= columns);
	free(text);
}

static void check_mailbox(void)
{
	static struct words_mailbox mailbox;

	words_mailbox(&mailbox, field, length);
	PROMISE(mailbox.name_length <= sizeof mailbox.name);
	PROMISE(mailbox.address_length <= sizeof mailbox.address);
}

static void check_base64(const uint8_t *data, size_t size)
{
	add("=?UTF-8?b?", 10);
	length += text_base64(field + length, data, size);
	add("?=", 2);
	check_same(data, size);
}

static void check_quoted_printable(const uint8_t *data, size_t size)
{
	static const char hex[] = "0123456789abcdef";

	add(" =?utf-8*xx?Q?", 14);
	for (size_t i = 0; i < size; i++) {
		char octet[3] = {'=', hex[data[i] >> 4], hex[data[i] & 15]};

		add(octet, 3);
	}
	add("?= ", 3);
	check_same(data, size);
}

/* Each octet of Latin 9 is one character. */
static void check_latin(const uint8_t *data, size_t size)
{
	size_t n;
	size_t at = 0;

	add("=?iso-8859-15?B?", 16);
	length += text_base64(field + length, data, size);
	add("?=", 2);
	char *got = decode(sizeof field, &n);

	for (size_t i = 0; i < size; i++) {
		uint32_t code = 0;
		size_t octets = text_utf8(got + at, n - at, &code);

		PROMISE(octets > 0);
		PROMISE(code == data[i] || (data[i] >= 0xa4 && code > 0xff));
		at += octets;
	}
	PROMISE(at == n);
	free(got);
}

/* What is quoted is one name, whatever is in it. */
static void check_quotes(const uint8_t *data, size_t size)
{
	static struct words_mailbox mailbox;
	static char name[sizeof mailbox.name];
	size_t n = words_decode(name, sizeof name, (const char *)data, size);

	add("\"", 1);
	for (size_t i = 0; i < size; i++) {
		if (data[i] == '"' || data[i] == '\\')
			add("\\", 1);
		add((const char *)data + i, 1);
	}
	add("\" <a@b>, c@d", 12);
	words_mailbox(&mailbox, field, length);
	PROMISE(mailbox.name_length == n);
	PROMISE(memcmp(mailbox.name, name, n) == 0);
	PROMISE(mailbox.address_length == 3);
	PROMISE(memcmp(mailbox.address, "a@b", 3) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > INPUT_MAX)
		return 0;
	unsigned kind = data[0] % 5;
	size_t small = data[1];

	data += 2;
	size -= 2;
	length = 0;
	switch (kind) {
	case 1:
		check_base64(data, size);
		break;
	case 2:
		check_quoted_printable(data, size);
		break;
	case 3:
		check_latin(data, size);
		break;
	case 4:
		check_quotes(data, size);
		break;
	default:
		add((const char *)data, size);
	}
	check_cut(small);
	check_shown(small);
	check_mailbox();
	return 0;
}
