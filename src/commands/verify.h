/* SPDX-License-Identifier: ISC */
/* Is all that was kept here still here, octet by octet? */
#ifndef COMMANDS_VERIFY_H
#define COMMANDS_VERIFY_H

#include <stdbool.h>

#include "core/account.h"
#include "engine/outcome.h"

/*
 * Reads the accounts' mail (count of them) against the digests on record and
 * reports what is missing, changed or unreadable, in a line each and a summary,
 * or as JSON, an object each. refetch: what is, and the server lists still, is
 * fetched again: the changed file stays where it is. Returns the exit status:
 * 65 when anything is wrong that is not to be fetched again.
 */
int verify_accounts(struct account *const *accounts, size_t count,
	const struct run_options *options, bool refetch);

#endif
