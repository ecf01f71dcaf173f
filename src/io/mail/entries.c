/* SPDX-License-Identifier: ISC */
#include "io/mail/entries.h"

#include <errno.h>
#include <string.h>

struct dirent *entries_next(DIR *dir)
{
	struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(dir);
	} while (entry != NULL &&
		(strcmp(entry->d_name, ".") == 0 ||
			strcmp(entry->d_name, "..") == 0));
	return entry;
}
