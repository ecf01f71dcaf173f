/* SPDX-License-Identifier: ISC */
/* Many accounts side by side: a child process each, so many at once. */
#ifndef COMMANDS_JOBS_H
#define COMMANDS_JOBS_H

#include <stddef.h>

#include "commands/fetch.h"
#include "core/account.h"

/*
 * Fetches the accounts (count of them), at most jobs at once, and returns the
 * worst exit status. Each session has a process of its own, which ends when
 * this one does. An account that fails does not stop the others. Where there
 * are several, each one's standard output appears in one piece when it is done.
 * Their passwords are forgotten on the way: a child has its own account's
 * alone, and this process none while a server is talked to.
 */
int jobs_fetch(struct account *const *accounts, size_t count, unsigned jobs,
	const struct fetch_options *options);

#endif
