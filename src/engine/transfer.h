/* SPDX-License-Identifier: ISC */
/* RETR after RETR into the ladder, then DELE after DELE, then QUIT. */
#ifndef ENGINE_TRANSFER_H
#define ENGINE_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/plan.h"
#include "engine/fates.h"
#include "engine/ladder.h"
#include "engine/mailbox.h"

/* A message that turned out to be over max-size, and was dropped. */
struct oversize {
	size_t position;
	uint64_t size; /* as LIST should have said */
};

/* To be made with the first five; the rest is the transfer's own. */
struct transfer {
	struct mailbox *mailbox; /* all borrowed */
	const struct facts *facts;
	const struct plan *plan;
	struct fates *fates;
	struct ladder *ladder;

	bool arrives;	   /* a message does, in the middle of its text */
	size_t arriving;   /* its position */
	bool receives;	   /* into the ladder; else it is passed over */
	uint64_t received; /* bytes of it so far */

	struct oversize *oversizes; /* owned; those not yet proven (proof.h) */
	size_t oversize_count;
};

/*
 * Fetches what the plan says. When it returns true, all that came is kept and
 * on record; what the server refused is counted. On failure the open batch may
 * hold whole messages.
 */
bool transfer_fetch(struct transfer *transfer, struct error *err);

/*
 * Marks what the plan says and the store holds as kept, and ends the session:
 * only QUIT's +OK, without which this fails, erases anything. The fates say
 * what was marked, and how much was erased. Where nothing was marked, nothing
 * depends on the answer to QUIT, and it is not waited for; unless wait says
 * that another session is to find the mailbox unlocked.
 */
bool transfer_erase(struct transfer *transfer, bool wait, struct error *err);

void transfer_release(struct transfer *transfer);

#endif
