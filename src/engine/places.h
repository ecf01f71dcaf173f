/* SPDX-License-Identifier: ISC */
/*
 * Decides where copies of an account's mail may be, both for the search and for
 * what a confined process may read.
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
	bool may_be_missing; /* else its disk may not be mounted */
};

struct places {
	struct place *at; /* owned */
	size_t count;
};

/* Adds a place unless it is there already or path is NULL. path is copied. */
void places_add(struct places *places, const char *path, bool may_be_missing);

/*
 * Collects where mail is put and was put before, local, trash, and where other
 * accounts of the same user put their mail. The caller releases it in any case.
 */
bool places_gather(struct places *places, const struct account *account,
	struct store *store, struct error *err);

/*
 * Adds the targets of symbolic links below these places, which may be folders
 * or mboxes elsewhere. Needed for a confined process, which can read only what
 * is named; the search itself follows links.
 */
void places_add_links(struct places *places);

void places_release(struct places *places);

/*
 * Checks that the place where mail was put still exists and is the same. Fails
 * with ERROR_DATA if it is missing, before it would be created anew (perhaps a
 * disk is not mounted), or if another, empty directory has its name (perhaps
 * the state was restored on another machine). Sets place_changed in the mailbox
 * if it differs from the one on record.
 */
bool places_check(struct mailbox *mailbox, struct error *err);

/*
 * Can the destination's file system make stored mail durable? Some cannot sync
 * a directory.
 */
bool places_can_sync(const struct account *account);

/* Records the directory that mail is now put into, if place_changed is set. */
bool places_record(struct mailbox *mailbox, struct error *err);

#endif
