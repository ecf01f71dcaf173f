/* SPDX-License-Identifier: ISC */
/*
 * Where copies of an account's mail may lie: decided here once, for the search
 * and for what a confined worker may read.
 */
#ifndef ENGINE_PLACES_H
#define ENGINE_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/account.h"
#include "core/error.h"
#include "io/store/store.h"

struct mailbox;

struct place {
	char *path;	     /* owned */
	bool may_be_missing; /* else a disk is not mounted */
};

struct places {
	struct place *at; /* owned */
	size_t count;
};

/* Adds a place, unless it is there; NULL is none. */
void places_add(struct places *places, const char *path, bool may_be_missing);

/*
 * Where mail is put and was put before, below local and trash, and where other
 * accounts of the same user put theirs. The caller releases it.
 */
bool places_gather(struct places *places, const struct account *account,
	struct store *store, struct error *err);

/*
 * Adds what symbolic links below these places lead to: a folder or an mbox may
 * lie elsewhere. For a confined worker, which may read nothing that is not
 * named; the search follows links by itself.
 */
void places_add_links(struct places *places);

void places_release(struct places *places);

/*
 * Is the place where mail was put still there, and is it the one that mail was
 * put into? Fails with ERROR_DATA when it is not there, before it would be made
 * anew (a disk that is not mounted looks so), or when another, empty directory
 * has its name (a state restored on another machine looks so). Notes in the
 * mailbox whether it is another one than on record (place_changed).
 */
bool places_check(struct mailbox *mailbox, struct error *err);

/*
 * Can the file system make sure that mail put there stays there? Some cannot
 * sync a directory.
 */
bool places_can_sync(const struct account *account);

/* Records which directory mail is put into now, if it is another one. */
bool places_record(struct mailbox *mailbox, struct error *err);

#endif
