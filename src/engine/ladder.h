/* SPDX-License-Identifier: ISC */
/*
 * The commit ladder (HACKING, section 2): takes batches of messages from
 * received to kept, and recovers what an interrupted run left. It owns the
 * batches, the thread that commits them, and the destination.
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
 * Resolves what an interrupted run left, and opens the account's destination,
 * so that any problem with it is found before anything is fetched. Returns NULL
 * on failure. The caller closes the ladder before the mailbox.
 */
struct ladder *ladder_open(struct mailbox *mailbox, struct error *err);

/* Closes the ladder and removes what was not published. Safe on NULL. */
void ladder_close(struct ladder *ladder);

/*
 * Call before the first message. Results go to fates, one for each message of
 * the facts. All arguments are borrowed until ladder_close.
 */
bool ladder_begin(struct ladder *ladder, const struct facts *facts,
	const struct plan *plan, struct fates *fates, struct error *err);

/*
 * ladder_begin_message begins a message; ladder_write adds a piece of its text
 * (LF line ends, any bytes). If one of these or ladder_add fails (ERROR_WRITE),
 * the session must be ended; earlier batches are not affected.
 */
bool ladder_begin_message(struct ladder *ladder, struct error *err);
bool ladder_write(struct ladder *ladder, const char *text, size_t length,
	struct error *err);

/* Discards the message that was begun. */
void ladder_drop_message(struct ladder *ladder);

/*
 * The message is complete: adds it to the open batch. position: in the
 * maildrop. octets: its size as received. If the account's filter did not take
 * it, it is noted as refused.
 */
bool ladder_add(struct ladder *ladder, size_t position, uint64_t octets,
	struct error *err);

/* Returns how many messages of the open batch are not proven (proof.h). */
size_t ladder_unproven(const struct ladder *ladder);

/* Marks all of the open batch as proven. */
void ladder_proven(struct ladder *ladder);

/*
 * If the open batch is large or old enough, closes it and starts to commit it
 * in the background, while the next one is received. All of it must be proven.
 * Fails if the previous commit failed: that batch is abandoned, and the next
 * ladder_open resolves what was recorded of it.
 */
bool ladder_advance(struct ladder *ladder, struct error *err);

/*
 * Makes everything received durable, published and recorded as kept, so that
 * DELE may follow. Fails as ladder_advance does.
 */
bool ladder_finish(struct ladder *ladder, struct error *err);

/* What a broken session left in the open batch. */
struct ladder_rest {
	bool sound; /* no commit has failed: believed messages can be kept */
	size_t believed; /* messages that certainly are what they seem */
	size_t doubtful; /* the others, to be fetched again */
	bool local;	 /* the cause is here, and not the connection */
};

/*
 * After the session broke with err, and before it is closed: waits for the
 * batch that is being committed, and returns how much of the open batch can be
 * kept. If that commit failed, sets *second.
 */
struct ladder_rest ladder_weigh(
	struct ladder *ladder, const struct error *err, struct error *second);

/* Keeps the believed messages and drops the rest. Sets *second on failure. */
void ladder_salvage(struct ladder *ladder, const struct ladder_rest *rest,
	struct error *second);

/*
 * Records the published messages as kept, within the open transaction. Safe on
 * NULL.
 */
bool ladder_record_kept(const struct ladder *ladder, struct error *err);

#endif
