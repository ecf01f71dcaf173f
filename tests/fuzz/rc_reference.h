/* SPDX-License-Identifier: ISC */
/* Parses an rc file in a simple way: all of it, or nothing. */
#ifndef TESTS_FUZZ_RC_REFERENCE_H
#define TESTS_FUZZ_RC_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

#define REFERENCE_MAX 600
#define REFERENCE_ROOM (1 << 17)

struct reference {
	size_t count;
	struct {
		char kind; /* '=' setting, '{' account, '}' its end, '(' include
			    */
		size_t line;
		const char *name; /* in room; NULL for '}' */
		const char *value;
	} statements[REFERENCE_MAX];
	size_t used;
	char room[REFERENCE_ROOM];
};

/*
 * Parses text, which has no byte above 0x7f. False: it is not an rc file, or
 * has more statements than there is room for (*too_much).
 */
bool reference_read(struct reference *reference, const char *text,
	size_t length, const char *(*variable)(const char *name),
	bool *too_much);

#endif
