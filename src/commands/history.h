/* SPDX-License-Identifier: ISC */
/* What is on record of an account's runs and messages. */
#ifndef COMMANDS_HISTORY_H
#define COMMANDS_HISTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/account.h"

/*
 * Prints the account's runs on record, or, with names of uids (count of them,
 * as named_find takes them), what is known of those messages; or JSON, an
 * object for each on a line. Returns the exit status: 64 when a uid is not
 * known; nothing is printed then.
 */
int history_show(const struct account *account, char *const *names,
	size_t count, bool json);

#endif
