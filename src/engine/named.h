/* SPDX-License-Identifier: ISC */
/* Finds the messages on record that a user names. */
#ifndef ENGINE_NAMED_H
#define ENGINE_NAMED_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "core/uid.h"

struct store;

struct named {
	struct uid *uids; /* owned; all ordinals are 0 */
	char **bytes;	  /* owned, as is each element: the bytes of uids */
	size_t count;
};

/*
 * Finds the uids on record that these names (count of them) stand for. A name
 * is a whole uid, the beginning of one, or its shortened form (uid_name.h),
 * tried in this order, and must match exactly one uid. A uid that is named
 * twice is found once. Fails with ERROR_USAGE if a name matches none or
 * several; named is then empty. named_release frees it.
 */
bool named_find(struct store *store, char *const *names, size_t count,
	struct named *named, struct error *err);

void named_release(struct named *named);

#endif
