/* SPDX-License-Identifier: ISC */
#include "io/process/config_edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/xalloc.h"
#include "io/process/directory.h"
#include "io/process/file.h"

/* The largest rc file. */
#define RC_MAX (1024 * 1024)

static bool failed(const char *what, const char *path, struct error *err)
{
	return error_set(err, ERROR_CREATE, "cannot %s %s: %s", what, path,
		strerror(errno));
}

/*
 * Creates a file beside the one at path that only its owner can read. *name:
 * its name, owned. Returns -1 with errno set on failure.
 */
static int create_beside(const char *path, char **name)
{
	*name = xasprintf("%s.XXXXXX", path);
	int fd = mkostemp(*name, O_CLOEXEC);

	if (fd < 0) {
		free(*name);
		*name = NULL;
	}
	return fd;
}

/* Writes and closes a file. False: see errno. */
static bool write_whole(int fd, const char *text, size_t length)
{
	bool ok = file_write_at(fd, text, length, 0) && fsync(fd) == 0;
	int saved = errno;

	if (close(fd) < 0 && ok)
		return false;
	errno = saved;
	return ok;
}

/* Reads the rc file as it is. NULL: it is not there, or see err. */
static char *load(struct config_edit *edit, size_t *length, struct error *err)
{
	int fd = open(edit->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = NULL;
	ssize_t n = -1;

	*length = 0;
	edit->fresh = fd < 0 && errno == ENOENT;
	if (edit->fresh)
		return NULL;
	if (fd >= 0 && fstat(fd, &edit->before) == 0) {
		text = xmalloc(RC_MAX);
		n = read(fd, text, RC_MAX);
	}
	if (n < 0)
		failed("read", edit->path, err);
	else if (!S_ISREG(edit->before.st_mode) || n == RC_MAX)
		error_set(err, ERROR_CONFIG,
			"%s is not an rc file, or larger than 1 MiB: name another file with -f FILE",
			edit->path);
	else if (edit->before.st_uid != geteuid())
		error_set(err, ERROR_CONFIG,
			"cannot change %s, which belongs to another user: name another file with -f FILE",
			edit->path);
	else if ((edit->before.st_mode & 0200) == 0)
		error_set(err, ERROR_CONFIG,
			"cannot change %s, which is read-only: run chmod u+w '%s', or name another file with -f FILE",
			edit->path, edit->path);
	else
		*length = (size_t)n;
	if (fd >= 0)
		close(fd);
	return text;
}

/*
 * The file that a symbolic link leads to is changed, not the link. Owned; NULL:
 * see err.
 */
static char *resolve(const char *path, struct error *err)
{
	char *real = realpath(path, NULL);
	struct stat st;

	if (real != NULL)
		return real;
	if (lstat(path, &st) < 0)
		return xstrdup(path);
	failed("follow the symbolic link", path, err);
	return NULL;
}

static char *join(const char *old, size_t length, const char *text)
{
	bool open = length > 0 && old[length - 1] != '\n';

	return xasprintf("%.*s%s%s%s", (int)length, old == NULL ? "" : old,
		open ? "\n" : "", length > 0 ? "\n" : "", text);
}

/* In the directory of path, since names in the file are relative to that. */
static bool write_draft(
	struct config_edit *edit, const char *path, struct error *err)
{
	int fd = create_beside(path, &edit->draft);

	return (fd >= 0 && write_whole(fd, edit->text, strlen(edit->text))) ||
		failed("write a file beside", path, err);
}

bool config_edit_begin(struct config_edit *edit, const char *path,
	const char *text, bool private, struct error *err)
{
	size_t length = 0;

	*edit = (struct config_edit){
		.path = resolve(path, err), .private = private};
	if (edit->path == NULL)
		return false;
	char *old = load(edit, &length, err);
	bool ok = err->kind == ERROR_NONE;

	if (ok && edit->fresh && !directory_make_above(edit->path))
		ok = failed("create the directory of", edit->path, err);
	if (ok) {
		edit->text = join(old, length, text);
		ok = write_draft(edit, path, err);
	}
	if (old != NULL)
		explicit_bzero(old, length);
	free(old);
	return ok;
}

static bool is_unchanged(const struct config_edit *edit)
{
	struct stat now;

	if (stat(edit->path, &now) < 0)
		return edit->fresh && errno == ENOENT;
	return !edit->fresh && now.st_ino == edit->before.st_ino &&
		now.st_size == edit->before.st_size &&
		now.st_mtim.tv_sec == edit->before.st_mtim.tv_sec &&
		now.st_mtim.tv_nsec == edit->before.st_mtim.tv_nsec;
}

/* As it was, so that those who could read it still can, and nobody else. */
static bool keep_access(const struct config_edit *edit, int fd)
{
	mode_t mode = edit->before.st_mode & 0755;

	if (edit->fresh || edit->private)
		return true;
	if (fchown(fd, (uid_t)-1, edit->before.st_gid) < 0)
		mode &= 0700;
	return fchmod(fd, mode) == 0;
}

/* With the lock held. */
static bool replace(const struct config_edit *edit, struct error *err)
{
	char *part = NULL;
	int fd;

	if (!is_unchanged(edit))
		return error_set(err, ERROR_CREATE,
			"cannot add the account: %s was changed while setup was running. Nothing was written; run keepmail setup again",
			edit->path);
	fd = create_beside(edit->path, &part);
	bool ok = fd >= 0 && keep_access(edit, fd) &&
		write_whole(fd, edit->text, strlen(edit->text)) &&
		rename(part, edit->path) == 0;

	if (!ok && part != NULL)
		unlink(part);
	ok = ok && directory_sync_above(edit->path);
	free(part);
	return ok || failed("write", edit->path, err);
}

/* Two that add accounts at the same time lock the directory. */
bool config_edit_commit(struct config_edit *edit, struct error *err)
{
	const char *slash = strrchr(edit->path, '/');
	char *directory = slash == NULL
		? xstrdup(".")
		: xasprintf("%.*s/", (int)(slash - edit->path), edit->path);
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && (flock(fd, LOCK_EX) == 0 || errno != EINTR);

	ok = ok ? replace(edit, err) : failed("lock", directory, err);
	if (fd >= 0)
		close(fd);
	free(directory);
	return ok;
}

void config_edit_discard(struct config_edit *edit)
{
	if (edit->draft != NULL)
		unlink(edit->draft);
	if (edit->text != NULL)
		explicit_bzero(edit->text, strlen(edit->text));
	free(edit->text);
	free(edit->draft);
	free(edit->path);
	*edit = (struct config_edit){.path = NULL};
}

bool config_edit_write_secret(
	const char *path, const char *secret, struct error *err)
{
	char *part = NULL;
	char *line = xasprintf("%s\n", secret);
	int fd = directory_make_above(path) ? create_beside(path, &part) : -1;
	/* Unlike rename, link does not replace a file. */
	bool ok = fd >= 0 && write_whole(fd, line, strlen(line)) &&
		link(part, path) == 0 && directory_sync_above(path);

	if (!ok)
		failed("write", path, err);
	if (part != NULL)
		unlink(part);
	explicit_bzero(line, strlen(line));
	free(line);
	free(part);
	return ok;
}
