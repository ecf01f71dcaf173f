/* SPDX-License-Identifier: ISC */
/*
 * Where the messages lie that an earlier run was storing when it was ended, if
 * they are not where it put them.
 */
#ifndef ENGINE_MOVED_H
#define ENGINE_MOVED_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "core/letter.h"

struct mailbox;

/* Letters of an ended run, all of one place. */
struct moved {
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
bool moved_find(
	struct mailbox *mailbox, struct moved *moved, struct error *err);

#endif
