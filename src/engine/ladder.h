/* SPDX-License-Identifier: ISC */
/*
 * The commit ladder (HACKING, section 2): a batch of messages from whole to
 * kept, and what an ended run left half-way up.
 */
#ifndef ENGINE_LADDER_H
#define ENGINE_LADDER_H

#include <stdbool.h>

#include "engine/run.h"

/*
 * All of the open batch is proven: when it is large or old enough, it is closed
 * and begins to be committed in the background, while the next one arrives.
 * Fails when the one before it failed: that one is abandoned, and what was
 * recorded of it is settled by ladder_recover at the next start.
 */
bool ladder_advance(struct run *run, struct error *err);

/*
 * Makes all that came durable, published and recorded as kept, so that DELE may
 * follow. Fails as ladder_advance.
 */
bool ladder_finish(struct run *run, struct error *err);

/*
 * Waits for the batch that is being committed. False when it, or one before,
 * failed: then the open one must be dropped, too, since an error of the disk is
 * told to one sync only.
 */
bool ladder_wait(struct run *run, struct error *err);

/*
 * Records the published messages as kept, within a transaction that is open.
 */
bool ladder_record_kept(struct run *run, struct error *err);

/* Settles what an ended run left half done, before anything else. */
bool ladder_recover(struct run *run, struct error *err);

#endif
