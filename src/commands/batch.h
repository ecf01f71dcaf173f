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
 * All of the open batch is proven: when it is large or old enough, it is closed
 * and begins to climb in the background, while the next one arrives. Fails when
 * the one before it failed: that one is abandoned, and what was recorded of it
 * is settled by batch_recover at the next start.
 */
bool batch_advance(struct run *run, struct error *err);

/*
 * Makes all that came durable, published and recorded as kept, so that DELE may
 * follow. Fails as batch_advance.
 */
bool batch_finish(struct run *run, struct error *err);

/*
 * Waits for the batch that is climbing. False when it, or one before, failed:
 * then the open one must be dropped, too, since an error of the disk is told to
 * one sync only.
 */
bool batch_wait(struct run *run, struct error *err);

/*
 * Records the published messages as kept, within a transaction that is open.
 */
bool batch_record_kept(struct run *run, struct error *err);

/* Settles what an ended run left half done, before anything else. */
bool batch_recover(struct run *run, struct error *err);

#endif
