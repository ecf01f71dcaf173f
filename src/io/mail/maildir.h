/* SPDX-License-Identifier: ISC */
/* Delivery into a Maildir, in batches: tmp/, sync, rename into new/, sync. */
#ifndef IO_MAIL_MAILDIR_H
#define IO_MAIL_MAILDIR_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "core/letter.h"

struct maildir;

/* Where a letter of an earlier run was found. */
enum maildir_found {
	MAILDIR_GONE,	 /* nowhere */
	MAILDIR_WAITING, /* whole or not, under its name in tmp/ */
	MAILDIR_ARRIVED, /* in new/, cur/ or a subfolder's */
};

/*
 * Opens the Maildir at an absolute path; what is missing of it is made (0700,
 * the directories above too). NULL with ERROR_CREATE when it is something else,
 * belongs to somebody else, or cannot be written. The caller closes it.
 */
struct maildir *maildir_open(const char *path, struct error *err);

/* Closes it; what was not published is taken away. Safe on NULL. */
void maildir_close(struct maildir *maildir);

/*
 * Takes away what a run that was killed long ago left in tmp/. Only once the
 * store has no arriving rows any more: what they name is no litter.
 */
void maildir_sweep(struct maildir *maildir);

/* Begins a new message in tmp/. */
bool maildir_begin(struct maildir *maildir, struct error *err);

/* Appends to it; the caller passes large pieces. */
bool maildir_write(struct maildir *maildir, const char *bytes, size_t length,
	struct error *err);

/* Ends it: it belongs to the open batch. letter->name is its base name. */
bool maildir_end(
	struct maildir *maildir, struct letter *letter, struct error *err);

/* Takes away a message that was begun and not ended. */
void maildir_drop(struct maildir *maildir);

/* Takes away the last count messages of the open batch. */
void maildir_drop_last(struct maildir *maildir, size_t count);

/* As delivery_turn: what follows up to abandon is about the closed batch. */
void maildir_turn(struct maildir *maildir);

/* Takes message i out of the closed batch. */
void maildir_forgo(struct maildir *maildir, size_t i);

/*
 * Makes the batch durable in tmp/. A failed sync is final: after it the pages
 * may be gone and a second sync would succeed, so nothing of the batch is
 * believed any more.
 */
bool maildir_seal(struct maildir *maildir, struct error *err);

/* Moves the sealed batch into new/, durably, and empties the batch. */
bool maildir_publish(struct maildir *maildir, struct error *err);

/* Takes the batch away. */
void maildir_abandon(struct maildir *maildir);

/*
 * Finds the letters of an earlier run by their base names (count of them),
 * whatever flags a mail reader gave them and whichever folder below this
 * Maildir it moved them to; what was found is durable. A letter without a name
 * is nowhere. ERROR_WRITE when a directory cannot be read to its end: then
 * nobody knows.
 */
bool maildir_locate(struct maildir *maildir, const struct letter *letters,
	size_t count, enum maildir_found *found, struct error *err);

/*
 * Opens the copies of letters, to be read (fds: -1 where one is not found, set
 * on failure, too), wherever maildir_locate would find them.
 */
bool maildir_open_found(struct maildir *maildir, const struct letter *letters,
	size_t count, int *fds, struct error *err);

/* Opens a letter found waiting, to be read; -1 on failure. */
int maildir_read(struct maildir *maildir, const struct letter *letter);

/* Adds a waiting letter to the sealed batch, to be published. */
void maildir_resume(struct maildir *maildir, const struct letter *letter);

/* Takes away a waiting letter. */
void maildir_discard(struct maildir *maildir, const struct letter *letter);

#endif
