/* SPDX-License-Identifier: ISC */
/* What is here already, octet by octet, is not put here again. */
#ifndef COMMANDS_DUPLICATE_H
#define COMMANDS_DUPLICATE_H

#include <stdbool.h>

#include "commands/run.h"

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
