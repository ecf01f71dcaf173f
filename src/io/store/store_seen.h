/* SPDX-License-Identifier: ISC */
/*
 * Messages that count as seen without having been fetched, and whether the
 * store has any records.
 */
#ifndef IO_STORE_STORE_SEEN_H
#define IO_STORE_STORE_SEEN_H

#include <stdint.h>

#include "core/uid.h"
#include "io/store/store.h"

/* Is there a record of any kind for this uid? */
bool store_knows(
	struct store *store, struct uid uid, bool *known, struct error *err);

/* A message that counts as seen without having been fetched. */
struct store_seen {
	struct uid uid;
	int64_t since;	    /* retention is counted from here */
	const char *origin; /* who reported it */
};

/*
 * Records a message that has no record yet, within a transaction; *row
 * identifies the record. The message is neither fetched nor erased.
 */
bool store_record_seen(struct store *store, const struct store_seen *seen,
	int64_t now, int64_t *row, struct error *err);

/*
 * Has no run ever succeeded, and is nothing recorded? If so, nothing has begun.
 */
bool store_is_fresh(struct store *store, bool *fresh, struct error *err);

#endif
