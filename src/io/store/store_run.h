/* SPDX-License-Identifier: ISC */
/* How runs ended, and what the next one may leave out. */
#ifndef IO_STORE_STORE_RUN_H
#define IO_STORE_STORE_RUN_H

#include <stdint.h>

#include "core/letter.h"
#include "io/store/store.h"

/* No quiet lasts longer: seconds. */
#define STORE_QUIET_MAX 86400

/*
 * Is this listing (its digest) the one that store_record_quiet was told of,
 * under the same policy and before that time, and has no message's record
 * changed since? Then there is nothing to do, and nothing to recall.
 */
bool store_is_quiet(struct store *store,
	const unsigned char listing[LETTER_DIGEST], const char *policy,
	int64_t now);

/* Records that it is, until a time, within a transaction. */
bool store_record_quiet(struct store *store,
	const unsigned char listing[LETTER_DIGEST], const char *policy,
	int64_t until, struct error *err);

/* Did the last run on record fail? */
bool store_has_failed(struct store *store);

/*
 * Notes that a run came through at this time that did nothing, and leaves no
 * record: nothing is written to the database.
 */
void store_note_success(struct store *store, int64_t now);

/* Is there a run on record that began before this and came through? */
bool store_has_succeeded(struct store *store, int64_t before);

/* Did the last run on record fail, and fetch nothing? */
bool store_was_fruitless(struct store *store);

/* A run, as history will show it. */
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
 * Records a run that has ended, within a transaction; the oldest of a thousand
 * is forgotten. goes_on: in the place of the last one on record, if that began
 * at the same time.
 */
bool store_record_run(struct store *store, const struct store_run *run,
	bool goes_on, struct error *err);

#endif
