/* SPDX-License-Identifier: ISC */
/* Finds single members of JSON that a server sent. */
#ifndef CORE_MEMBER_H
#define CORE_MEMBER_H

#include <stddef.h>

/*
 * Finds the first member with this name, at any depth, and copies its value, a
 * string or a number, up to the first character that is not plain and
 * printable, truncated to size; "" if there is none.
 */
void member_find_word(const char *json, size_t length, const char *name,
	char *value, size_t size);

/*
 * As member_find_word, for a sentence: blanks are part of it, and escaped
 * characters become '?'.
 */
void member_find_text(const char *json, size_t length, const char *name,
	char *value, size_t size);

#endif
