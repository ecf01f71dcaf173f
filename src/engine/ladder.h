/* SPDX-License-Identifier: ISC */
/*
 * The commit ladder (HACKING, section 2): batches of messages from whole to
 * kept, and what an ended run left half-way. It owns the batches, the thread
 * that commits them, and the destination.
 */
#ifndef ENGINE_LADDER_H
#define ENGINE_LADDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/plan.h"
#include "engine/fates.h"
#include "engine/mailbox.h"

struct ladder;

/*
 * Settles what an ended run left half done, and opens the account's
 * destination, so that what is wrong with it is found before anything is
 * fetched. NULL on failure. The caller closes it, before the mailbox.
 */
struct ladder *ladder_open(struct mailbox *mailbox, struct error *err);

/* Closes it; what was not published is taken away. Safe on NULL. */
void ladder_close(struct ladder *ladder);

/*
 * Before the first message: what follows is told in fates, one for each of the
 * facts' messages. All are borrowed until the ladder is closed.
 */
bool ladder_begin(struct ladder *ladder, const struct facts *facts,
	const struct plan *plan, struct fates *fates, struct error *err);

/*
 * A message begins, and its text (LF line ends, any bytes) comes in pieces.
 * When this, or adding it, fails (ERROR_WRITE), the session is to be given up;
 * the batch before it stands.
 */
bool ladder_begin_message(struct ladder *ladder, struct error *err);
bool ladder_write(struct ladder *ladder, const char *text, size_t length,
	struct error *err);

/* Takes away the message that was begun. */
void ladder_drop_message(struct ladder *ladder);

/*
 * The message ended whole, which has this position and came in so many octets:
 * it is the last of the open batch.
 */
bool ladder_add(struct ladder *ladder, size_t position, uint64_t octets,
	struct error *err);

/* How many messages of the open batch are not proven (proof.h)? */
size_t ladder_unproven(const struct ladder *ladder);

/* All of the open batch is proven. */
void ladder_proven(struct ladder *ladder);

/*
 * When the open batch is large or old enough, it is closed and begins to be
 * committed in the background, while the next one arrives. All of it must be
 * proven. Fails when the one before it failed: that one is abandoned, and what
 * was recorded of it is settled by ladder_open at the next start.
 */
bool ladder_advance(struct ladder *ladder, struct error *err);

/*
 * Makes all that came durable, published and recorded as kept, so that DELE may
 * follow. Fails as ladder_advance.
 */
bool ladder_finish(struct ladder *ladder, struct error *err);

/* What a session that broke off leaves in the open batch. */
struct ladder_rest {
	bool sound;	 /* no commit has failed: what is believed is kept */
	size_t believed; /* messages that are surely what they seem */
	size_t doubtful; /* the others, which are fetched again */
};

/*
 * After the session broke off for the reason that err gives, and before it is
 * closed: waits for the batch that is being committed, and tells how much of
 * the open one can be kept. What fails in that is second.
 */
struct ladder_rest ladder_weigh(
	struct ladder *ladder, const struct error *err, struct error *second);

/* Keeps what is believed, and drops the rest. What fails in that is second. */
void ladder_salvage(struct ladder *ladder, const struct ladder_rest *rest,
	struct error *second);

/*
 * Records the published messages as kept, within a transaction that is open.
 * Safe on NULL.
 */
bool ladder_record_kept(const struct ladder *ladder, struct error *err);

#endif
