/* SPDX-License-Identifier: ISC */
#include "core/member.h"

#include <stdbool.h>
#include <string.h>

/* Where the value of this member begins; length: there is none. */
static size_t find_value(const char *json, size_t length, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i + n + 2 <= length; i++) {
		size_t at = i + n + 2;

		if (json[i] != '"' || memcmp(json + i + 1, name, n) != 0 ||
			json[i + n + 1] != '"')
			continue;
		while (at < length && (json[at] == ' ' || json[at] == ':'))
			at++;
		return at;
	}
	return length;
}

static bool is_plain(char c)
{
	return c > ' ' && c <= '~' && c != '"' && c != '\\' && c != ',' &&
		c != '}';
}

void member_find_word(const char *json, size_t length, const char *name,
	char *value, size_t size)
{
	size_t at = find_value(json, length, name);
	size_t used = 0;

	at += at < length && json[at] == '"';
	while (at < length && used + 1 < size && is_plain(json[at]))
		value[used++] = json[at++];
	value[used] = '\0';
}

void member_find_text(const char *json, size_t length, const char *name,
	char *value, size_t size)
{
	size_t at = find_value(json, length, name);
	size_t used = 0;

	value[0] = '\0';
	if (at >= length || json[at++] != '"')
		return;
	while (at < length && used + 1 < size && json[at] != '"') {
		bool escaped = json[at] == '\\';
		char c = json[at];

		value[used++] = !escaped && c >= ' ' && c <= '~' ? c : '?';
		at += escaped ? 2 : 1;
	}
	value[used] = '\0';
}
