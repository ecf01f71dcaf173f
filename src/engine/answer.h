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
#include "io/mail/delivery.h"

/*
 * Records the answer at once, so that a kill causes no more than one message to
 * be delivered again: the message is kept, or handed over and yet to be stored;
 * or, if it was refused, it and the others of the batch with the same text
 * count as not fetched, and batch->refused says why. This is not synced, so
 * store_sync must be called before any message is erased. May run in the
 * background thread.
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

/*
 * Nothing more can be handed over: notes the first message of the batch that
 * may have been, or not, unless a signal ended the run. If the answer to a
 * message is lost each time, or a command hangs, the cause may be
 * in it: it is tried after all others, and then more and more seldom; if no
 * other was taken in this session, once in an hour, since the cause may be
 * elsewhere.
 */
void answer_note_doubt(struct mailbox *mailbox, const struct batch *batch,
	struct fates *fates, const struct delivery *delivery,
	const struct error *why);

#endif
