/* SPDX-License-Identifier: ISC */
/*
 * Where the copies of fetched mail are now: readers of mail flag them, move
 * them between folders, throw them away and remove them.
 */
#ifndef IO_LOCAL_H
#define IO_LOCAL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/letter.h"
#include "core/plan.h"

struct local;

/*
 * What is noted of mboxes from one look to another, so that one which did not
 * change is not read again: octets that say something to local alone. recall
 * gives them, borrowed until the next call, or NULL; keep takes them.
 */
struct local_notes {
	const void *(*recall)(void *data, const char *path, size_t *length);
	void (*keep)(
		void *data, const char *path, const void *note, size_t length);
	void *data;
};

/*
 * Nothing was looked at. notes: borrowed; NULL: whatever is looked at is read.
 * The caller frees it.
 */
struct local *local_new(const struct local_notes *notes);
void local_free(struct local *local);

/* From now on everything is read, whatever was noted of it. */
void local_forget_notes(struct local *local);

/*
 * Looks through a directory: Maildirs below it by the names of their files,
 * which no file is opened for, and files that begin like an mbox by reading
 * them; or through one mbox. What lies in trash (NULL: in a folder named Trash
 * or .Trash) is trashed, and so is a file with the flag T. Links to folders are
 * followed. ERROR_WRITE when any of it cannot be looked at, ERROR_DATA when
 * root is not there: then nobody knows what is gone. missing_ok: a root that is
 * not there is empty.
 */
bool local_look(struct local *local, const char *root, const char *trash,
	bool missing_ok, struct error *err);

/*
 * What became of the copy: LOCAL_HERE, LOCAL_TRASHED or LOCAL_GONE. A Maildir's
 * is known by its base name, an mbox's by its header (letter->identified).
 * After the last local_look.
 */
enum local_state local_find(struct local *local, const struct letter *letter);

/*
 * Is there any copy that keepmail put there? Only a Maildir tells: in an mbox
 * nothing says who wrote it.
 */
bool local_has_any(const struct local *local);

/*
 * Reads all copies that keepmail put there: visit gets what is known of each,
 * as it would have been stored, and when it was put there (seconds since 1970).
 * What cannot be read is passed over. It stops when visit says false, with its
 * error, or *stop is set.
 */
bool local_read(struct local *local,
	bool (*visit)(void *data, const struct letter *letter, int64_t since,
		struct error *err),
	void *data, const volatile sig_atomic_t *stop, struct error *err);

/* Where the copy lies: a path that the caller frees; NULL: not known. */
char *local_path(struct local *local, const struct letter *letter);

/*
 * Is the copy what was stored? LOCAL_HERE, LOCAL_CHANGED, LOCAL_UNREADABLE, or
 * LOCAL_GONE. Lines that mail readers put into the headers of an mbox (Status
 * and the like) are no change.
 */
enum local_state local_verify(struct local *local, const struct letter *letter);

#endif
