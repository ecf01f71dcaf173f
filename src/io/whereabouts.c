/* SPDX-License-Identifier: ISC */
#include "io/whereabouts.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/xalloc.h"

/* The file in directory/part that begins with the name, flags behind it. */
static char *look_in(const char *directory, const char *part, const char *name)
{
	char *path = xasprintf("%s/%s", directory, part);
	size_t length = strlen(name);
	char *found = NULL;
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir != NULL && found == NULL && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, name, length) == 0 &&
			!isalnum((unsigned char)entry->d_name[length]))
			found = xasprintf("%s/%s", path, entry->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	free(path);
	return found;
}

static char *look_in_maildir(const char *path, const char *name)
{
	char *found = look_in(path, "new", name);

	return found != NULL ? found : look_in(path, "cur", name);
}

char *whereabouts_maildir(const char *path, const char *name)
{
	struct dirent *entry;
	struct stat st;

	if (name[0] == '\0' || strchr(name, '/') != NULL)
		return NULL;
	/* Where nobody touched it no directory must be read. */
	char *found = xasprintf("%s/new/%s", path, name);

	if (lstat(found, &st) == 0)
		return found;
	free(found);
	found = look_in_maildir(path, name);
	DIR *dir = found == NULL ? opendir(path) : NULL;

	while (dir != NULL && found == NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.' || entry->d_name[1] == '\0' ||
			strcmp(entry->d_name, "..") == 0)
			continue;
		char *folder = xasprintf("%s/%s", path, entry->d_name);

		found = look_in_maildir(folder, name);
		free(folder);
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}
