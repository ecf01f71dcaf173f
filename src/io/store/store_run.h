/* SPDX-License-Identifier: ISC */
/* How runs ended, and what the next run may skip. */
#ifndef IO_STORE_STORE_RUN_H
#define IO_STORE_STORE_RUN_H

#include <stdint.h>

#include "core/letter.h"
#include "io/store/store.h"

/* The longest quiet period, in seconds. */
#define STORE_QUIET_MAX 86400

/*
 * Is this listing (its digest) the one given to store_record_quiet, with the
 * same policy, is it still before the time given there, and has no message's
 * record changed since? If so, there is nothing to do, and nothing to recall.
 */
bool store_is_quiet(struct store *store,
	const unsigned char listing[LETTER_DIGEST], const char *policy,
	int64_t now);

/* Records that there is nothing to do until a time, within a transaction. */
bool store_record_quiet(struct store *store,
	const unsigned char listing[LETTER_DIGEST], const char *policy,
	int64_t until, struct error *err);

/* Did the last recorded run fail? */
bool store_has_failed(struct store *store);

/*
 * Notes that a run which had nothing to do, and is not recorded, succeeded at
 * this time. Writes nothing to the database.
 */
void store_note_success(struct store *store, int64_t now);

/* Is there a recorded run that began before this time and succeeded? */
bool store_has_succeeded(struct store *store, int64_t before);

/* Did the last recorded run fail, and fetch nothing? */
bool store_was_fruitless(struct store *store);

/* A run, as shown by history. */
struct store_run {
	int64_t started;
	int64_t ended;
	int status; /* exit status */
	uint64_t fetched;
	uint64_t octets;
	uint64_t erased;
	uint64_t left;
	uint64_t failed;
	const char *error; /* or NULL */
};

/*
 * Records a run that has ended, within a transaction; runs beyond the last
 * thousand are forgotten. goes_on: replace the last recorded run if it began at
 * the same time.
 */
bool store_record_run(struct store *store, const struct store_run *run,
	bool goes_on, struct error *err);

#endif
