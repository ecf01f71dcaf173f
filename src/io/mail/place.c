/* SPDX-License-Identifier: ISC */
#include "io/mail/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/xalloc.h"
#include "io/mail/entries.h"

static bool can_write(const char *path)
{
	return faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0;
}

static bool is_missing(void)
{
	return errno == ENOENT;
}

/*
 * Could the path be created with mkdir, and missing parents? setting: the
 * setting that names it.
 */
static bool can_make(const char *path, const char *setting, struct error *err)
{
	char *at = xstrdup(path);
	struct stat st;

	do {
		char *slash = strrchr(at, '/');

		if (slash != NULL)
			slash[slash == at] = '\0';
	} while (stat(at, &st) < 0 && is_missing() && at[0] != '\0' &&
		at[1] != '\0');
	bool ok = can_write(at);

	if (ok && !S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		ok = false;
	}
	if (!ok)
		error_set(err, ERROR_CREATE,
			"%s does not exist and cannot be created in %s: %s. Choose another place with %s, or change the permissions of that directory",
			path, at, strerror(errno), setting);
	free(at);
	return ok;
}

static bool cannot_use(const char *path, const char *setting, struct error *err)
{
	return error_set(err, ERROR_CREATE,
		"cannot write to %s: %s. Check its owner and permissions, or choose another place with %s",
		path, strerror(errno), setting);
}

bool place_check_directory(
	const char *path, const char *setting, bool *there, struct error *err)
{
	struct stat st;

	*there = stat(path, &st) == 0;
	if (!*there)
		return is_missing() ? can_make(path, setting, err)
				    : cannot_use(path, setting, err);
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return cannot_use(path, setting, err);
	}
	return can_write(path) || cannot_use(path, setting, err);
}

/* A directory that cannot be read to its end may not be empty. */
static bool is_empty(const char *path)
{
	DIR *dir = opendir(path);

	if (dir == NULL)
		return false;
	bool empty = entries_next(dir) == NULL && errno == 0;

	closedir(dir);
	return empty;
}

/*
 * Checks tmp, new or cur, and counts it in *there if it exists. A symbolic link
 * is refused, because it may lead anywhere.
 */
static bool check_part(
	const char *path, const char *name, unsigned *there, struct error *err)
{
	char *part = xasprintf("%s/%s", path, name);
	struct stat st;
	bool ok = true;

	if (lstat(part, &st) == 0) {
		++*there;
		if (!S_ISDIR(st.st_mode))
			ok = error_set(err, ERROR_CREATE,
				"%s is no directory: mail is delivered into a "
				"Maildir of directories, not of links or files",
				part);
		else if (!can_write(part))
			ok = cannot_use(part, "maildir", err);
	} else if (!is_missing()) {
		ok = cannot_use(part, "maildir", err);
	}
	free(part);
	return ok;
}

bool place_check_maildir(const char *path, bool *there, struct error *err)
{
	static const char *const parts[] = {"tmp", "new", "cur"};
	struct stat st;
	unsigned count = 0;

	*there = stat(path, &st) == 0;
	if (!*there)
		return is_missing() ? can_make(path, "maildir", err)
				    : cannot_use(path, "maildir", err);
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return cannot_use(path, "maildir", err);
	}
	if (st.st_uid != geteuid())
		return error_set(err, ERROR_CREATE,
			"%s belongs to another user, who could change the mail "
			"in it: choose a directory of your own for maildir",
			path);
	for (size_t i = 0; i < 3; i++) {
		if (!check_part(path, parts[i], &count, err))
			return false;
	}
	if (count == 0 && !is_empty(path))
		return error_set(err, ERROR_CREATE,
			"%s is not a Maildir and is not empty: name another directory with maildir, or a file with mbox",
			path);
	return count == 3 || can_write(path) ||
		cannot_use(path, "maildir", err);
}

bool place_check_mbox(const char *path, bool *there, struct error *err)
{
	struct stat st;

	*there = lstat(path, &st) == 0;
	if (!*there)
		return is_missing() ? can_make(path, "mbox", err)
				    : cannot_use(path, "mbox", err);
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1 || st.st_uid != geteuid())
		return error_set(err, ERROR_CREATE,
			"%s is not a regular file of yours with one name: "
			"choose another file for mbox",
			path);
	return faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0 ||
		cannot_use(path, "mbox", err);
}
