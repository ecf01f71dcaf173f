/* SPDX-License-Identifier: ISC */
/* Avoids storing a message that is already here byte for byte. */
#ifndef ENGINE_DUPLICATE_H
#define ENGINE_DUPLICATE_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/batch.h"
#include "engine/claims.h"
#include "engine/mailbox.h"
#include "io/mail/delivery.h"
#include "io/mail/local.h"

/* Local copies that the store does not know. */
struct duplicates {
	struct mailbox *mailbox;   /* borrowed */
	struct delivery *delivery; /* borrowed */
	struct letter *strays;	   /* owned; see rebuild_find_strays */
	size_t stray_count;
	struct local *here;   /* owned; an mbox not on record; or NULL */
	struct claims claims; /* owned; read only if here is not NULL */
};

/*
 * Before anything is fetched: finds copies in the Maildir that no record names;
 * or, for an mbox of an account without a successful run, reads the whole mbox,
 * since the store may have been lost (for a Maildir, rebuild_check_due would
 * have noticed that). Call duplicates_release in any case.
 */
bool duplicates_prepare(struct duplicates *duplicates, struct error *err);
void duplicates_release(struct duplicates *duplicates);

/*
 * Removes messages of the closed batch from the delivery if their exact text is
 * already in this destination or occurs earlier in the batch. Messages without
 * an identifying header are always stored, since many different ones may look
 * alike. Part of the ladder: it may run in the background thread.
 */
bool duplicates_sift(
	struct duplicates *duplicates, struct batch *batch, struct error *err);

/*
 * Once the batch is sealed: gives the removed messages the letters of the
 * copies that are here.
 */
void duplicates_settle(struct batch *batch);

#endif
