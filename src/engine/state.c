/* SPDX-License-Identifier: ISC */
#include "engine/state.h"

#include "io/process/filesystem.h"
#include "io/store/store_others.h"

/*
 * SQLite's WAL is shared memory, and its locks are those of the system. Neither
 * is reliable over a network, and a damaged store would be noticed late.
 */
bool state_is_safe(const struct account *account, struct error *err)
{
	enum filesystem_kind kind = account->trust_filesystem
		? FILESYSTEM_LOCAL
		: filesystem_of(account->state);

	return kind == FILESYSTEM_LOCAL ||
		error_set(err, ERROR_CONFIG,
			"the state directory %s lies on %s, where a store may "
			"be damaged: name a directory on a local disk with "
			"state or --state-dir, or set trust-filesystem = true "
			"if you know that it is safe there",
			account->state, filesystem_name(kind));
}

struct store *state_open(
	const struct account *account, enum store_mode mode, struct error *err)
{
	if (mode != STORE_LOOK && !state_is_safe(account, err))
		return NULL;
	return store_open(account->state, account->name, mode, err);
}
