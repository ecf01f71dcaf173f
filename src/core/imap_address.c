/* SPDX-License-Identifier: ISC */
/* Where mail goes: the address of an IMAP mailbox, and its name. */
#include <string.h>
#include <strings.h>

#include "core/imap.h"
#include "core/text.h"

static int hex(char c)
{
	return c >= '0' && c <= '9'    ? c - '0'
		: c >= 'a' && c <= 'f' ? c - 'a' + 10
		: c >= 'A' && c <= 'F' ? c - 'A' + 10
				       : -1;
}

/* Decodes %XX. False if it does not fit, or has control characters. */
static bool decode(const char *text, size_t length, char *room, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < length; i++) {
		int c = (unsigned char)text[i];

		if (c == '%') {
			int high = i + 2 < length ? hex(text[i + 1]) : -1;
			int low = i + 2 < length ? hex(text[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = high * 16 + low;
			i += 2;
		}
		if (c < 0x20 || c == 0x7f || n + 1 >= size)
			return false;
		room[n++] = (char)c;
	}
	room[n] = '\0';
	return n > 0;
}

/* "host", "host:143", "[::1]:143". */
static bool parse_host(
	const char *text, size_t length, struct imap_address *address)
{
	const char *end = text + length;
	const char *bracket =
		length > 0 && text[0] == '[' ? memchr(text, ']', length) : NULL;
	const char *stop =
		bracket == NULL ? memchr(text, ':', length) : bracket + 1;
	char port[8] = "";
	uint64_t number;

	if (stop == NULL)
		stop = end;
	if (stop < end) {
		size_t n = (size_t)(end - stop) - 1;

		if (stop[0] != ':' || n >= sizeof port)
			return false;
		memcpy(port, stop + 1, n);
		if (!text_parse_number(port, UINT16_MAX, &number) ||
			number == 0)
			return false;
		address->port = (uint16_t)number;
	}
	if (bracket != NULL) {
		text++;
		stop--;
	}
	for (const char *p = text; p < stop; p++) {
		if (*p == '%' || *p == ' ' || *p == '[' || *p == ']')
			return false;
	}
	return decode(text, (size_t)(stop - text), address->host,
		sizeof address->host);
}

bool imap_parse_address(const char *text, struct imap_address *address)
{
	struct imap_address found = {.port = 143, .folder = "INBOX"};
	const char *at = NULL;

	if (strncasecmp(text, "imaps://", 8) == 0) {
		found.tls = true;
		found.port = 993;
		text += 8;
	} else if (strncasecmp(text, "imap://", 7) == 0) {
		text += 7;
	} else {
		return false;
	}
	size_t length = strcspn(text, "/");

	for (size_t i = 0; i < length; i++) {
		if (text[i] == '@')
			at = text + i;
	}
	/* USER:PASSWORD: a password does not belong here. */
	if (at == NULL || memchr(text, ':', (size_t)(at - text)) != NULL ||
		!decode(text, (size_t)(at - text), found.user,
			sizeof found.user) ||
		!parse_host(at + 1, length - (size_t)(at - text) - 1, &found))
		return false;
	text += length;
	if (text[0] == '/' && text[1] != '\0' &&
		!decode(text + 1, strlen(text + 1), found.folder,
			sizeof found.folder))
		return false;
	char quoted[IMAP_MAILBOX_MAX];

	if (!imap_quote_mailbox(found.folder, quoted))
		return false;
	*address = found;
	return true;
}

/* ---- modified UTF-7 ------------------------------------------------------ */

struct name {
	char *room;
	size_t length;
};

static void put(struct name *name, char c)
{
	if (name->length < IMAP_MAILBOX_MAX)
		name->room[name->length] = c;
	name->length++;
}

/* Sixteen bits at a time, in base64 with a comma in the place of a slash. */
struct shift {
	bool open;
	uint32_t bits;
	unsigned count;
};

static void put_sextets(
	struct name *name, struct shift *shift, unsigned at_least)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789+,";

	while (shift->count >= at_least && shift->count > 0) {
		if (shift->count < 6) {
			shift->bits <<= 6 - shift->count;
			shift->count = 6;
		}
		shift->count -= 6;
		put(name, digits[(shift->bits >> shift->count) & 63]);
	}
}

static void put_unit(struct name *name, struct shift *shift, uint32_t unit)
{
	if (!shift->open)
		put(name, '&');
	shift->open = true;
	shift->bits = (shift->bits << 16) | unit;
	shift->count += 16;
	put_sextets(name, shift, 6);
}

static void end_shift(struct name *name, struct shift *shift)
{
	if (!shift->open)
		return;
	put_sextets(name, shift, 1);
	put(name, '-');
	*shift = (struct shift){.open = false};
}

bool imap_quote_mailbox(const char *folder, char *room)
{
	struct name name = {.room = room};
	struct shift shift = {.open = false};
	size_t length = strlen(folder);
	uint32_t code;

	put(&name, '"');
	for (size_t i = 0, n; i < length; i += n) {
		n = text_utf8(folder + i, length - i, &code);
		if (n == 0 || code < 0x20 || code == 0x7f)
			return false;
		if (code < 0x7f) {
			end_shift(&name, &shift);
			if (code == '"' || code == '\\')
				put(&name, '\\');
			put(&name, (char)code);
			if (code == '&')
				put(&name, '-');
		} else if (code >= 0x10000) {
			put_unit(&name, &shift,
				0xd800 + ((code - 0x10000) >> 10));
			put_unit(&name, &shift,
				0xdc00 + ((code - 0x10000) & 0x3ff));
		} else {
			put_unit(&name, &shift, code);
		}
	}
	end_shift(&name, &shift);
	put(&name, '"');
	put(&name, '\0');
	return name.length <= IMAP_MAILBOX_MAX;
}
