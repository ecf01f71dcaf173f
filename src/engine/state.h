/* SPDX-License-Identifier: ISC */
/* Opens an account's store, if its file system is safe for it. */
#ifndef ENGINE_STATE_H
#define ENGINE_STATE_H

#include <stdbool.h>

#include "core/account.h"
#include "core/error.h"
#include "io/store/store.h"

/*
 * Can a store be kept in the account's state directory? Fails with ERROR_CONFIG
 * on a network file system or another one that may damage it, unless
 * trust-filesystem is set.
 */
bool state_is_safe(const struct account *account, struct error *err);

/*
 * As store_open, for an account. Fails unless state_is_safe, except with
 * STORE_LOOK. The caller closes it.
 */
struct store *state_open(
	const struct account *account, enum store_mode mode, struct error *err);

#endif
