/* SPDX-License-Identifier: ISC */
/* What was noted of mboxes and directories when they were read. */
#ifndef IO_STORE_STORE_NOTE_H
#define IO_STORE_STORE_NOTE_H

#include <stddef.h>

#include "io/store/store.h"

/*
 * What was noted of the mbox with this path (*length octets), the caller's to
 * free; NULL: nothing, or nothing that can be read, which is as good.
 */
void *store_note(struct store *store, const char *path, size_t *length);

/* Notes it, in the place of what was noted before; the oldest note goes. */
bool store_record_note(struct store *store, const char *path, const void *note,
	size_t length, struct error *err);

/* Was anything in this directory when it was looked at last? */
bool store_had_root(
	struct store *store, const char *path, bool *had, struct error *err);

/* Records that something is, or nothing. */
bool store_record_root(
	struct store *store, const char *path, bool has, struct error *err);

#endif
