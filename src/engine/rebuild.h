/* SPDX-License-Identifier: ISC */
/* Rebuilds a store from the mail that is here, without fetching any. */
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
 * Before the session: reads all mail that keepmail put in the account's
 * destination, wherever below it, local or trash it is now. Returns NULL on
 * failure. Free the result with rebuild_free.
 */
struct rebuild *rebuild_read(struct mailbox *mailbox, struct error *err);
void rebuild_free(struct rebuild *rebuild);

/*
 * After the recall: records a listed, unknown message as kept if one of the
 * copies has its header and size, and counts it in *rebuilt. All other messages
 * remain new.
 */
bool rebuild_match(struct rebuild *rebuild, const struct knowledge *knowledge,
	uint64_t *rebuilt, struct error *err);

/*
 * Fails with ERROR_DATA if the store is new although keepmail has put mail in
 * the account's destination and no other account's store knows of that, since
 * all of it would be fetched again.
 */
bool rebuild_check_due(struct mailbox *mailbox, struct error *err);

/*
 * Finds copies in the Maildir that keepmail put there but that no store knows,
 * because the store was restored from an older backup; what is fetched again is
 * then not stored again. *strays: a new array of *count elements, to be freed
 * by the caller.
 */
bool rebuild_find_strays(struct mailbox *mailbox, struct letter **strays,
	size_t *count, struct error *err);

#endif
