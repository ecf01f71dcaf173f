/* SPDX-License-Identifier: ISC */
/*
 * Decides whether another session follows in the same run. Some servers show
 * part of the mailbox at a time, or close the connection after a number of
 * messages, and one message may break a session before others were fetched.
 */
#ifndef ENGINE_SESSIONS_H
#define ENGINE_SESSIONS_H

#include <stdbool.h>

#include "engine/attempt.h"

/*
 * Before the plan: puts off messages that failed in earlier sessions of this
 * run, since they would probably fail again. Only the message that broke the
 * last session is tried once more.
 */
void sessions_put_off(struct knowledge *knowledge,
	const struct mailbox *mailbox, const struct outcome *outcome);

/*
 * Before QUIT: is another session likely? Then it is worth waiting for the
 * answer, since this session has locked the mailbox.
 */
bool sessions_is_likely(const struct attempt *attempt);

/*
 * Returns how many messages could not be fetched, now or before, and are not
 * quarantined.
 */
size_t sessions_in_trouble(const struct attempt *attempt);

/* Do the account's limits (max-time, sessions) allow another session? */
bool sessions_may_follow(
	const struct account *account, const struct outcome *outcome);

/*
 * At the end of the session, which ended with err: decides whether another one
 * follows, and stores the reason in its outcome. None follows a dry run, a
 * signal, or when max-time or the number of sessions is reached, nor after
 * sessions without progress.
 */
bool sessions_decide(const struct attempt *attempt, const struct error *err);

#endif
