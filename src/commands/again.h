/* SPDX-License-Identifier: ISC */
/*
 * Does another session follow in the same run? Some servers show a part of the
 * mailbox at a time, and one message may break a session before the others had
 * their turn.
 */
#ifndef COMMANDS_AGAIN_H
#define COMMANDS_AGAIN_H

#include <stdbool.h>

#include "commands/run.h"

/*
 * Before the plan: what has broken sessions of this run more than once shall
 * not break this one, too.
 */
void again_hold_back(struct run *run);

/*
 * Before QUIT: is it worth waiting for its answer, since another session may
 * want the mailbox that this one has locked?
 */
bool again_is_likely(const struct run *run);

/* How many messages failed to come, now or before, and are not given up? */
size_t again_in_trouble(const struct run *run);

/*
 * At the session's end, which was err: says whether another one is to follow,
 * and in run->outcome why. None does after a dry run, a signal, max-time, or as
 * many as sessions allows; nor when a session came to nothing.
 */
bool again_decide(struct run *run, const struct error *err);

#endif
