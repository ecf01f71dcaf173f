/* SPDX-License-Identifier: ISC */
/*
 * Would a place take what is to be put there? Looks, and makes and changes
 * nothing; delivery_open and store_open are what makes them.
 */
#ifndef IO_MAIL_PLACE_H
#define IO_MAIL_PLACE_H

#include <stdbool.h>

#include "core/error.h"

/*
 * Each is about an absolute path. *there: it exists; else its nearest directory
 * that does lets it be made. ERROR_CREATE says what is wrong, and what to do.
 */
bool place_check_maildir(const char *path, bool *there, struct error *err);
bool place_check_mbox(const char *path, bool *there, struct error *err);
/* setting: what names such a directory, in the rc file. */
bool place_check_directory(
	const char *path, const char *setting, bool *there, struct error *err);

#endif
