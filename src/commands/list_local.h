/* SPDX-License-Identifier: ISC */
/* keepmail list --local: lists messages on record that have problems. */
#ifndef COMMANDS_LIST_LOCAL_H
#define COMMANDS_LIST_LOCAL_H

#include "core/account.h"
#include "engine/outcome.h"

/*
 * Lists, without contacting a server, the account's messages on record that are
 * missing or damaged here, were interrupted, failed, exceed max-size or are
 * held; with verbose, all messages on record. Works while a run is in progress.
 * Prints a line or a JSON object for each. Returns the exit status, which is
 * not affected by what is listed.
 */
int list_local(
	const struct account *account, const struct run_options *options);

#endif
