/* SPDX-License-Identifier: ISC */
/*
 * What the store knows about the messages that the server lists, and what it
 * learns from the listing.
 */
#ifndef IO_STORE_STORE_RECALL_H
#define IO_STORE_STORE_RECALL_H

#include <stddef.h>
#include <stdint.h>

#include "core/maildrop.h"
#include "core/plan.h"
#include "io/store/store.h"

/*
 * Returns what the store knows about each message of the maildrop: *memories is
 * a new array of maildrop->count, which the caller frees. Also notes, for
 * store_record_listing, which known messages are no longer listed, or listed
 * again.
 */
bool store_recall(struct store *store, const struct maildrop *maildrop,
	struct memory **memories, struct error *err);

/* The listing, and what is known about it: one element for each message. */
struct store_listing {
	const struct memory *memories;
	const struct finding *findings;
	size_t count;
};

/*
 * Records which messages vanished from the listing, as found by store_recall,
 * and which returned: a kept one is marked as doubtful unless its header proved
 * that it is the same. Forgets messages that vanished more than a year ago.
 * Writes nothing if the listing is the same as last time.
 */
bool store_record_listing(struct store *store,
	const struct store_listing *listing, int64_t now, struct error *err);

#endif
