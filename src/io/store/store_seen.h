/* SPDX-License-Identifier: ISC */
/*
 * What counts as seen without having been fetched, and whether anything is
 * known at all.
 */
#ifndef IO_STORE_STORE_SEEN_H
#define IO_STORE_STORE_SEEN_H

#include <stdint.h>

#include "core/uid.h"
#include "io/store/store.h"

/* Is there a record, of whatever kind, for this uid? */
bool store_knows(
	struct store *store, struct uid uid, bool *known, struct error *err);

/* A message that counts as seen without having been fetched. */
struct store_seen {
	struct uid uid;
	int64_t since;	    /* its days count from here */
	const char *origin; /* who says so */
};

/*
 * Records one that is not known, within a transaction; *row is its name. It is
 * neither fetched nor erased.
 */
bool store_record_seen(struct store *store, const struct store_seen *seen,
	int64_t now, int64_t *row, struct error *err);

/*
 * Was there never a run that came through, nor is anything known? Nothing has
 * begun then.
 */
bool store_is_fresh(struct store *store, bool *fresh, struct error *err);

#endif
