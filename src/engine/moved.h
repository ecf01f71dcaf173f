/* SPDX-License-Identifier: ISC */
/*
 * Finds messages that an interrupted run was storing, if they are no longer
 * where it put them.
 */
#ifndef ENGINE_MOVED_H
#define ENGINE_MOVED_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "core/letter.h"

struct mailbox;

/* Letters of an interrupted run that were put in the same place. */
struct moved {
	const char *path; /* of that place */
	struct letter *letters;
	size_t count;
	bool *arrived; /* for each letter: is it known to be here? */
};

/*
 * Searches for the letters that are not where they were put (arrived[i] is
 * false): a mail reader may have filed them, or expunged others from the same
 * mbox. If an intact copy is found, sets arrived[i], and letters[i] to where it
 * is now. A copy counts only if it cannot belong to another message: by its
 * name, or by a header that no other message has on record with any account. A
 * doubtful message is fetched again.
 */
bool moved_find(
	struct mailbox *mailbox, struct moved *moved, struct error *err);

#endif
