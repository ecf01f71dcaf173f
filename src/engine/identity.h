/* SPDX-License-Identifier: ISC */
/*
 * Which message is which, where uids do not tell: a server that was moved gives
 * all its messages new ones, and some use them again.
 */
#ifndef ENGINE_IDENTITY_H
#define ENGINE_IDENTITY_H

#include <stdbool.h>

#include "engine/facts.h"

/*
 * After the recall, with the sizes known where the plan needs them. When most
 * of what was known vanished and about as many unknown messages came, they are
 * matched by their headers (TOP n 0), and what is found again is recorded under
 * its new uid, and recalled anew. A known uid whose size is another is looked
 * at, too, and the finding says which message it is. A dry run records nothing.
 */
bool identity_check(struct knowledge *knowledge, struct mailbox *mailbox,
	struct error *err);

/* Who takes the header digest of a message. */
struct identity_visitor {
	bool (*visit)(void *data, size_t position,
		const unsigned char sha256[LETTER_DIGEST], struct error *err);
	void *data; /* borrowed */
};

/*
 * Asks for the headers of all that is listed and unknown, and, once they are
 * proven, calls visit with the digest of each that has one.
 */
bool identity_unknown(const struct knowledge *knowledge,
	struct mailbox *mailbox, const struct identity_visitor *visitor,
	struct error *err);

/* Two sizes of what has the same header, as near as servers count? */
bool identity_is_near(uint64_t a, uint64_t b);

#endif
