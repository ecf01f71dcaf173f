/* SPDX-License-Identifier: ISC */
/* What is here already, byte by byte, is not put here again. */
#ifndef ENGINE_DUPLICATE_H
#define ENGINE_DUPLICATE_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/batch.h"
#include "engine/mailbox.h"
#include "io/mail/delivery.h"
#include "io/mail/local.h"

/* Where copies may be that the store does not know. */
struct duplicates {
	struct mailbox *mailbox;   /* borrowed */
	struct delivery *delivery; /* borrowed */
	struct letter *strays;	   /* owned; see rebuild_find_strays */
	size_t stray_count;
	struct local *here; /* owned; an mbox of which nothing is known; or
			       NULL */
};

/*
 * Before anything is fetched: finds copies in the Maildir that no record knows;
 * and reads what is in an mbox of an account without a successful run, since
 * its store may have been lost. (In a Maildir that would have been noticed by
 * rebuild_is_not_due.) To be released, whatever this returns.
 */
bool duplicates_prepare(struct duplicates *duplicates, struct error *err);
void duplicates_release(struct duplicates *duplicates);

/*
 * Takes those messages of the closed batch out of the delivery whose very text
 * is here, in this destination, or comes twice in the batch. A message without
 * a header is like many others, and is put here each time. As a part of the
 * ladder, it may run in the background.
 */
bool duplicates_sift(
	struct duplicates *duplicates, struct batch *batch, struct error *err);

/* Once the batch is sealed: their letters are those of what is here. */
void duplicates_settle(struct batch *batch);

#endif
