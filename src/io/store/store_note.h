/* SPDX-License-Identifier: ISC */
/* Notes about mboxes and directories, made when they were read. */
#ifndef IO_STORE_STORE_NOTE_H
#define IO_STORE_STORE_NOTE_H

#include <stddef.h>

#include "io/store/store.h"

/*
 * Returns the note about the mbox with this path (*length bytes), which the
 * caller frees. NULL if there is none or it cannot be read, which makes no
 * difference.
 */
void *store_note(struct store *store, const char *path, size_t *length);

/*
 * Records a note, replacing the previous one about this path; the oldest note
 * is forgotten.
 */
bool store_record_note(struct store *store, const char *path, const void *note,
	size_t length, struct error *err);

/* Did this directory contain anything when it was last searched? */
bool store_had_root(
	struct store *store, const char *path, bool *had, struct error *err);

/* Records whether it contains anything. */
bool store_record_root(
	struct store *store, const char *path, bool has, struct error *err);

#endif
