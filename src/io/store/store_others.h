/* SPDX-License-Identifier: ISC */
/* The stores of other accounts in the same directory, and renaming a store. */
#ifndef IO_STORE_STORE_OTHERS_H
#define IO_STORE_STORE_OTHERS_H

#include "io/store/store.h"

/*
 * Calls visit for the store of each other account in this directory, opened
 * with STORE_LOOK and borrowed; one that cannot be read is skipped. Stops when
 * visit returns false. Returns true if all of them were visited.
 */
bool store_each_other(const char *directory, const char *name,
	bool (*visit)(void *data, const char *other, struct store *store),
	void *data);

/*
 * Renames the store of an account. Fails with ERROR_USAGE if there is no such
 * store, or if one with any records has the new name; with ERROR_CREATE, or
 * with the errors of store_open.
 */
bool store_rename(const char *directory, const char *from, const char *to,
	struct error *err);

#endif
