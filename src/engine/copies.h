/* SPDX-License-Identifier: ISC */
/* Before anything is erased: are the copies here, and what they should be? */
#ifndef ENGINE_COPIES_H
#define ENGINE_COPIES_H

#include <stdbool.h>

#include "engine/run.h"
#include "io/mail/local.h"

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

/* Letters of an ended run, all of one place. */
struct copies_moved {
	const char *path; /* of the place */
	struct letter *letters;
	size_t count;
	bool *arrived; /* of each: is it known to be here? */
};

/*
 * Which of these letters, that are not where they were put (arrived[i] is
 * false), lie elsewhere by now, as they were stored? A reader may have filed
 * them, or expunged others of the same mbox. arrived[i] says so then, and
 * letters[i] is the letter as it lies now. A copy counts only if it can be no
 * other message's: by its name, or by a header that no other message has on
 * record with any account. What is in doubt is fetched again.
 */
bool copies_find_moved(
	struct run *run, struct copies_moved *moved, struct error *err);

/*
 * Looks for the copies of what is kept, where the plan or the policy depends on
 * them, and makes the plan again: the memories say what was found. When they
 * cannot be looked for, or too many are missing at once, nothing is erased in
 * this run, which is said, and is its error in the end.
 */
bool copies_check(struct run *run, struct error *err);

#endif
