/* SPDX-License-Identifier: ISC */
/*
 * One session of an account's run: the nouns that it is told with, and how it
 * ended, for those who record it and decide what follows.
 */
#ifndef ENGINE_ATTEMPT_H
#define ENGINE_ATTEMPT_H

#include <stdbool.h>

#include "core/tally.h"
#include "engine/facts.h"
#include "engine/fates.h"
#include "engine/ladder.h"
#include "engine/mailbox.h"

/* All of it is written by the command that makes the attempt alone. */
struct attempt {
	struct mailbox mailbox;
	struct knowledge knowledge;
	struct plan plan;
	struct fates fates;
	struct ladder *ladder;	 /* owned; NULL: nothing is delivered */
	struct outcome *outcome; /* borrowed; of the run so far */
	struct tally tally;	 /* of this session */
	bool rebuilds;		 /* nothing is fetched or erased */
	bool quiet;		 /* the same listing led to nothing last time */
	bool broken;	  /* the session broke in the middle of a message */
	bool cut;	  /* or between two of them */
	bool out_of_step; /* the server's answers did not match */
};

/* Releases all that it holds. */
void attempt_release(struct attempt *attempt);

/*
 * After mailbox_begin, for who only looks: opens the store, logs in, lists, and
 * makes the plan of what a fetch would do. The session is open then.
 */
bool attempt_preview(struct attempt *attempt, struct error *err);

/*
 * What is known of the messages after it: a new array, one for each message
 * listed, the caller's to free. NULL where nothing was recalled.
 */
struct memory *attempt_memories(const struct attempt *attempt);

/*
 * Counts what this session came to, which was err, and adds it to what the run
 * came to before.
 */
void attempt_count(struct attempt *attempt, const struct error *err);
void attempt_add_up(const struct attempt *attempt, const struct error *err);

#endif
