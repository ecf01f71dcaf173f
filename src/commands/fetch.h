/* SPDX-License-Identifier: ISC */
/* keepmail fetch: one account's run, from its store's lock to its summary. */
#ifndef COMMANDS_FETCH_H
#define COMMANDS_FETCH_H

#include <stddef.h>

#include "core/account.h"
#include "engine/outcome.h"

/*
 * Fetches what is new of the accounts (count of them) and applies their
 * retention policies, as the plans say, at most jobs accounts at once (see
 * accounts_run). Reports errors and summaries through log, JSON and dry runs on
 * standard output. Returns the worst exit status. Whatever goes wrong, and
 * wherever it is killed, no message is lost: see the commit ladder in HACKING.
 */
int fetch_accounts(struct account *const *accounts, size_t count, unsigned jobs,
	const struct run_options *options);

#endif
