/* SPDX-License-Identifier: ISC */
/*
 * The commit ladder (HACKING, section 2): a batch of messages from whole to
 * kept, and what an ended run left half-way up.
 */
#ifndef COMMANDS_BATCH_H
#define COMMANDS_BATCH_H

#include <stdbool.h>

#include "commands/run.h"

/*
 * Makes the open batch durable, records it as arriving (and the one before as
 * kept), and publishes it. On failure it is abandoned; what was recorded of it
 * is settled by batch_recover at the next start.
 */
bool batch_commit(struct run *run, struct error *err);

/* Records the last published batch as kept, so that DELE may follow. */
bool batch_commit_kept(struct run *run, struct error *err);

/* The same within a transaction that is open. */
bool batch_record_kept(struct run *run, struct error *err);

/* Settles what an ended run left half done, before anything else. */
bool batch_recover(struct run *run, struct error *err);

#endif
