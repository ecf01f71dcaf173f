/* SPDX-License-Identifier: ISC */
/*
 * One session of an account's run: its state and how it ended, as needed to
 * record it and to decide whether another session follows.
 */
#ifndef ENGINE_ATTEMPT_H
#define ENGINE_ATTEMPT_H

#include <stdbool.h>

#include "core/tally.h"
#include "engine/facts.h"
#include "engine/fates.h"
#include "engine/ladder.h"
#include "engine/mailbox.h"

/* Written only by the command that creates the attempt. */
struct attempt {
	struct mailbox mailbox;
	struct knowledge knowledge;
	struct plan plan;
	struct fates fates;
	struct ladder *ladder; /* owned; NULL: nothing is delivered */
	struct outcome
		*outcome; /* borrowed; the run so far, over all its sessions */
	struct tally tally; /* of this session only */
	bool rebuilds;	    /* by rebuild: nothing is fetched or erased */
	bool quiet;	    /* the same listing led to no action last time */
	bool broken;	    /* the session broke in the middle of a message */
	bool cut;	    /* the connection ended between two messages */
	bool out_of_step;   /* the server's answers did not match */
};

/* Releases everything that it holds. */
void attempt_release(struct attempt *attempt);

/*
 * After mailbox_begin, for commands that change nothing: opens the store, logs
 * in, lists the mailbox, and makes the plan that fetch would follow. On success
 * the session is open. The caller calls attempt_release in any case.
 */
bool attempt_preview(struct attempt *attempt, struct error *err);

/*
 * Returns what is known of each listed message after the session: a new array
 * of maildrop.count elements, to be freed by the caller. NULL if nothing was
 * recalled.
 */
struct memory *attempt_memories(const struct attempt *attempt);

/*
 * attempt_count fills in the tally of this session, which ended with err
 * (ERROR_NONE: successfully). attempt_add_up adds it to the outcome of the run.
 */
void attempt_count(struct attempt *attempt, const struct error *err);
void attempt_add_up(const struct attempt *attempt, const struct error *err);

#endif
