/* SPDX-License-Identifier: ISC */
/* The transaction: RETR after RETR into batches, then DELE after DELE. */
#ifndef ENGINE_TRANSFER_H
#define ENGINE_TRANSFER_H

#include <stdbool.h>

#include "engine/run.h"

/*
 * Fetches what the plan says. When it returns true, all that came is kept and
 * on record; what the server refused is counted. On failure the open batch may
 * hold whole messages.
 */
bool transfer_fetch(struct run *run, struct error *err);

/*
 * Marks what the plan says and the store holds as kept, and ends the session:
 * only QUIT's +OK, without which this fails, erases anything. run->erased lists
 * what was answered +OK. Where nothing was marked, nothing depends on the
 * answer to QUIT, and it is not waited for; unless wait says that another
 * session is to find the mailbox unlocked.
 */
bool transfer_erase(struct run *run, bool wait, struct error *err);

#endif
