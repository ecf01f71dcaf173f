/* SPDX-License-Identifier: ISC */
/*
 * Can mail, or a store, be put into a place? These functions only check:
 * delivery_open and store_open create what is missing.
 */
#ifndef IO_MAIL_PLACE_H
#define IO_MAIL_PLACE_H

#include <stdbool.h>

#include "core/error.h"

/*
 * The path is absolute. *there: it exists; if not, success means that it can be
 * created in its nearest existing parent. ERROR_CREATE says what is wrong, and
 * what to do.
 */
bool place_check_maildir(const char *path, bool *there, struct error *err);
bool place_check_mbox(const char *path, bool *there, struct error *err);
/* setting: the setting in the rc file that names such a directory. */
bool place_check_directory(
	const char *path, const char *setting, bool *there, struct error *err);

#endif
