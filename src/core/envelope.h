/* SPDX-License-Identifier: ISC */
/* Author, date and subject of a message, according to its header. */
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
	char subject[ENVELOPE_SUBJECT_MAX]; /* decoded, any bytes */
	size_t subject_length;
};

/* Makes an empty envelope; charsets may be set then, and is NULL. */
void envelope_init(struct envelope *envelope);

/*
 * Evaluates an unfolded header field; to be used as the callback each of
 * header_feed. Only the first From, Subject and valid Date count.
 */
void envelope_take(void *envelope, const char *field, size_t length);

#endif
