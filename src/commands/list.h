/* SPDX-License-Identifier: ISC */
/* keepmail list: what lies on the server, message by message. */
#ifndef COMMANDS_LIST_H
#define COMMANDS_LIST_H

#include <stddef.h>

#include "core/account.h"
#include "engine/outcome.h"

/*
 * Asks for the header of each message of the accounts (count of them), and
 * prints the messages as they come, with what a fetch would do with each, on
 * standard output: options->columns wide, or one JSON object or TAB separated
 * line each. What the server refuses is left out. Returns the worst exit
 * status.
 */
int list_accounts(struct account *const *accounts, size_t count,
	const struct run_options *options);

#endif
