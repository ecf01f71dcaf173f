/* SPDX-License-Identifier: ISC */
#include "core/uid_name.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "core/xalloc.h"

/*
 * A number with at least this many digits may be the beginning of a uid, but
 * not a message number.
 */
#define NUMBER_DIGITS 8

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Is this a \xNN escape? If so, sets *byte to the value. */
static bool is_escape(const char *bytes, size_t length, char *byte)
{
	if (length < 4 || bytes[0] != '\\' || bytes[1] != 'x')
		return false;
	int high = hex_value(bytes[2]);
	int low = hex_value(bytes[3]);

	if (high < 0 || low < 0)
		return false;
	*byte = (char)(high << 4 | low);
	return true;
}

/*
 * Returns the length of the next character if it is shown unchanged; otherwise
 * 0.
 */
static size_t plain_octets(const char *bytes, size_t length)
{
	uint32_t code = 0;
	size_t n = text_utf8(bytes, length, &code);
	char byte;

	if (n > 0 && (text_is_unsafe(code) || is_escape(bytes, length, &byte)))
		return 0;
	return n;
}

/*
 * Returns the length of an unsafe character, which is escaped as a whole; 1 for
 * a malformed byte.
 */
static size_t unsafe_octets(const char *bytes, size_t length)
{
	uint32_t code = 0;
	size_t n = text_utf8(bytes, length, &code);

	return n > 0 ? n : 1;
}

char *uid_text(struct uid uid)
{
	static const char hex[] = "0123456789abcdef";
	char *text = xmalloc(4 * uid.length + 1);
	size_t used = 0;

	for (size_t i = 0; i < uid.length;) {
		size_t n = plain_octets(uid.bytes + i, uid.length - i);

		memcpy(text + used, uid.bytes + i, n);
		used += n;
		i += n;
		if (n > 0)
			continue;
		n = unsafe_octets(uid.bytes + i, uid.length - i);
		for (; n > 0; n--, i++) {
			unsigned char byte = (unsigned char)uid.bytes[i];

			text[used++] = '\\';
			text[used++] = 'x';
			text[used++] = hex[byte >> 4];
			text[used++] = hex[byte & 15];
		}
	}
	text[used] = '\0';
	return text;
}

static bool is_number(const char *text)
{
	text += *text == '#';
	size_t n = strspn(text, "0123456789");

	return n > 0 && n < NUMBER_DIGITS && text[n] == '\0';
}

void uid_name_init(struct uid_name *name, const char *text)
{
	size_t length = strlen(text);

	*name = (struct uid_name){
		.text = text,
		.bytes = xmalloc(length + 1),
		.is_number = is_number(text),
	};
	for (size_t i = 0; i < length;) {
		char byte = text[i];

		i += is_escape(text + i, length - i, &byte) ? 4 : 1;
		name->bytes[name->length++] = byte;
	}
}

void uid_name_release(struct uid_name *name)
{
	free(name->bytes);
	name->bytes = NULL;
}

static bool starts(struct uid uid, const char *bytes, size_t length)
{
	return uid.length >= length && memcmp(uid.bytes, bytes, length) == 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * May so many of its first bytes stand for a longer uid? Not if that would cut
 * a number in two: "1234.1" is a whole uid that is not on record, and not the
 * beginning of "1234.12".
 */
static bool is_beginning(struct uid uid, size_t length)
{
	return length >= UID_NAME_MIN && length < uid.length &&
		!(is_digit(uid.bytes[length - 1]) &&
			is_digit(uid.bytes[length]));
}

/*
 * Is name the text without its middle, which "..." replaces? Any of the dots in
 * name may be the ones, as the uid itself may contain some. The part left out
 * must be longer than the dots.
 */
static bool is_shortened(const char *name, const char *text)
{
	size_t all = strlen(text);

	for (const char *dots = strstr(name, "..."); dots != NULL;
		dots = strstr(dots + 1, "...")) {
		size_t head = (size_t)(dots - name);
		size_t tail = strlen(dots + 3);

		if (head > 0 && head + tail >= UID_NAME_MIN &&
			head + tail < all && strncmp(name, text, head) == 0 &&
			strcmp(dots + 3, text + all - tail) == 0)
			return true;
	}
	return false;
}

enum uid_match uid_name_match(const struct uid_name *name, struct uid uid)
{
	size_t typed = strlen(name->text);
	bool decoded = starts(uid, name->bytes, name->length);
	bool as_typed = starts(uid, name->text, typed);

	if ((decoded && uid.length == name->length) ||
		(as_typed && uid.length == typed))
		return UID_MATCH_EXACT;
	if (((decoded && is_beginning(uid, name->length)) ||
		    (as_typed && is_beginning(uid, typed))) &&
		!name->is_number)
		return UID_MATCH_PREFIX;
	/* Most names contain no dots. The text is compared, since an escape may
	 * have been cut. */
	if (strstr(name->text, "...") == NULL)
		return UID_MATCH_NONE;
	char *text = uid_text(uid);
	bool shortened = is_shortened(name->text, text);

	free(text);
	return shortened ? UID_MATCH_SHORTENED : UID_MATCH_NONE;
}
