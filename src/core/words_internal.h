/* SPDX-License-Identifier: ISC */
/* What the two files of words share. */
#ifndef CORE_WORDS_INTERNAL_H
#define CORE_WORDS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

/* Where decoded text goes; what is beyond the room is left out. */
struct words_output {
	char *room;
	size_t size;
	size_t used;
	bool full; /* something was left out, and so is what follows */
};

/* All of it, or nothing where there is no room for all. */
void words_put(struct words_output *output, const char *bytes, size_t length);

bool words_is_blank(char c);

#endif
