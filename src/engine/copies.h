/* SPDX-License-Identifier: ISC */
/* Before anything is erased: are the copies here, and what they should be? */
#ifndef ENGINE_COPIES_H
#define ENGINE_COPIES_H

#include <stdbool.h>

#include "engine/facts.h"
#include "io/mail/local.h"
#include "io/store/store.h"

/*
 * Looks wherever the account's mail may be by now: where it is put and was put
 * before, and below local and trash. missing_ok: a place that is not there is
 * empty, but for maildir or mbox, which may always be missing.
 */
bool copies_look(struct local *local, const struct account *account,
	struct store *store, bool missing_ok, struct error *err);

/*
 * Reads the headers of the files that no record in the store knows, so that
 * local_find_filed can tell what was filed under another name.
 */
bool copies_read_strangers(struct local *local, struct store *store,
	const volatile sig_atomic_t *stop, struct error *err);

/*
 * Records whether anything is below local, so that it is noticed when nothing
 * is there some day.
 */
bool copies_record_root(struct mailbox *mailbox, struct error *err);

struct copies;

/*
 * The search for the copies of what is kept, for these facts; nothing was
 * looked for yet. copies_free frees it.
 */
struct copies *copies_new(struct knowledge *knowledge, struct mailbox *mailbox);
void copies_free(struct copies *copies);

/*
 * Looks for the copies; the findings say what was found of each. When they
 * cannot be looked for, this is said, is remembered as what failed in the
 * session, and nothing may be erased: false.
 */
bool copies_find(struct copies *copies);

/*
 * Reads the copies of what this plan erases, and that were not read yet; the
 * findings say which of them are as they were stored.
 */
bool copies_verify(
	struct copies *copies, const struct plan *plan, struct error *err);

/* Says once why messages stay: too many copies missing, or some not as stored.
 */
void copies_report(struct copies *copies, const struct plan *plan);

/* Records which copies are missing now, were found again, and where. */
bool copies_record(struct copies *copies, struct error *err);

#endif
