/* SPDX-License-Identifier: ISC */
/*
 * Which copies of a message may be another message's: its header is on record
 * more often, or another account delivers to the same place.
 */
#ifndef ENGINE_CLAIMS_H
#define ENGINE_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/account.h"
#include "core/error.h"
#include "core/letter.h"
#include "io/store/store.h"

/* Initialise with {0}, and release with claims_release. */
struct claims {
	void *headers; /* owned; a tree of tsearch(3) */
	bool complete; /* the records of all accounts have been read */
};

/*
 * Counts the headers of all messages on record with any account, since several
 * accounts may fetch the same mailbox or deliver to the same place. Fails if
 * the account's own records (store) cannot be read.
 */
bool claims_read(struct claims *claims, const struct account *account,
	struct store *store, struct error *err);
void claims_release(struct claims *claims);

/* Counts the header of one more message. It must be identified. */
void claims_add(struct claims *claims, const struct letter *letter);

/*
 * Is it certain that exactly this many messages on record have this letter's
 * header? False for a letter that is not identified.
 */
bool claims_are(const struct claims *claims, const struct letter *letter,
	size_t messages);

/*
 * Does an account deliver to path whose records are in another state directory,
 * so that its copy of a message would look like ours? own: where this account
 * delivers to. If places are nested, the innermost one that contains path
 * counts.
 */
bool claims_are_unknown(
	const struct account *account, const char *own, const char *path);

#endif
