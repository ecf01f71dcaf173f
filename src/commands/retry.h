/* SPDX-License-Identifier: ISC */
/* Messages that failed too often, once more. */
#ifndef COMMANDS_RETRY_H
#define COMMANDS_RETRY_H

#include <stddef.h>

#include "core/account.h"

/*
 * Lets the next run try the account's messages with these uids again (count of
 * them, as named_find takes them; none: all that failed). Returns the exit
 * status.
 */
int retry_messages(
	const struct account *account, char *const *names, size_t count);

#endif
