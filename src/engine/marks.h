/* SPDX-License-Identifier: ISC */
/* Marks messages as seen, all of them or none. */
#ifndef ENGINE_MARKS_H
#define ENGINE_MARKS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "engine/mailbox.h"
#include "io/store/store_seen.h"

struct marks {
	struct mailbox *mailbox; /* borrowed */
	size_t marked;		 /* messages newly marked as seen */
	size_t known;		 /* messages that were on record already */
	/* Shows a message that a dry run with verbose would mark. */
	void (*show)(struct uid uid);
};

/*
 * Opens the store, logs in, lists the mailbox and logs out. Records nothing;
 * but if there was no store, creates an empty one, except in a dry run.
 */
bool marks_list(struct marks *marks, struct error *err);

/* Begins a transaction, unless this is a dry run. */
bool marks_begin(struct marks *marks, struct error *err);

/*
 * Marks a message as seen unless it is on record, and counts it. *marked:
 * whether it was not on record. In a dry run nothing is recorded.
 */
bool marks_add(struct marks *marks, const struct store_seen *seen, bool *marked,
	struct error *err);

/* Commits the transaction, unless this is a dry run. */
bool marks_commit(struct marks *marks, struct error *err);

/* Logs the error, if any, closes the mailbox, and returns the exit status. */
int marks_end(struct marks *marks, const struct error *err);

#endif
