/* SPDX-License-Identifier: ISC */
/* keepmail list --local: what is wrong with messages, as it is on record. */
#ifndef COMMANDS_LIST_LOCAL_H
#define COMMANDS_LIST_LOCAL_H

#include "core/account.h"
#include "engine/outcome.h"

/*
 * Prints the account's messages on record that are missing or damaged here,
 * were interrupted, failed, are over max-size or are held, without a server,
 * also while a run is at work; with verbose, all on record. A line or a JSON
 * object for each. Returns the exit status, which they do not change.
 */
int list_local(
	const struct account *account, const struct run_options *options);

#endif
