/* SPDX-License-Identifier: ISC */
/* keepmail check: would a run go well? Nothing is changed to find out. */
#ifndef COMMANDS_CHECK_H
#define COMMANDS_CHECK_H

#include <stddef.h>

#include "core/account.h"
#include "engine/outcome.h"

/*
 * Looks at each account (count of them): where its mail and its store go, its
 * password, its server, and the login; and prints a line for each, or a JSON
 * object for the account, on standard output. Nothing is made, here or on the
 * server, and no lock is taken. Returns the worst exit status that a run would
 * have for any of these.
 */
int check_accounts(struct account *const *accounts, size_t count,
	const struct run_options *options);

#endif
