/* SPDX-License-Identifier: ISC */
/*
 * What is kept, where, and since when: one SQLite file per account, and the
 * lock that a second run of the account meets. Here it is opened, changed in
 * transactions, and closed.
 */
#ifndef IO_STORE_STORE_H
#define IO_STORE_STORE_H

#include <stdbool.h>

#include "core/error.h"

struct store;

enum store_mode {
	STORE_WRITE, /* made if it is missing */
	STORE_READ,  /* nothing is changed; missing is the same as empty */
	STORE_LOOK,  /* the same beside a run: no lock is taken or met */
};

/*
 * Opens DIRECTORY/NAME.db (0600, in a directory made 0700) and takes its lock,
 * which the kernel drops when the process ends, however it ends; but for
 * STORE_LOOK, which sees what was committed when it was opened. NULL on
 * failure: ERROR_TEMPORARY when another run holds the lock, ERROR_DATA for a
 * file that is damaged, foreign or of a newer keepmail (it is left as it is),
 * ERROR_CREATE otherwise. The caller closes it.
 */
struct store *store_open(const char *directory, const char *name,
	enum store_mode mode, struct error *err);

/* Is there a store of this account, whatever is in it? */
bool store_exists(const char *directory, const char *name);

/* Closes it and drops the lock; what was not committed is undone. NULL is safe.
 */
void store_close(struct store *store);

/*
 * Changes are made in transactions: begin, record what belongs together,
 * commit. Once committed they survive kill and power cut. A failure
 * (ERROR_WRITE) undoes the whole transaction.
 */
bool store_begin(struct store *store, struct error *err);
bool store_commit(struct store *store, struct error *err);

#endif
