/* SPDX-License-Identifier: ISC */
#include "core/maildir_name.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Precedes the host in every name that keepmail makes, and in no other. */
#define MARK "_keepmail"

/* May the base of a name made by keepmail contain this character? */
static bool is_in_base(char c)
{
	return isalnum((unsigned char)c) || c == '.' || c == '-' || c == '_';
}

void maildir_name_make(
	char *name, size_t size, const struct maildir_stamp *stamp)
{
	snprintf(name, size, "%lld.M%06ldP%ldQ%uR%08x" MARK ".%s",
		(long long)stamp->seconds, stamp->microseconds, stamp->process,
		stamp->count, (unsigned)stamp->chance, stamp->host);
}

void maildir_name_fit_host(char *host)
{
	for (; *host != '\0'; host++) {
		if (!is_in_base(*host))
			*host = '_';
	}
}

bool maildir_name_is_ours(const char *name)
{
	return strstr(name, MARK) != NULL;
}

int64_t maildir_name_time(const char *name)
{
	return maildir_name_is_ours(name) ? (int64_t)strtoll(name, NULL, 10)
					  : 0;
}

bool maildir_name_is_message(const char *name)
{
	return name[0] != '.';
}

bool maildir_name_is_folder(const char *name)
{
	return name[0] == '.' && name[1] != '\0' && strcmp(name, "..") != 0;
}

size_t maildir_name_base(const char *name)
{
	size_t n = 0;

	if (!maildir_name_is_ours(name))
		return strcspn(name, ":;!,");
	while (is_in_base(name[n]))
		n++;
	return n;
}

bool maildir_name_is_trashed(const char *name)
{
	const char *info = strstr(name + maildir_name_base(name), "2,");

	return info != NULL && strchr(info, 'T') != NULL;
}
