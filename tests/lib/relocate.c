/* SPDX-License-Identifier: ISC */
/*
 * Preloaded into a Dovecot that was unpacked, not installed: it looks for its
 * modules in the directory that it was compiled for, and finds them below
 * $DOVECOT_ROOT. So the tests have a real server, and nothing is installed.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

DIR *opendir(const char *path);
void *dlopen(const char *path, int flags);

static const char *moved(const char *path, char *room, size_t size)
{
	static const char home[] = "/usr/lib/dovecot/";
	const char *root = getenv("DOVECOT_ROOT");

	if (path == NULL || root == NULL ||
		strncmp(path, home, sizeof home - 1) != 0)
		return path;
	snprintf(room, size, "%s%s", root, path);
	return room;
}

DIR *opendir(const char *path)
{
	DIR *(*next)(const char *);
	char room[4096];

	*(void **)&next = dlsym(RTLD_NEXT, "opendir");
	return next(moved(path, room, sizeof room));
}

void *dlopen(const char *path, int flags)
{
	void *(*next)(const char *, int);
	char room[4096];

	*(void **)&next = dlsym(RTLD_NEXT, "dlopen");
	return next(moved(path, room, sizeof room), flags);
}
