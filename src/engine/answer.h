/* SPDX-License-Identifier: ISC */
/*
 * Takes over what a destination that confirms said about a message. Used only
 * by the ladder.
 */
#ifndef ENGINE_ANSWER_H
#define ENGINE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "engine/batch.h"
#include "engine/fates.h"
#include "engine/mailbox.h"
#include "io/mail/destination.h"

/*
 * Records the answer at once, so that a kill causes no more than one message to
 * be delivered again: the message is kept; or, if it was refused, it and the
 * others of the batch with the same text count as not fetched, and
 * batch->refused says why. This is not synced, so store_sync must be called
 * before any message is erased. May run in the background thread.
 */
bool answer_record(struct mailbox *mailbox, struct batch *batch,
	const struct fates *fates, const struct confirmation *answer,
	struct error *err);

/* Reports that a message was refused on its way here, and notes its fate. */
void answer_refused(struct mailbox *mailbox, struct fates *fates,
	size_t position, const struct error *why);

/* Reports message i of the batch, which was refused, and notes its fate. */
void answer_note_refused(struct mailbox *mailbox, struct batch *batch,
	struct fates *fates, size_t i);

#endif
