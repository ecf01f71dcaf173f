/* SPDX-License-Identifier: ISC */
/* Reads a directory to its end, or says that it could not. */
#ifndef IO_MAIL_ENTRIES_H
#define IO_MAIL_ENTRIES_H

#include <dirent.h>

/*
 * The next entry but "." and ".."; NULL with errno 0 at the end, or with the
 * reason for which the rest cannot be read: what was not seen may be there.
 */
struct dirent *entries_next(DIR *dir);

#endif
