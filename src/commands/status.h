/* SPDX-License-Identifier: ISC */
/* How accounts are, as far as it is known here: no server is asked. */
#ifndef COMMANDS_STATUS_H
#define COMMANDS_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/account.h"
#include "engine/outcome.h"

/*
 * Prints how each account is, or a JSON object for each, also while it is being
 * fetched. Returns the worst exit status of looking; that a run failed is none.
 */
int status_accounts(struct account *const *accounts, size_t count,
	const struct run_options *options);

#endif
