/* SPDX-License-Identifier: ISC */
/* Messages that count as seen from now on, all of them or none. */
#ifndef ENGINE_MARKS_H
#define ENGINE_MARKS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "engine/mailbox.h"
#include "io/store/store_seen.h"

struct marks {
	struct mailbox *mailbox; /* borrowed */
	size_t marked;		 /* count as seen from now on */
	size_t known;		 /* were known already, and stay as they are */
};

/*
 * For a command that only looks: opens the store, logs in, lists and leaves.
 * Nothing is recorded yet; where there was no store, there is an empty one, but
 * for a dry run.
 */
bool marks_list(struct marks *marks, struct error *err);

/* Begins a transaction, unless this is a dry run. */
bool marks_begin(struct marks *marks, struct error *err);

/*
 * Notes that a message counts as seen, unless it is known, and counts it.
 * *marked: it was not known.
 */
bool marks_add(struct marks *marks, const struct store_seen *seen, bool *marked,
	struct error *err);

/* Records what was noted. */
bool marks_commit(struct marks *marks, struct error *err);

/* Shows the error, if there is one; closes the mailbox; the exit status. */
int marks_end(struct marks *marks, const struct error *err);

#endif
