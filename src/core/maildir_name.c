/* SPDX-License-Identifier: ISC */
#include "core/maildir_name.h"

#include <ctype.h>
#include <string.h>

bool maildir_name_is_ours(const char *name)
{
	return strstr(name, MAILDIR_NAME_MARK) != NULL;
}

size_t maildir_name_base(const char *name)
{
	size_t n = 0;

	if (!maildir_name_is_ours(name))
		return strcspn(name, ":;!,");
	while (isalnum((unsigned char)name[n]) || name[n] == '.' ||
		name[n] == '-' || name[n] == '_')
		n++;
	return n;
}

bool maildir_name_is_trashed(const char *name)
{
	const char *info = strstr(name + maildir_name_base(name), "2,");

	return info != NULL && strchr(info, 'T') != NULL;
}
