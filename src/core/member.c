/* SPDX-License-Identifier: ISC */
#include "core/member.h"

#include <stdint.h>
#include <string.h>

/* A place in the text. */
struct place {
	const char *json;
	size_t length;
	size_t at;
	int depth; /* of objects and arrays around it */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct place *place)
{
	while (place->at < place->length && is_blank(place->json[place->at]))
		place->at++;
}

/* Moves behind the string that begins here. Returns the length of its text. */
static size_t skip_string(struct place *place)
{
	size_t start = ++place->at;

	while (place->at < place->length && place->json[place->at] != '"')
		place->at += place->json[place->at] == '\\' ? 2 : 1;
	if (place->at > place->length)
		place->at = place->length;
	return place->at++ - start;
}

/* Moves to the value of the next member with this name; false: none. */
static bool find(struct place *place, const char *name, int depth)
{
	while (place->at < place->length) {
		char c = place->json[place->at];

		if (c != '"') {
			place->depth +=
				(c == '{' || c == '[') - (c == '}' || c == ']');
			place->at++;
			continue;
		}
		const char *text = place->json + place->at + 1;
		size_t n = skip_string(place);

		skip_blanks(place);
		if (place->at >= place->length || place->json[place->at] != ':')
			continue;
		place->at++;
		skip_blanks(place);
		if (n == strlen(name) && memcmp(text, name, n) == 0 &&
			(depth == 0 || depth == place->depth))
			return true;
	}
	return false;
}

static bool is_plain(char c)
{
	return c > ' ' && c <= '~' && c != '"' && c != '\\' && c != ',' &&
		c != '}';
}

void member_find_word(const char *json, size_t length, const char *name,
	char *value, size_t size)
{
	struct place place = {.json = json, .length = length};
	size_t used = 0;

	if (find(&place, name, 0)) {
		place.at += place.at < length && json[place.at] == '"';
		while (place.at < length && used + 1 < size &&
			is_plain(json[place.at]))
			value[used++] = json[place.at++];
	}
	value[used] = '\0';
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'    ? c - '0'
		: c >= 'a' && c <= 'f' ? c - 'a' + 10
		: c >= 'A' && c <= 'F' ? c - 'A' + 10
				       : -1;
}

/* Reads one character of a string, which may be escaped. */
static char next_character(struct place *place)
{
	const char *p = place->json + place->at;
	size_t rest = place->length - place->at;
	unsigned code = 0;

	place->at++;
	if (p[0] != '\\' || rest < 2)
		return p[0];
	place->at++;
	if (p[1] != 'u')
		return strchr("bfnrt", p[1]) != NULL ? ' ' : p[1];
	for (size_t i = 2; i < 6; i++) {
		int digit = i < rest ? hex_digit(p[i]) : -1;

		if (digit < 0)
			return '?';
		code = code * 16 + (unsigned)digit;
		place->at++;
	}
	return code < 0x7f ? (char)code : '?';
}

void member_find_text(const char *json, size_t length, const char *name,
	char *value, size_t size)
{
	struct place place = {.json = json, .length = length};
	size_t used = 0;

	if (find(&place, name, 0) && place.at < length &&
		json[place.at] == '"') {
		place.at++;
		while (place.at < length && used + 1 < size &&
			json[place.at] != '"') {
			char c = next_character(&place);

			value[used++] = c >= ' ' && c <= '~' ? c : '?';
		}
	}
	value[used] = '\0';
}

bool member_of_top(const char *json, size_t length, const char *name,
	char *value, size_t size)
{
	struct place place = {.json = json, .length = length};

	value[0] = '\0';
	skip_blanks(&place);
	if (place.at >= length || json[place.at] != '{' ||
		!find(&place, name, 1))
		return false;
	if (place.at >= length || json[place.at] != '"')
		return true;
	const char *text = json + place.at + 1;
	size_t n = skip_string(&place);

	if (place.at > length || n >= size)
		return true;
	for (size_t i = 0; i < n; i++) {
		char c = text[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') &&
			!(c >= 'a' && c <= 'z') && c != '_' && c != '-')
			return true;
	}
	memcpy(value, text, n);
	value[n] = '\0';
	return true;
}

bool member_is_whole(const char *json, size_t length)
{
	struct place place = {.json = json, .length = length};

	skip_blanks(&place);
	if (place.at >= length || json[place.at] != '{')
		return false;
	do {
		char c = json[place.at];

		if (c == '"') {
			skip_string(&place);
			continue;
		}
		place.depth += (c == '{' || c == '[') - (c == '}' || c == ']');
		place.at++;
	} while (place.at < length && place.depth > 0);
	skip_blanks(&place);
	return place.depth == 0 && place.at == length;
}
