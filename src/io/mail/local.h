/* SPDX-License-Identifier: ISC */
/*
 * Where the copies of fetched mail are now: readers of mail flag them, move
 * them between folders, throw them away and remove them.
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

/*
 * Forgets all that was looked at, so that it is looked at again; without notes
 * of mboxes, unless use_notes.
 */
void local_look_again(struct local *local, bool use_notes);

/*
 * Looks through a directory: Maildirs below it by the names of their files,
 * which no file is opened for, and files that begin like an mbox by reading
 * them; or through one mbox. What lies in trash (NULL: in a folder named Trash
 * or .Trash) is trashed, and so is a file with the flag T. Links are followed.
 * ERROR_WRITE when root cannot be looked at, ERROR_DATA when it is not there:
 * then nobody knows what is gone. missing_ok: a root that is not there is
 * empty. A part below it that cannot be looked at is no failure: see
 * local_blind.
 */
bool local_look(struct local *local, const char *root, const char *trash,
	bool missing_ok, struct error *err);

/*
 * The first part that could not be looked at, as "PATH: why", borrowed until
 * the next look; NULL: there was none. A copy that was not found may be there.
 */
const char *local_blind(const struct local *local);

/*
 * What became of the copy: LOCAL_HERE, LOCAL_TRASHED or LOCAL_GONE. A Maildir's
 * is known by its base name, an mbox's by its header (letter->identified) or
 * its text. After the last local_look.
 */
enum local_state local_find(struct local *local, const struct letter *letter);

/* Was nothing at all found, neither a file of a Maildir nor mail in an mbox? */
bool local_is_empty(const struct local *local);

/* A record has this base name: a file that is called so is no stranger. */
void local_know(struct local *local, const char *name);

/*
 * Reads the headers of all files that no record knows, as far as no note tells
 * them. After local_know was called for all names on record. ERROR_TEMPORARY
 * when *stop is set.
 */
bool local_read_strangers(struct local *local,
	const volatile sig_atomic_t *stop, struct error *err);

/*
 * After local_read_strangers: is the copy, gone from where it was, somewhere
 * under another name, in a Maildir or an mbox? It is known by its header, of
 * which readers may have changed all but the Message-ID; or, where that does
 * not tell it from others, by its text. LOCAL_HERE or LOCAL_TRASHED, and *filed
 * is the letter as it lies now; LOCAL_GONE; LOCAL_UNTRACED when it has no
 * header to be known by; LOCAL_UNREADABLE when it may be where nobody can look.
 */
enum local_state local_find_filed(
	struct local *local, const struct letter *letter, struct letter *filed);

/*
 * Is there a copy that keepmail put there, and that no record knows
 * (local_know)? Only a Maildir tells: in an mbox nothing says who wrote it.
 */
bool local_has_ours(const struct local *local);

/*
 * Reads all mail there, whoever put it there, but for files that a record knows
 * (local_know): visit gets what is known of each message, as it would have been
 * stored, and since when it is there (seconds since 1970); and, where a mail
 * reader may have added to its header, once more without that. What cannot be
 * read is passed over. It stops when visit says false, with its error.
 */
bool local_read(struct local *local,
	bool (*visit)(void *data, const struct letter *letter, int64_t since,
		struct error *err),
	void *data, struct error *err);

/* The same for what keepmail put into a Maildir alone. */
bool local_read_ours(struct local *local,
	bool (*visit)(void *data, const struct letter *letter, int64_t since,
		struct error *err),
	void *data, struct error *err);

/* Where the copy lies: a path that the caller frees; NULL: not known. */
char *local_path(struct local *local, const struct letter *letter);

/*
 * Is the copy what was stored? LOCAL_HERE, LOCAL_CHANGED, LOCAL_UNREADABLE, or
 * LOCAL_GONE. Lines that mail readers put into headers (Status and the like)
 * are no change.
 */
enum local_state local_verify(struct local *local, const struct letter *letter);

#endif
