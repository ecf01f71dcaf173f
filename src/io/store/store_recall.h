/* SPDX-License-Identifier: ISC */
/*
 * What the store knows of the messages that the server lists, and what it
 * learns from their list.
 */
#ifndef IO_STORE_STORE_RECALL_H
#define IO_STORE_STORE_RECALL_H

#include <stddef.h>
#include <stdint.h>

#include "core/maildrop.h"
#include "core/plan.h"
#include "io/store/store.h"

/*
 * What the store knows of each message of the maildrop: *memories is a new
 * array of maildrop->count, the caller's to free. It also notes which known
 * messages are listed no longer, or again, for store_record_listing.
 */
bool store_recall(struct store *store, const struct maildrop *maildrop,
	struct memory **memories, struct error *err);

/* What is listed, and known of it: one of each for each message. */
struct store_listing {
	const struct memory *memories;
	const struct finding *findings;
	size_t count;
};

/*
 * Records which messages vanished from the listing, as store_recall noticed,
 * and which came back: of one that is kept it stays marked that nothing proved
 * it to be the same, unless its header did. Forgets what vanished more than a
 * year ago. A listing that is the same as last time writes nothing.
 */
bool store_record_listing(struct store *store,
	const struct store_listing *listing, int64_t now, struct error *err);

#endif
