/* SPDX-License-Identifier: ISC */
/* Shared by words.c and words_mailbox.c. */
#ifndef CORE_WORDS_INTERNAL_H
#define CORE_WORDS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

/* The buffer for decoded text; what does not fit is dropped. */
struct words_output {
	char *room;
	size_t size;
	size_t used;
	bool full; /* something was dropped, and so will be all that follows */
};

/* Appends all of the bytes, or none if there is not enough room. */
void words_put(struct words_output *output, const char *bytes, size_t length);

bool words_is_blank(char c);

#endif
