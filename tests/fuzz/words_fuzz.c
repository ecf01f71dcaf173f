/* SPDX-License-Identifier: ISC */
/*
 * Encoded words and addresses. The first byte says what the others are: a
 * field; or bytes that are encoded, or quoted, here, and must be decoded
 * unchanged; or bytes of another charset, split into words, which must be
 * decoded as iconv converts them in one piece. The result is shown in any
 * number of columns.
 */
#include <locale.h>
#include <string.h>

#include "core/text.h"
#include "core/width.h"
#include "core/words.h"
#include "fuzz.h"

#define INPUT_MAX 1000

static char field[4 * INPUT_MAX + 64];
static size_t length;
/*
 * Opened once and never closed, to check that one input does not affect the
 * results of the next.
 */
static struct charsets *charsets;

static void add(const char *bytes, size_t n)
{
	memcpy(field + length, bytes, n);
	length += n;
}

/*
 * Decodes the field into a buffer of exactly this size, which the sanitizer
 * guards.
 */
static char *decode(size_t room, size_t *n)
{
	char *to = malloc(room + 1);

	PROMISE(to != NULL);
	to[room] = 'X';
	*n = words_decode(to, room, charsets, field, length);
	PROMISE(*n <= room && to[room] == 'X');
	return to;
}

/*
 * Bytes without leading or trailing spaces are all there if the buffer is large
 * enough.
 */
static void check_same(const uint8_t *wanted, size_t size)
{
	size_t n;
	char *got = decode(sizeof field, &n);

	PROMISE(n == size && (n == 0 || memcmp(got, wanted, n) == 0));
	free(got);
}

/*
 * A smaller buffer gets the same text, truncated by less than a character that
 * did not fit, and one before it that was incomplete.
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

	words_mailbox(&mailbox, charsets, field, length);
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

/* Each byte of Latin 9 is one character. */
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

/* A quoted string is one name, whatever it contains. */
static void check_quotes(const uint8_t *data, size_t size)
{
	static struct words_mailbox mailbox;
	static char name[sizeof mailbox.name];
	size_t n = words_decode(
		name, sizeof name, charsets, (const char *)data, size);

	add("\"", 1);
	for (size_t i = 0; i < size; i++) {
		if (data[i] == '"' || data[i] == '\\')
			add("\\", 1);
		add((const char *)data + i, 1);
	}
	add("\" <a@b>, c@d", 12);
	words_mailbox(&mailbox, charsets, field, length);
	PROMISE(mailbox.name_length == n);
	PROMISE(memcmp(mailbox.name, name, n) == 0);
	PROMISE(mailbox.address_length == 3);
	PROMISE(memcmp(mailbox.address, "a@b", 3) == 0);
}

static const struct {
	const char *name;
	const char *opens;
} cut_charsets[] = {
	{"iso-2022-jp", "ISO-2022-JP-2"},
	{"gb18030", "GB18030"},
	{"shift_jis", "CP932"},
	{"euc-jp", "EUC-JP-MS"},
	{"euc-kr", "CP949"},
	{"big5", "BIG5-HKSCS"},
	{"koi8-r", "KOI8-R"},
	{"windows-1258", "CP1258"},
	{"windows-1255", "CP1255"},
};

/* Returns iconv's result for the whole text; false if it is malformed. */
static bool convert_whole(const char *opens, const uint8_t *data, size_t size,
	char *to, size_t *n)
{
	static char from[INPUT_MAX];
	char *in = from;
	char *out = to;
	size_t left = size;
	size_t space = *n;
	iconv_t converter = iconv_open("UTF-8", opens);

	if (converter == (iconv_t)-1)
		return false;
	memcpy(from, data, size);
	bool good = iconv(converter, &in, &left, &out, &space) != (size_t)-1 &&
		iconv(converter, NULL, NULL, &out, &space) != (size_t)-1;

	iconv_close(converter);
	*n = (size_t)(out - to);
	return good;
}

/* The first byte selects the charset, and where it is split. */
static void check_charset(const uint8_t *data, size_t size)
{
	static char wanted[8 * INPUT_MAX];
	size_t kind = size == 0 ? 0 : data[0] % 9;
	size_t piece = size == 0 ? 1 : 1 + data[0] / 9;
	size_t n = sizeof wanted;

	if (size < 2 || size > INPUT_MAX / 8)
		return;
	data++;
	size--;
	for (size_t at = 0; at < size; at += piece) {
		const char *name = cut_charsets[kind].name;
		size_t octets = size - at < piece ? size - at : piece;

		add("=?", 2);
		add(name, strlen(name));
		add("?B?", 3);
		length += text_base64(field + length, data + at, octets);
		add("?= ", 3);
	}
	if (convert_whole(cut_charsets[kind].opens, data, size, wanted, &n))
		check_same((const uint8_t *)wanted, n);
}

static void prepare(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);

	if (locale != (locale_t)0)
		uselocale(locale);
	charsets = malloc(sizeof *charsets);
	PROMISE(charsets != NULL);
	charsets_open(charsets, iconv_open);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > INPUT_MAX)
		return 0;
	if (charsets == NULL)
		prepare();
	unsigned kind = data[0] % 6;
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
	case 5:
		check_charset(data, size);
		break;
	default:
		add((const char *)data, size);
	}
	check_cut(small);
	check_shown(small);
	check_mailbox();
	return 0;
}
