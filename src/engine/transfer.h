/* SPDX-License-Identifier: ISC */
/* Fetches (RETR) into the ladder, then erases (DELE, QUIT). */
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

/* A message that turned out to exceed max-size and was dropped. */
struct oversize {
	size_t position;
	uint64_t size; /* in bytes, as received */
};

/* Initialise the first five fields; the others belong to transfer.c. */
struct transfer {
	struct mailbox *mailbox; /* all five borrowed */
	const struct facts *facts;
	const struct plan *plan;
	struct fates *fates;
	struct ladder *ladder;

	bool arrives;	   /* the text of a message is being received */
	size_t arriving;   /* its position */
	bool receives;	   /* it goes to the ladder; otherwise it is skipped */
	uint64_t received; /* bytes of it so far */

	struct oversize *oversizes; /* owned; not yet proven (proof.h) */
	size_t oversize_count;
};

/*
 * Fetches what the plan says. On success everything received is kept and
 * recorded; messages that the server refused are counted. On failure the open
 * batch may contain complete messages.
 */
bool transfer_fetch(struct transfer *transfer, struct error *err);

/*
 * Marks the messages that the plan erases and that are kept, and ends the
 * session. Only a +OK to QUIT erases anything; without it this fails. The fates
 * say what was marked and how much was erased. If nothing was marked, the
 * answer to QUIT is not waited for, unless wait is set, because another session
 * needs the mailbox unlocked.
 */
bool transfer_erase(struct transfer *transfer, bool wait, struct error *err);

void transfer_release(struct transfer *transfer);

#endif
