/* SPDX-License-Identifier: ISC */
#include "core/width.h"

#include <stdbool.h>
#include <string.h>

#include "core/text.h"

struct range {
	uint32_t first;
	uint32_t last;
};

/* Ascending; the scripts that mail is written in, and not all of Unicode. */
static const struct range combining[] = {{0x300, 0x36f}, {0x483, 0x489},
	{0x591, 0x5bd}, {0x5bf, 0x5bf}, {0x5c1, 0x5c2}, {0x5c4, 0x5c5},
	{0x610, 0x61a}, {0x64b, 0x65f}, {0x670, 0x670}, {0x6d6, 0x6dc},
	{0x93c, 0x93c}, {0x941, 0x948}, {0x94d, 0x94d}, {0xe31, 0xe31},
	{0xe34, 0xe3a}, {0xe47, 0xe4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
	{0x20d0, 0x20ff}, {0x3099, 0x309a}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
	{0x1f3fb, 0x1f3ff}, {0xe0100, 0xe01ef}};
static const struct range wide[] = {{0x1100, 0x115f}, {0x231a, 0x231b},
	{0x23e9, 0x23ec}, {0x2614, 0x2615}, {0x26a1, 0x26a1}, {0x2705, 0x2705},
	{0x2728, 0x2728}, {0x274c, 0x274c}, {0x2753, 0x2757}, {0x2b50, 0x2b50},
	{0x2e80, 0x303e}, {0x3041, 0x4dbf}, {0x4e00, 0xa4cf}, {0xa960, 0xa97f},
	{0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff01, 0xff60},
	{0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
	{0x1f900, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd}};

static bool is_in(const struct range *ranges, size_t count, uint32_t code)
{
	size_t low = 0;

	while (low < count) {
		size_t middle = low + (count - low) / 2;

		if (code > ranges[middle].last)
			low = middle + 1;
		else if (code < ranges[middle].first)
			count = middle;
		else
			return true;
	}
	return false;
}

size_t width_of(uint32_t code)
{
	if (code < 0x300)
		return 1;
	if (is_in(combining, sizeof combining / sizeof combining[0], code))
		return 0;
	return is_in(wide, sizeof wide / sizeof wide[0], code) ? 2 : 1;
}

/* The octets of the character there, and its columns. */
static size_t step(const char *text, size_t left, size_t *columns)
{
	uint32_t code = 0;
	size_t n = text_utf8(text, left, &code);

	*columns = n == 0 ? 1 : width_of(code);
	return n == 0 ? 1 : n;
}

/* How many octets fit into columns, what is put upon the last one included. */
static size_t octets_for(const char *text, size_t length, size_t columns)
{
	size_t used = 0;
	size_t at = 0;

	while (at < length) {
		size_t width;
		size_t n = step(text + at, length - at, &width);

		if (used + width > columns)
			break;
		used += width;
		at += n;
	}
	return at;
}

size_t width_text(const char *text)
{
	size_t length = strlen(text);
	size_t columns = 0;

	for (size_t at = 0, width; at < length; columns += width)
		at += step(text + at, length - at, &width);
	return columns;
}

char *width_cut(char *text, size_t columns)
{
	size_t dots = columns < 6 ? 0 : 3;
	size_t at;

	if (width_text(text) <= columns)
		return text;
	at = octets_for(text, strlen(text), columns - dots);
	/* It was wider than this, so that there is room. */
	memcpy(text + at, "...", dots);
	text[at + dots] = '\0';
	return text;
}

char *width_cut_middle(char *text, size_t columns)
{
	size_t length = strlen(text);
	size_t all = width_text(text);

	if (all <= columns || columns < 6)
		return width_cut(text, columns);
	size_t head = octets_for(text, length, (columns - 3) / 2);
	/* Past so many columns, what is left fits behind the dots. */
	size_t skipped = all - (columns - 3 - (columns - 3) / 2);
	size_t tail = octets_for(text, length, skipped);

	/* A wide character there may have to go as a whole. */
	while (tail < length && width_text(text + tail) > all - skipped) {
		size_t width;

		tail += step(text + tail, length - tail, &width);
	}
	memcpy(text + head, "...", 3);
	memmove(text + head + 3, text + tail, length - tail + 1);
	return text;
}
