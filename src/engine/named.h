/* SPDX-License-Identifier: ISC */
/* Which messages on record somebody means who names them. */
#ifndef ENGINE_NAMED_H
#define ENGINE_NAMED_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "core/uid.h"

struct store;

struct named {
	struct uid *uids; /* owned; ordinals are 0 */
	char **bytes;	  /* owned, and so is each: those of the uids */
	size_t count;
};

/*
 * Finds the uids on record that these texts (count of them) name: each by all
 * of a uid, by the beginning of one, or by its shortened form (uid_name.h),
 * the first of these that there is, and only if it stands for one uid. A uid
 * that is named twice is found once. False with ERROR_USAGE when a text names
 * none, or several; named has nothing then. named_release frees it.
 */
bool named_find(struct store *store, char *const *names, size_t count,
	struct named *named, struct error *err);

void named_release(struct named *named);

#endif
