/* SPDX-License-Identifier: ISC */
/* An account has a new name in the rc file, and its store is to follow. */
#ifndef COMMANDS_RENAME_H
#define COMMANDS_RENAME_H

#include "core/account.h"

/*
 * Gives the store of the account that was called from this account's name.
 * Returns the exit status.
 */
int rename_account(const struct account *account, const char *from);

#endif
