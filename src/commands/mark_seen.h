/* SPDX-License-Identifier: ISC */
/* What is on the server now counts as seen. */
#ifndef COMMANDS_MARK_SEEN_H
#define COMMANDS_MARK_SEEN_H

#include <stddef.h>

#include "core/account.h"
#include "engine/outcome.h"

/*
 * Lets all that the servers of these accounts (count of them) list now, and
 * that is not known, count as seen: it is not fetched, and not erased. Returns
 * the worst exit status.
 */
int mark_seen(struct account *const *accounts, size_t count,
	const struct run_options *options);

#endif
