/* SPDX-License-Identifier: ISC */
/* A session that only looks, and what is noted of the messages it saw. */
#ifndef ENGINE_MAILBOX_H
#define ENGINE_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "core/account.h"
#include "core/error.h"
#include "core/maildrop.h"
#include "engine/outcome.h"
#include "io/store/store.h"

struct mailbox {
	struct account *account; /* borrowed */
	const struct run_options *options;
	char *password; /* asked for; or NULL */
	struct store *store;
	struct maildrop maildrop; /* what the server lists, indexed */
	int64_t now;
	size_t marked; /* count as seen from now on */
	size_t known;  /* were known already, and stay as they are */
};

/*
 * Begins a mailbox: becomes who the account says, the password asked for before
 * if there is none. A dry run changes nothing in what follows.
 */
bool mailbox_begin(struct mailbox *mailbox, struct account *account,
	const struct run_options *options, struct error *err);

/*
 * Opens the store, connects, lists and leaves. Nothing is recorded here; where
 * there was no store, there is an empty one, but for a dry run. Nothing is sent
 * any more.
 */
bool mailbox_list(struct mailbox *mailbox, struct error *err);

/* Begins a transaction, unless this is a dry run. */
bool mailbox_note(struct mailbox *mailbox, struct error *err);

/*
 * Notes that a message counts as seen, unless it is known, and counts it.
 * *marked: it was not known.
 */
bool mailbox_mark(struct mailbox *mailbox, const struct store_seen *seen,
	bool *marked, struct error *err);

/* Makes what was noted last. */
bool mailbox_commit(struct mailbox *mailbox, struct error *err);

/* Shows the error, if there is one; releases; returns the exit status. */
int mailbox_end(struct mailbox *mailbox, const struct error *err);

#endif
