/* SPDX-License-Identifier: ISC */
/* A store made again from the mail that is here, without fetching any. */
#ifndef ENGINE_REBUILD_H
#define ENGINE_REBUILD_H

#include <stdbool.h>

#include "engine/run.h"

/*
 * Before the session: reads all mail that keepmail put where the account says,
 * wherever its owner moved it below that. To be freed with rebuild_release.
 */
bool rebuild_read(struct run *run, struct error *err);

/*
 * After the recall: what the server lists, is unknown, and has the header of
 * one of them, is kept, since it was put here. It is recorded, and counted in
 * tally->rebuilt; the rest stays new.
 */
bool rebuild_match(struct run *run, struct error *err);

void rebuild_release(struct run *run);

/*
 * Is the store new, though keepmail put mail where the account says before, and
 * no other account's store knows of that? Then fails with ERROR_DATA, since all
 * of it would be fetched again.
 */
bool rebuild_is_not_due(struct run *run, struct error *err);

/*
 * Copies in the Maildir that keepmail put there, and that no store knows: the
 * store is an old one, restored from a backup. Into run->strays, so that what
 * is fetched again is not stored again. Where anything is to be fetched.
 */
bool rebuild_find_strays(struct run *run, struct error *err);

#endif
