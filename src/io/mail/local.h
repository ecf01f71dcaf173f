/* SPDX-License-Identifier: ISC */
/*
 * Finds where the copies of fetched mail are now: mail readers flag them, move
 * them between folders, trash them and remove them.
 */
#ifndef IO_MAIL_LOCAL_H
#define IO_MAIL_LOCAL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/letter.h"
#include "core/plan.h"

struct local;

/*
 * Notes about mboxes and directories, kept from one search to the next so that
 * unchanged ones are not read again. They are bytes that only local interprets.
 * recall returns a note, borrowed until the next call, or NULL; keep saves one.
 */
struct local_notes {
	const void *(*recall)(void *data, const char *path, size_t *length);
	void (*keep)(
		void *data, const char *path, const void *note, size_t length);
	void *data;
};

/*
 * Returns a struct local that has searched nothing yet. notes: borrowed; NULL:
 * everything is read. The caller frees it.
 */
struct local *local_new(const struct local_notes *notes);
void local_free(struct local *local);

/*
 * Forgets everything that was found, so that it can be searched again; without
 * the notes about mboxes, unless use_notes.
 */
void local_look_again(struct local *local, bool use_notes);

/*
 * Searches a directory or an mbox. In a directory, Maildirs at any depth are
 * read by file name, without opening the files, and files that begin like an
 * mbox are read. Everything below trash (if NULL: in a folder named Trash or
 * .Trash) counts as trashed, as does a file with the flag T. Symbolic links are
 * followed. ERROR_WRITE if root cannot be searched, ERROR_DATA if it does not
 * exist: nobody then knows what is gone. missing_ok: a missing root is empty. A
 * part below root that cannot be searched is not a failure: see local_blind.
 */
bool local_look(struct local *local, const char *root, const char *trash,
	bool missing_ok, struct error *err);

/*
 * Returns the first part that could not be searched, as "PATH: reason",
 * borrowed until the next search; NULL: there was none. A copy that was not
 * found may be there.
 */
const char *local_blind(const struct local *local);

/*
 * What became of the copy: LOCAL_HERE, LOCAL_TRASHED or LOCAL_GONE. A copy in a
 * Maildir is recognised by its base name, one in an mbox by its header
 * (letter->identified) or its text. Call this after the last local_look.
 */
enum local_state local_find(struct local *local, const struct letter *letter);

/* Was nothing found at all, neither files in a Maildir nor mail in an mbox? */
bool local_is_empty(const struct local *local);

/*
 * Tells local that a record has this base name: a file with it is not a
 * stranger.
 */
void local_know(struct local *local, const char *name);

/*
 * Reads the headers of all files that no record names, unless a note has them.
 * Call this after local_know has been called for all recorded names.
 * ERROR_TEMPORARY if *stop is set.
 */
bool local_read_strangers(struct local *local,
	const volatile sig_atomic_t *stop, struct error *err);

/*
 * Call this after local_read_strangers, for a copy that is gone from where it
 * was: is it under another name, in a Maildir or an mbox? It is recognised by
 * its header, of which mail readers may have changed everything but the
 * Message-ID; or, if the header does not tell it from others, by its text.
 * Returns LOCAL_HERE or LOCAL_TRASHED, and sets
 * *filed to the letter as it is now; LOCAL_GONE; LOCAL_UNTRACED if it has no
 * header by which to recognise it; LOCAL_UNREADABLE if it may be in a part that
 * could not be searched.
 */
enum local_state local_find_filed(
	struct local *local, const struct letter *letter, struct letter *filed);

/*
 * Is there a copy that keepmail stored and that no record names (local_know)?
 * Only known for Maildirs: nothing in an mbox says who wrote it.
 */
bool local_has_ours(const struct local *local);

/*
 * Reads all mail found, whoever stored it, except files that a record names
 * (local_know). visit receives what is known about each message, as delivery
 * would have described it, and since when it has been there (seconds since
 * 1970); if a mail reader may have added header lines, visit is called again
 * for the message without them. Files that cannot be read are skipped. If visit
 * returns false, this stops and fails with its error.
 */
bool local_read(struct local *local,
	bool (*visit)(void *data, const struct letter *letter, int64_t since,
		struct error *err),
	void *data, struct error *err);

/* Like local_read, but only for files that keepmail stored in a Maildir. */
bool local_read_ours(struct local *local,
	bool (*visit)(void *data, const struct letter *letter, int64_t since,
		struct error *err),
	void *data, struct error *err);

/*
 * Returns the path of the file with the copy, which the caller frees; NULL: not
 * known.
 */
char *local_path(struct local *local, const struct letter *letter);

/*
 * Is the copy still what was stored? Returns LOCAL_HERE, LOCAL_CHANGED,
 * LOCAL_UNREADABLE, or LOCAL_GONE. Header lines that mail readers add (Status
 * and the like) do not count as a change.
 */
enum local_state local_verify(struct local *local, const struct letter *letter);

#endif
