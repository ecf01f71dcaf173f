/* SPDX-License-Identifier: ISC */
/* Selects the accounts of the rc file that a command runs for. */
#ifndef CLI_CHOICE_H
#define CLI_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/options.h"
#include "core/account.h"

/*
 * Sets invocation->accounts to the accounts (count of them, at least one) that
 * it names, each once, or to all if it names none; choice_release frees the
 * array. Wipes the passwords of all other accounts. Returns false, after
 * reporting it, if a name is unknown.
 */
bool choice_make(
	struct invocation *invocation, struct account *accounts, size_t count);

void choice_release(struct invocation *invocation);

#endif
