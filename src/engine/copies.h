/* SPDX-License-Identifier: ISC */
/*
 * Checks, before anything is erased, that the local copies exist and are
 * intact.
 */
#ifndef ENGINE_COPIES_H
#define ENGINE_COPIES_H

#include <stdbool.h>

#include "engine/facts.h"
#include "io/mail/local.h"
#include "io/store/store.h"

/*
 * Searches all places where the account's mail may be (places_gather).
 * missing_ok: a missing place counts as empty; otherwise only places marked
 * may_be_missing may be missing, and local may not be empty if it was not
 * before.
 */
bool copies_look(struct local *local, const struct account *account,
	struct store *store, bool missing_ok, struct error *err);

/*
 * Reads the headers of files that no record in the store names, so that
 * local_find_filed can recognise messages that were filed under other names.
 */
bool copies_read_strangers(struct local *local, struct store *store,
	const volatile sig_atomic_t *stop, struct error *err);

/*
 * Records whether there is anything below the directory local, so that a later
 * run notices if it is empty.
 */
bool copies_record_root(struct mailbox *mailbox, struct error *err);

struct copies;

/*
 * Creates a search for the local copies of kept messages; nothing is read yet.
 * knowledge and mailbox are borrowed. The caller frees it with copies_free.
 */
struct copies *copies_new(struct knowledge *knowledge, struct mailbox *mailbox);
void copies_free(struct copies *copies);

/*
 * Searches for the copies and stores the results in the findings. If the search
 * fails, logs the error, remembers it with mailbox_refuse and returns false:
 * nothing may be erased.
 */
bool copies_find(struct copies *copies);

/*
 * Reads the copies of the messages that the plan erases and that were not
 * verified yet, and stores the results in the findings.
 */
bool copies_verify(
	struct copies *copies, const struct plan *plan, struct error *err);

/*
 * Reports, once, why messages are not erased: too many copies missing, places
 * that cannot be read, or copies that differ from what was stored.
 */
void copies_report(struct copies *copies, const struct plan *plan);

/* Records which copies are missing, which were found again, and where. */
bool copies_record(struct copies *copies, struct error *err);

#endif
