/* SPDX-License-Identifier: ISC */
#include "core/width.h"

#include <stdbool.h>
#include <string.h>
#include <wchar.h>

#include "core/text.h"

size_t width_of(uint32_t code)
{
	int columns = wcwidth((wchar_t)code);

	return columns < 0 ? 1 : (size_t)columns;
}

/* Two of these form a country's flag. */
static bool is_flag_letter(uint32_t code)
{
	return code >= 0x1f1e6 && code <= 0x1f1ff;
}

/*
 * Is it drawn as part of the previous character? emoji: how many were joined so
 * far.
 */
static bool attaches(size_t octets, uint32_t code, unsigned emoji)
{
	if (code == TEXT_JOINER && octets > TEXT_JOINER_OCTETS)
		return true;
	return width_of(code) == 0 || (emoji > 0 && text_varies_emoji(code));
}

/*
 * Returns the number of bytes that are drawn as one unit, and sets *columns to
 * its width: a character with its combining marks, joined emoji, or a flag.
 * Except for flags, the width is that of the first character, as on most
 * terminals.
 */
static size_t next_cell(const char *text, size_t left, size_t *columns)
{
	uint32_t first = 0;
	unsigned emoji = 0;
	size_t at = text_next(text, left, &emoji, &first);
	bool half_flag = at > 0 && is_flag_letter(first);

	*columns = at == 0 ? 1 : width_of(first);
	if (at == 0)
		return 1;
	while (at < left) {
		uint32_t code = 0;
		unsigned before = emoji;
		size_t n = text_next(text + at, left - at, &emoji, &code);
		bool flag = n > 0 && half_flag && is_flag_letter(code);

		if (flag)
			*columns += width_of(code);
		else if (n == 0 || !attaches(n, code, before))
			break;
		half_flag = false;
		at += n;
	}
	return at;
}

/*
 * Returns how many bytes fit into columns, including marks combined with the
 * last character.
 */
static size_t fit_columns(const char *text, size_t length, size_t columns)
{
	size_t used = 0;
	size_t at = 0;

	while (at < length) {
		size_t width;
		size_t n = next_cell(text + at, length - at, &width);

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
		at += next_cell(text + at, length - at, &width);
	return columns;
}

char *width_cut(char *text, size_t columns)
{
	size_t dots = columns < 6 ? 0 : 3;
	size_t at;

	if (width_text(text) <= columns)
		return text;
	at = fit_columns(text, strlen(text), columns - dots);
	/* The dots fit, since the text was wider than this. */
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
	size_t head = fit_columns(text, length, (columns - 3) / 2);
	/* After this many columns, the rest fits behind the dots. */
	size_t skipped = all - (columns - 3 - (columns - 3) / 2);
	size_t tail = fit_columns(text, length, skipped);

	/* A wide character at this point may have to be skipped as a whole. */
	while (tail < length && width_text(text + tail) > all - skipped) {
		size_t width;

		tail += next_cell(text + tail, length - tail, &width);
	}
	memcpy(text + head, "...", 3);
	memmove(text + head + 3, text + tail, length - tail + 1);
	return text;
}
