/* SPDX-License-Identifier: ISC */
/* Delivery into an mbox, in batches: spooled, then appended under its locks. */
#ifndef IO_MAIL_MBOX_H
#define IO_MAIL_MBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/letter.h"

struct mbox;

/* What lies in the file where a letter of an earlier run should be. */
enum mbox_found {
	MBOX_GONE,  /* nothing, or not what we put there */
	MBOX_WHOLE, /* a text of its length that begins as ours does */
};

/*
 * Opens the mbox at an absolute path, which is made (0600) when the first mail
 * comes; directories above it are made (0700). spool_directory: where a batch
 * is collected, in a file without a name. NULL with ERROR_CREATE. The caller
 * closes it.
 */
struct mbox *mbox_open(
	const char *path, const char *spool_directory, struct error *err);

/* Closes it; what was not published is gone. Safe on NULL. */
void mbox_close(struct mbox *mbox);

/* Begins a new message in the spool. */
void mbox_begin(struct mbox *mbox);

/* Appends to it, quoted; the caller passes large pieces. */
bool mbox_write(
	struct mbox *mbox, const char *bytes, size_t length, struct error *err);

/*
 * Ends it: it belongs to the open batch. sender goes into its From_ line, with
 * the time now; letter->name is that line, by which recovery knows it.
 */
bool mbox_end(struct mbox *mbox, const char *sender, int64_t now,
	struct letter *letter, struct error *err);

/* Takes away a message that was begun and not ended. */
void mbox_drop(struct mbox *mbox);

/* Takes away the last count messages of the open batch. */
void mbox_drop_last(struct mbox *mbox, size_t count);

/* As delivery_turn: what follows up to abandon is about the closed batch. */
void mbox_turn(struct mbox *mbox);

/* Takes message i out of the closed batch. */
void mbox_forgo(struct mbox *mbox, size_t i);

/*
 * Locks the mbox (fcntl, then dot-lock, as Debian's policy 11.6 asks) and gives
 * each letter of the batch, in its order, the place where it will lie: offset
 * and length. ERROR_TEMPORARY when another program holds the lock for longer
 * than half a minute.
 */
bool mbox_seal(struct mbox *mbox, struct letter *letters, size_t count,
	struct error *err);

/*
 * Appends the sealed batch, syncs, unlocks. When that fails the mbox is cut
 * back to where it ended before.
 */
bool mbox_publish(struct mbox *mbox, struct error *err);

/* Takes the batch away and unlocks. */
void mbox_abandon(struct mbox *mbox);

/* For recovery: locks and opens the mbox; a missing one is empty. */
bool mbox_lock(struct mbox *mbox, struct error *err);
void mbox_unlock(struct mbox *mbox);

/*
 * Reads the message at a letter's place (locked), unquoted, in pieces to sink.
 * MBOX_WHOLE says that the From_ line is ours and that letter->octets were
 * read.
 */
enum mbox_found mbox_read(struct mbox *mbox, const struct letter *letter,
	void (*sink)(void *data, const char *bytes, size_t length), void *data);

/*
 * Is what begins at the letter's place its torn beginning, up to the end of the
 * file? It must begin with our From_ line, end before the letter would, and
 * hold no other From_ line, which could only be somebody else's mail behind it.
 * Whose mail it is, its header says. Then mbox_cut takes it off.
 */
bool mbox_is_torn(struct mbox *mbox, const struct letter *letter);
bool mbox_cut(struct mbox *mbox, uint64_t offset, struct error *err);

/* Makes what is in the locked mbox durable. */
bool mbox_sync(struct mbox *mbox, struct error *err);

#endif
