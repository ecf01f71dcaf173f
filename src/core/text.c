/* SPDX-License-Identifier: ISC */
#include "core/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

size_t text_utf8(const char *bytes, size_t length, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)bytes;
	size_t n;
	uint32_t c;

	if (length == 0)
		return 0;
	if (p[0] < 0x80) {
		*code = p[0];
		return 1;
	} else if ((p[0] & 0xe0) == 0xc0) {
		n = 2;
		c = p[0] & 0x1f;
	} else if ((p[0] & 0xf0) == 0xe0) {
		n = 3;
		c = p[0] & 0x0f;
	} else if ((p[0] & 0xf8) == 0xf0) {
		n = 4;
		c = p[0] & 0x07;
	} else {
		return 0;
	}
	if (n > length)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*code = c;
	return n;
}

bool text_is_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c ||
		(c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
		(c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
		(c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff);
}

/*
 * Emoji sequences in use join at most this many; terminals that do not support
 * joining show all of them.
 */
#define JOINED_MAX 4

/* Emoji that occur in joined sequences. Flags do not, and need no joiner. */
static bool is_emoji(uint32_t c)
{
	return c == 0x2194 || c == 0x2195 || (c >= 0x2600 && c <= 0x27bf) ||
		c == 0x2b1b || c == 0x2b1c || (c >= 0x1f300 && c <= 0x1faff);
}

bool text_varies_emoji(uint32_t c)
{
	return c == 0xfe0e || c == 0xfe0f || (c >= 0x1f3fb && c <= 0x1f3ff);
}

size_t text_next(
	const char *bytes, size_t length, unsigned *emoji, uint32_t *code)
{
	size_t n = text_utf8(bytes, length, code);
	size_t more = 0;
	uint32_t joined = 0;

	if (n > 0 && *code == TEXT_JOINER && *emoji > 0 && *emoji < JOINED_MAX)
		more = text_utf8(bytes + n, length - n, &joined);
	if (more > 0 && is_emoji(joined) && !text_varies_emoji(joined)) {
		++*emoji;
		return n + more;
	}
	if (n == 0)
		*emoji = 0;
	else if (!text_varies_emoji(*code))
		*emoji = is_emoji(*code);
	return n;
}

static char *make_printable(
	char *room, size_t size, const char *bytes, size_t length, size_t most)
{
	static const char hex[] = "0123456789abcdef";
	size_t shown = length < most ? length : most;
	bool cut = shown < length;
	size_t used = 0;
	unsigned emoji = 0;

	for (size_t i = 0; i < shown;) {
		uint32_t code = 0;
		size_t n = text_next(bytes + i, length - i, &emoji, &code);
		bool joins = n > TEXT_JOINER_OCTETS && code == TEXT_JOINER;
		bool plain = joins || (n > 0 && !text_is_unsafe(code));
		size_t take = n > 0 ? n : 1;
		size_t need = plain ? take : 4 * take;

		if (used + need + sizeof "..." > size) {
			cut = true;
			break;
		}
		if (plain) {
			memcpy(room + used, bytes + i, take);
			used += take;
		}
		for (size_t k = 0; !plain && k < take; k++) {
			unsigned char byte = (unsigned char)bytes[i + k];

			room[used++] = '\\';
			room[used++] = 'x';
			room[used++] = hex[byte >> 4];
			room[used++] = hex[byte & 15];
		}
		i += take;
	}
	memcpy(room + used, cut ? "..." : "", cut ? 4 : 1);
	return room;
}

char *text_printable(char *room, size_t size, const char *bytes, size_t length)
{
	return make_printable(room, size, bytes, length, TEXT_SHOWN_MAX);
}

char *text_printable_long(
	char *room, size_t size, const char *bytes, size_t length)
{
	return make_printable(room, size, bytes, length, length);
}

/* Levenshtein distance of words shorter than 32 bytes; 99 for longer ones. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t row[33];
	size_t n = strlen(a);
	size_t m = strlen(b);

	if (n > 31 || m > 31)
		return 99;
	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t above = row[j];
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = above;
			row[j] = best;
		}
	}
	return row[m];
}

const char *text_nearest(
	const char *word, const char *const *names, size_t count)
{
	const char *nearest = NULL;
	size_t limit = strlen(word) / 3 + 1;
	size_t best = limit + 1;

	for (size_t i = 0; i < count; i++) {
		size_t far = edit_distance(word, names[i]);

		if (far < best) {
			best = far;
			nearest = names[i];
		}
	}
	return nearest;
}

/* Parses digits and advances *text; false if there are none or too many. */
static bool scan_digits(const char **text, uint64_t *number)
{
	const char *p = *text;
	uint64_t n = 0;

	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (n > (UINT64_MAX - 9) / 10)
			return false;
		n = n * 10 + (uint64_t)(*p - '0');
	}
	*text = p;
	*number = n;
	return true;
}

static const char *skip_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

bool text_parse_duration(const char *text, int64_t unit, int64_t *seconds)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = {
		{"s", 1},
		{"second", 1},
		{"seconds", 1},
		{"m", 60},
		{"minute", 60},
		{"minutes", 60},
		{"h", 3600},
		{"hour", 3600},
		{"hours", 3600},
		{"d", 86400},
		{"day", 86400},
		{"days", 86400},
		{"w", 604800},
		{"week", 604800},
		{"weeks", 604800},
	};
	uint64_t number;

	text = skip_blanks(text);
	if (!scan_digits(&text, &number))
		return false;
	text = skip_blanks(text);
	for (size_t i = 0; *text && i < sizeof units / sizeof units[0]; i++) {
		if (strcasecmp(text, units[i].name) == 0) {
			unit = units[i].seconds;
			text = "";
		}
	}
	if (*text || unit == 0)
		return false;
	if (number > (uint64_t)(INT64_C(36525) * 86400 / unit))
		return false;
	*seconds = (int64_t)number * unit;
	return true;
}

bool text_parse_size(const char *text, uint64_t *octets)
{
	uint64_t number;
	unsigned shift = 0;

	text = skip_blanks(text);
	if (!scan_digits(&text, &number))
		return false;
	text = skip_blanks(text);
	switch (*text) {
	case 'k':
	case 'K':
		shift = 10;
		break;
	case 'm':
	case 'M':
		shift = 20;
		break;
	case 'g':
	case 'G':
		shift = 30;
		break;
	default:
		break;
	}
	if (shift)
		text++;
	if (*text && strcasecmp(text, "b") != 0 &&
		!(shift && strcasecmp(text, "ib") == 0))
		return false;
	if (number > (UINT64_MAX >> 1) >> shift)
		return false;
	*octets = number << shift;
	return true;
}

bool text_parse_number(const char *text, uint64_t max, uint64_t *number)
{
	uint64_t n;

	text = skip_blanks(text);
	if (!scan_digits(&text, &n) || *skip_blanks(text) || n > max)
		return false;
	*number = n;
	return true;
}

size_t text_base64(char *to, const unsigned char *from, size_t length)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t used = 0;

	for (size_t i = 0; i < length; i += 3) {
		uint32_t word = (uint32_t)from[i] << 16;

		if (i + 1 < length)
			word |= (uint32_t)from[i + 1] << 8;
		if (i + 2 < length)
			word |= from[i + 2];
		to[used++] = digits[word >> 18];
		to[used++] = digits[word >> 12 & 63];
		to[used++] = i + 1 < length ? digits[word >> 6 & 63] : '=';
		to[used++] = i + 2 < length ? digits[word & 63] : '=';
	}
	to[used] = '\0';
	return used;
}

const char *text_plural(uint64_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

char *text_size(char *room, size_t size, uint64_t octets)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double value = (double)octets;
	size_t unit = 0;

	while (value >= 1023.5 && unit < 4) {
		value /= 1024;
		unit++;
	}
	snprintf(room, size, "%.*f %s", unit > 1 && value < 99.95 ? 1 : 0,
		value, units[unit]);
	return room;
}

char *text_clock(char *room, size_t size, int64_t seconds)
{
	long long s = seconds < 0 ? 0 : (long long)seconds;

	if (s < 3600)
		snprintf(room, size, "%lld:%02lld", s / 60, s % 60);
	else
		snprintf(room, size, "%lld:%02lld:%02lld", s / 3600,
			s / 60 % 60, s % 60);
	return room;
}

char *text_age(char *room, size_t size, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {
		{86400, "days"},
		{3600, "hours"},
		{60, "minutes"},
	};

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (seconds < 2 * units[i].seconds)
			continue;
		snprintf(room, size, "%lld %s ago",
			(long long)(seconds / units[i].seconds), units[i].name);
		return room;
	}
	if (seconds < 2)
		snprintf(room, size, "just now");
	else
		snprintf(room, size, "%lld seconds ago", (long long)seconds);
	return room;
}
