/* SPDX-License-Identifier: ISC */
/*
 * Does another session follow in the same run? Some servers show a part of the
 * mailbox at a time, or close the connection after so many messages, and one
 * message may break a session before the others had their turn.
 */
#ifndef ENGINE_SESSIONS_H
#define ENGINE_SESSIONS_H

#include <stdbool.h>

#include "engine/attempt.h"

/*
 * Before the plan: what failed in earlier sessions of this run, and so will
 * hardly come in this one, is left for the next run; only what broke one is
 * tried once more.
 */
void sessions_put_off(struct knowledge *knowledge,
	const struct mailbox *mailbox, const struct outcome *outcome);

/*
 * Before QUIT: is it worth waiting for its answer, since another session may
 * want the mailbox that this one has locked?
 */
bool sessions_is_likely(const struct attempt *attempt);

/* How many messages failed to come, now or before, and are not given up? */
size_t sessions_in_trouble(const struct attempt *attempt);

/*
 * May another session follow, by what the account allows? Not after max-time,
 * nor after as many as sessions says.
 */
bool sessions_may_follow(
	const struct account *account, const struct outcome *outcome);

/*
 * At the session's end, which was err: says whether another one is to follow,
 * and in its outcome why. None does after a dry run, a signal, max-time, or as
 * many as sessions allows; nor when a session came to nothing.
 */
bool sessions_decide(const struct attempt *attempt, const struct error *err);

#endif
