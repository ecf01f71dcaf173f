/* SPDX-License-Identifier: ISC */
/* Messages that no rule may erase. */
#ifndef COMMANDS_HOLD_H
#define COMMANDS_HOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/account.h"

/*
 * Holds the account's messages with these uids (count of them, as named_find
 * takes them), or lets go of them: all of them, or, when one is not known,
 * none. Returns the exit status.
 */
int hold_messages(const struct account *account, char *const *names,
	size_t count, bool hold);

#endif
