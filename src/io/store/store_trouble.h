/* SPDX-License-Identifier: ISC */
/* What could not be fetched, or turned out to be too large. */
#ifndef IO_STORE_STORE_TROUBLE_H
#define IO_STORE_STORE_TROUBLE_H

#include <stddef.h>
#include <stdint.h>

#include "core/maildrop.h"
#include "core/plan.h"
#include "io/store/store.h"

/* A message that could not be fetched. */
struct store_failure {
	struct uid uid;
	int64_t now;
	int64_t next;	   /* it is tried again, not before this */
	bool quarantined;  /* or not at all */
	const char *error; /* borrowed; why */
};

/* Records it, within a transaction. */
bool store_record_trouble(struct store *store,
	const struct store_failure *failure, struct error *err);

/* Forgets the trouble with this one message, within a transaction. */
bool store_settle_trouble(
	struct store *store, struct uid uid, struct error *err);

/*
 * Forgets the trouble with this uid, whatever its ordinal (NULL: any uid),
 * within a transaction: *found says with how many messages there was some.
 */
bool store_forget_trouble(struct store *store, const struct uid *uid,
	size_t *found, struct error *err);

/*
 * Records which messages are over max-size, within a transaction: by LIST, as
 * the plan has it, or since they turned out to be larger than it says, as
 * memories (one for each of the maildrop) have it. What neither speaks of, or
 * is not listed, is forgotten. Nothing is written where all that is known
 * already.
 */
bool store_record_oversizes(struct store *store,
	const struct maildrop *maildrop, const struct memory *memories,
	const struct plan *plan, struct error *err);

#endif
