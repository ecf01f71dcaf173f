/* SPDX-License-Identifier: ISC */
/* The files in which other fetchers remember what they have seen. */
#ifndef IO_STORE_FOREIGN_H
#define IO_STORE_FOREIGN_H

#include <stdbool.h>

#include "core/error.h"
#include "core/seen.h"

/* No such file is larger. */
#define FOREIGN_FILE_MAX (256 << 20)

/*
 * Reads the file at path, or, when that is NULL, those that the fetcher has in
 * its usual places, into an initialised memory, and indexes it. What is odd in
 * them is told through log. False with ERROR_DATA when there is none, when one
 * cannot be read, or when it has no message that the account has seen.
 */
bool foreign_read(struct seen *seen, const char *path, struct error *err);

#endif
