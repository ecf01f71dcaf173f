/* SPDX-License-Identifier: ISC */
/*
 * Determines which message is which where uids do not: a migrated server gives
 * all messages new uids, and some servers reuse uids.
 */
#ifndef ENGINE_IDENTITY_H
#define ENGINE_IDENTITY_H

#include <stdbool.h>

#include "engine/facts.h"

/*
 * After the recall, with sizes listed if the plan needs them. If most known
 * messages have vanished and about as many unknown ones are listed, matches
 * them by their headers (TOP n 0), records the matches under their new uids,
 * and recalls the memories again. Also checks known uids whose size differs,
 * and stores the result in the findings. A dry run records nothing.
 */
bool identity_check(struct knowledge *knowledge, struct mailbox *mailbox,
	struct error *err);

/* Receives the header digests of messages. */
struct identity_visitor {
	bool (*visit)(void *data, size_t position,
		const unsigned char sha256[LETTER_DIGEST], struct error *err);
	void *data; /* borrowed */
};

/*
 * Requests the headers of all messages that are listed but unknown, and, once
 * all are proven, calls visit with the digest of each that has an identifying
 * header.
 */
bool identity_unknown(const struct knowledge *knowledge,
	struct mailbox *mailbox, const struct identity_visitor *visitor,
	struct error *err);

/*
 * Are two sizes close enough to be the same message, given how servers count?
 */
bool identity_is_near(uint64_t a, uint64_t b);

#endif
