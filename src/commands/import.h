/* SPDX-License-Identifier: ISC */
/* Another fetcher's memory taken over. */
#ifndef COMMANDS_IMPORT_H
#define COMMANDS_IMPORT_H

#include <stdbool.h>

#include "core/account.h"
#include "core/seen.h"
#include "engine/outcome.h"

struct import_options {
	enum seen_format from;
	const char *file; /* NULL: where that fetcher usually has it */
	bool trust_times; /* days count from when it fetched, as it says */
};

/*
 * Lets all that another fetcher has fetched of this mailbox count as seen, in
 * one transaction; what is known here stays as it is. Refused when the server
 * lists none of it: it is another mailbox's then, or the uids have changed.
 * Returns the exit status.
 */
int import_account(struct account *account, const struct run_options *options,
	const struct import_options *how);

#endif
