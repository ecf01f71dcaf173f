/* SPDX-License-Identifier: ISC */
/*
 * The stores of other accounts in the same directory, and other names for one.
 */
#ifndef IO_STORE_STORE_OTHERS_H
#define IO_STORE_STORE_OTHERS_H

#include "io/store/store.h"

/*
 * Calls visit for the store of each other account in this directory, opened
 * with STORE_LOOK, and borrowed; one that cannot be read is passed over. It
 * stops when visit says false. True if all of them were visited.
 */
bool store_each_other(const char *directory, const char *name,
	bool (*visit)(void *data, const char *other, struct store *store),
	void *data);

/*
 * Gives the store of an account another account's name. ERROR_USAGE where there
 * is no such store, or one under the new name that knows anything;
 * ERROR_CREATE, and whatever store_open says.
 */
bool store_rename(const char *directory, const char *from, const char *to,
	struct error *err);

#endif
