/* SPDX-License-Identifier: ISC */
/* What is here already, octet by octet, is not put here again. */
#ifndef ENGINE_DUPLICATE_H
#define ENGINE_DUPLICATE_H

#include <stdbool.h>

#include "engine/run.h"

/*
 * Before anything is fetched into an mbox by an account that no run of came
 * through yet: a store may have been lost, so what is there is read. In a
 * Maildir it would have been noticed (rebuild_is_not_due).
 */
bool duplicate_prepare(struct run *run, struct error *err);

/*
 * Takes those messages of the closed batch out of the delivery whose very text
 * is here, in this destination, or comes twice in the batch. A message without
 * a header is like many others, and is put here each time. As a part of the
 * ladder, it may run in the background.
 */
bool duplicate_sift(struct run *run, struct error *err);

/* Once the batch is sealed: their letters are those of what is here. */
void duplicate_settle(struct batch *batch);

#endif
