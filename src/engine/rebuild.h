/* SPDX-License-Identifier: ISC */
/* A store made again from the mail that is here, without fetching any. */
#ifndef ENGINE_REBUILD_H
#define ENGINE_REBUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/letter.h"
#include "engine/facts.h"
#include "engine/mailbox.h"

struct rebuild;

/*
 * Before the session: reads all mail that keepmail put where the account says,
 * wherever its owner moved it below that. NULL on failure; rebuild_free frees
 * it.
 */
struct rebuild *rebuild_read(struct mailbox *mailbox, struct error *err);
void rebuild_free(struct rebuild *rebuild);

/*
 * After the recall: what the server lists, is unknown, and has the header of
 * one of them, is kept, since it was put here. It is recorded, and counted in
 * *rebuilt; the rest stays new.
 */
bool rebuild_match(struct rebuild *rebuild, const struct knowledge *knowledge,
	uint64_t *rebuilt, struct error *err);

/*
 * Is the store new, though keepmail put mail where the account says before, and
 * no other account's store knows of that? Then fails with ERROR_DATA, since all
 * of it would be fetched again.
 */
bool rebuild_is_not_due(struct mailbox *mailbox, struct error *err);

/*
 * Copies in the Maildir that keepmail put there, and that no store knows: the
 * store is an old one, restored from a backup. *strays is a new array of
 * *count, the caller's to free, so that what is fetched again is not stored
 * again.
 */
bool rebuild_find_strays(struct mailbox *mailbox, struct letter **strays,
	size_t *count, struct error *err);

#endif
