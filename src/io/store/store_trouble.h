/* SPDX-License-Identifier: ISC */
/* Messages that could not be fetched, or turned out to be too large. */
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
	int64_t next;	   /* not tried again before this time */
	bool quarantined;  /* not tried again at all */
	uint32_t most;	   /* no more tries than these are counted */
	const char *error; /* borrowed */
};

/* Records it, within a transaction. */
bool store_record_trouble(struct store *store,
	const struct store_failure *failure, struct error *err);

/* Forgets the trouble with this one message, within a transaction. */
bool store_settle_trouble(
	struct store *store, struct uid uid, struct error *err);

/*
 * Forgets the troubles with this uid, whatever its ordinal (NULL: with all
 * uids), within a transaction: *found is the number of messages that had any.
 */
bool store_forget_trouble(struct store *store, const struct uid *uid,
	size_t *found, struct error *err);

/*
 * Records, within a transaction, which messages are over max-size: according to
 * LIST, as the plan says, or because they turned out to be larger, as memories
 * (one for each message of the maildrop) says. Records of messages for which
 * neither is true, or that are not listed, are removed. Writes nothing if all
 * of this is already recorded.
 */
bool store_record_oversizes(struct store *store,
	const struct maildrop *maildrop, const struct memory *memories,
	const struct plan *plan, struct error *err);

#endif
