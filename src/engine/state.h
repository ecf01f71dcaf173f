/* SPDX-License-Identifier: ISC */
/* An account's store, where it lies on a file system that can carry one. */
#ifndef ENGINE_STATE_H
#define ENGINE_STATE_H

#include <stdbool.h>

#include "core/account.h"
#include "core/error.h"
#include "io/store/store.h"

/*
 * May the store lie where state says? ERROR_CONFIG on a network file system,
 * or another that can break it, unless trust-filesystem is set.
 */
bool state_is_safe(const struct account *account, struct error *err);

/* store_open for an account; but not where that is not safe, unless to look. */
struct store *state_open(
	const struct account *account, enum store_mode mode, struct error *err);

#endif
