/* SPDX-License-Identifier: ISC */
/*
 * The record of a batch while it is stored; and, with the setting also, its
 * hand-over before that. Used only by the ladder; may run in its background
 * thread.
 */
#ifndef ENGINE_ARRIVALS_H
#define ENGINE_ARRIVALS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "core/plan.h"
#include "engine/batch.h"
#include "engine/facts.h"
#include "engine/fates.h"
#include "engine/mailbox.h"
#include "io/mail/delivery.h"

/* A closed batch, and what is known of its messages; all borrowed. */
struct arrivals {
	struct mailbox *mailbox;
	const struct facts *facts;
	const struct plan *plan;
	struct fates *fates;
	struct delivery *delivery;
	struct batch *batch;
};

/*
 * Records them as arriving, within a transaction. What an earlier run handed
 * over will not be handed over again.
 */
bool arrivals_record(const struct arrivals *arrivals, struct error *err);

/*
 * Hands the batch over. What is not taken is removed from it, and will not be
 * stored. Sets unwanted if nothing more can be handed over in this run.
 */
void arrivals_hand_over(const struct arrivals *arrivals);

/* Records where those that were taken will be, within a transaction. */
bool arrivals_file(const struct arrivals *arrivals, struct error *err);

/* Did the destination take message i, in this run or in an earlier one? */
bool arrivals_was_taken(
	const struct delivery *delivery, const struct batch *batch, size_t i);

#endif
