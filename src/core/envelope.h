/* SPDX-License-Identifier: ISC */
/* Who wrote a message, when, and about what, as its header has it. */
#ifndef CORE_ENVELOPE_H
#define CORE_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/words.h"

#define ENVELOPE_SUBJECT_MAX 2000

struct envelope {
	const struct charsets *charsets; /* borrowed; NULL: see words_decode */
	bool has_from;
	bool has_subject;
	bool has_date;
	struct words_mailbox from;
	int64_t date;			    /* seconds since 1970 */
	char subject[ENVELOPE_SUBJECT_MAX]; /* decoded, any octets */
	size_t subject_length;
};

/* Nothing is known yet, and charsets, which may be set then, is NULL. */
void envelope_init(struct envelope *envelope);

/*
 * Takes a field, unfolded, as header_feed's each gives them; the first From,
 * Subject and Date count.
 */
void envelope_take(void *envelope, const char *field, size_t length);

#endif
