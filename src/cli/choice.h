/* SPDX-License-Identifier: ISC */
/* Which accounts of the rc file a command is to be run for. */
#ifndef CLI_CHOICE_H
#define CLI_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/options.h"
#include "core/account.h"

/*
 * Sets invocation->accounts to those of the accounts (count of them, at least
 * one) that it names, each once, or to all if it names none; choice_release
 * frees the array. The passwords of all others are forgotten: no process of
 * ours needs them. False: one is unknown, which has been said.
 */
bool choice_make(
	struct invocation *invocation, struct account *accounts, size_t count);

void choice_release(struct invocation *invocation);

#endif
