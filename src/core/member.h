/* SPDX-License-Identifier: ISC */
/* Finds single members of JSON that a server sent; it may be cut off. */
#ifndef CORE_MEMBER_H
#define CORE_MEMBER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Finds the first member with this name, at any depth, and copies its value, a
 * string or a number, up to the first character that is not plain and
 * printable, truncated to size; "" if there is none.
 */
void member_find_word(const char *json, size_t length, const char *name,
	char *value, size_t size);

/*
 * As member_find_word, for a sentence in a string: blanks are part of it, and
 * what is not printable ASCII becomes '?'.
 */
void member_find_text(const char *json, size_t length, const char *name,
	char *value, size_t size);

/*
 * Is there a member with this name in the object itself, and not in another
 * within it? Copies its value if that is a string of letters, digits, '_' and
 * '-' that fits; else *value is "".
 */
bool member_of_top(const char *json, size_t length, const char *name,
	char *value, size_t size);

/* Does an object begin and end there, with nothing but blanks behind it? */
bool member_is_whole(const char *json, size_t length);

#endif
