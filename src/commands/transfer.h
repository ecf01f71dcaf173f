/* SPDX-License-Identifier: ISC */
/* The transaction: RETR after RETR into batches, then DELE after DELE. */
#ifndef COMMANDS_TRANSFER_H
#define COMMANDS_TRANSFER_H

#include <stdbool.h>

#include "commands/run.h"

/*
 * Fetches what the plan says. When it returns true, all that came is kept and
 * on record; what the server refused is counted. On failure the open batch may
 * hold whole messages.
 */
bool transfer_fetch(struct run *run, struct error *err);

/*
 * Marks what the plan says and the store holds as kept: run->erased lists what
 * was answered +OK. Nothing is erased before QUIT.
 */
bool transfer_erase(struct run *run, struct error *err);

#endif
