/* SPDX-License-Identifier: ISC */
#include "io/process/config_edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* Creates a file that only its owner can read; -1: see errno. */
static int create(const char *path)
{
	unlink(path);
	return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		0600);
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
	else if (!S_ISREG(edit->before.st_mode) || n == RC_MAX ||
		edit->before.st_uid != geteuid())
		error_set(err, ERROR_CONFIG,
			"%s is not an rc file of yours: name another one with -f FILE",
			edit->path);
	else
		*length = (size_t)n;
	if (fd >= 0)
		close(fd);
	return text;
}

/* The file that a symbolic link leads to is changed, not the link. */
static char *resolve(const char *path)
{
	char *real = realpath(path, NULL);

	return real != NULL ? real : xstrdup(path);
}

static char *join(const char *old, size_t length, const char *text)
{
	bool open = length > 0 && old[length - 1] != '\n';

	return xasprintf("%.*s%s%s%s", (int)length, old == NULL ? "" : old,
		open ? "\n" : "", length > 0 ? "\n" : "", text);
}

bool config_edit_begin(struct config_edit *edit, const char *path,
	const char *text, struct error *err)
{
	size_t length;

	*edit = (struct config_edit){.path = resolve(path)};
	char *old = load(edit, &length, err);
	bool ok = err->kind == ERROR_NONE;

	if (ok && edit->fresh && !directory_make_above(edit->path))
		ok = failed("create the directory of", edit->path, err);
	if (ok) {
		char *whole = join(old, length, text);

		edit->draft = xasprintf("%s.draft", edit->path);
		int fd = create(edit->draft);

		ok = (fd >= 0 && write_whole(fd, whole, strlen(whole))) ||
			failed("write", edit->draft, err);
		explicit_bzero(whole, strlen(whole));
		free(whole);
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

bool config_edit_commit(struct config_edit *edit, struct error *err)
{
	if (!is_unchanged(edit))
		return error_set(err, ERROR_CREATE,
			"%s was changed meanwhile, and was left as it is: run keepmail setup again",
			edit->path);
	/* As it was, so that those who could read it still can. */
	if (!edit->fresh && chmod(edit->draft, edit->before.st_mode & 0755) < 0)
		return failed("change the mode of", edit->draft, err);
	if (rename(edit->draft, edit->path) < 0 ||
		!directory_sync_above(edit->path))
		return failed("write", edit->path, err);
	free(edit->draft);
	edit->draft = NULL;
	return true;
}

void config_edit_discard(struct config_edit *edit)
{
	if (edit->draft != NULL)
		unlink(edit->draft);
	free(edit->draft);
	free(edit->path);
	*edit = (struct config_edit){.path = NULL};
}

bool config_edit_write_secret(
	const char *path, const char *secret, struct error *err)
{
	char *part = xasprintf("%s.draft", path);
	char *line = xasprintf("%s\n", secret);
	int fd = directory_make_above(path) ? create(part) : -1;
	bool ok = fd >= 0 && write_whole(fd, line, strlen(line)) &&
		rename(part, path) == 0 && directory_sync_above(path);

	if (!ok)
		failed("write", path, err);
	explicit_bzero(line, strlen(line));
	free(line);
	free(part);
	return ok;
}
