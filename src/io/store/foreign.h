/* SPDX-License-Identifier: ISC */
/*
 * Reads the files in which other fetchers record the messages they have seen.
 */
#ifndef IO_STORE_FOREIGN_H
#define IO_STORE_FOREIGN_H

#include <stdbool.h>

#include "core/error.h"
#include "core/seen.h"

/* The largest file that is read, in bytes. */
#define FOREIGN_FILE_MAX (256 << 20)

/*
 * Reads the file at path, or, if path is NULL, the files that the fetcher keeps
 * in its usual places, into an initialised struct seen, and indexes it.
 * Anything unusual in them is logged. Returns false with ERROR_DATA if there is
 * no file, if one cannot be read, or if none lists a message that the account
 * has seen.
 */
bool foreign_read(struct seen *seen, const char *path, struct error *err);

#endif
