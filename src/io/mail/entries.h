/* SPDX-License-Identifier: ISC */
/* Reads a directory to its end, or reports that this failed. */
#ifndef IO_MAIL_ENTRIES_H
#define IO_MAIL_ENTRIES_H

#include <dirent.h>

/*
 * Returns the next entry other than "." and "..". NULL with errno 0 at the end;
 * NULL with another errno if the rest cannot be read, in which case it may
 * contain anything.
 */
struct dirent *entries_next(DIR *dir);

#endif
