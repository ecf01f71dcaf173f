/* SPDX-License-Identifier: ISC */
/* keepmail rebuild: a store made again from the mail that is here. */
#ifndef COMMANDS_REBUILD_H
#define COMMANDS_REBUILD_H

#include <stddef.h>

#include "core/account.h"
#include "engine/outcome.h"

/*
 * For the accounts (count of them, at most jobs at once): finds out which of
 * the messages on the server lie here already, and records them as kept.
 * Nothing is fetched or erased. Returns the worst exit status.
 */
int rebuild_accounts(struct account *const *accounts, size_t count,
	unsigned jobs, const struct run_options *options);

#endif
