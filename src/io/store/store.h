/* SPDX-License-Identifier: ISC */
/*
 * The store records what is kept, where, and since when. It is one SQLite file
 * per account, with a lock against a second run of the account. The functions
 * here open it, change it in transactions, and close it.
 */
#ifndef IO_STORE_STORE_H
#define IO_STORE_STORE_H

#include <stdbool.h>

#include "core/error.h"

struct store;

enum store_mode {
	STORE_WRITE, /* created if it is missing */
	STORE_READ,  /* changes nothing; missing means empty */
	STORE_LOOK,  /* the same, ignoring the lock */
};

/*
 * Opens DIRECTORY/NAME.db (mode 0600, in a directory created with mode 0700)
 * and takes its lock, which the kernel drops when the process ends, however it
 * ends. STORE_LOOK takes no lock, and sees what was committed when the store
 * was opened. Returns NULL on failure: ERROR_TEMPORARY if another run holds the
 * lock, ERROR_DATA if the file is damaged, foreign or from a newer keepmail (it
 * is left unchanged), ERROR_CREATE otherwise. The caller closes it.
 */
struct store *store_open(const char *directory, const char *name,
	enum store_mode mode, struct error *err);

/* Does this account have a store, whatever it contains? */
bool store_exists(const char *directory, const char *name);

/*
 * Closes the store and drops the lock; uncommitted changes are undone. NULL is
 * safe.
 */
void store_close(struct store *store);

/*
 * Changes are made in transactions: begin, record what belongs together,
 * commit. Once committed, they survive a kill and a power cut. A failure
 * (ERROR_WRITE) undoes the whole transaction.
 */
bool store_begin(struct store *store, struct error *err);
bool store_commit(struct store *store, struct error *err);

/*
 * As store_begin, but a power cut may undo the transaction until another one,
 * begun by store_begin, has been committed.
 */
bool store_begin_unsynced(struct store *store, struct error *err);

/*
 * Makes sure that everything committed survives a power cut, whichever run
 * committed it, if any mail was handed over (only that is recorded unsynced).
 */
bool store_sync(struct store *store, struct error *err);

/* The version of SQLite that is used. */
const char *store_library(void);

#endif
