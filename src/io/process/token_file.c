/* SPDX-License-Identifier: ISC */
#include "io/process/token_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/xalloc.h"
#include "io/process/directory.h"
#include "io/process/file.h"

/* What a record may take, of a file that is prepared. */
#define ROOM (64 * 1024)

static char *path_of(const struct token_place *place)
{
	static const char *const kinds[] = {
		[TOKEN_SOURCE] = "login", [TOKEN_GMAIL] = "gmail-login"};

	return xasprintf("%s/%s.%s", place->directory, place->account,
		kinds[place->kind]);
}

/* Waits for the lock. False: see errno; EWOULDBLOCK: it is still held. */
static bool take_lock(int fd, const struct patience *wait)
{
	const struct timespec tick = {.tv_nsec = 50000000};

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return false;
		if (patience_is_over(wait)) {
			errno = EWOULDBLOCK;
			return false;
		}
		nanosleep(&tick, NULL);
	}
	return true;
}

/* Reads up to size bytes; -1: see errno. */
static ssize_t read_whole(int fd, char *bytes, size_t size)
{
	size_t n = 0;

	while (n < size) {
		ssize_t more = read(fd, bytes + n, size - n);

		if (more < 0 && errno == EINTR)
			continue;
		if (more < 0)
			return -1;
		if (more == 0)
			break;
		n += (size_t)more;
	}
	return (ssize_t)n;
}

static bool read_record(const char *path, int fd, struct token_record *record,
	struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
		st.st_size > TOKEN_RECORD_MAX || st.st_uid != geteuid())
		return error_set(err, ERROR_DATA,
			"%s is not a record of a login: move it away, and run keepmail login again",
			path);
	if ((st.st_mode & 077) != 0)
		return error_set(err, ERROR_CONFIG,
			"%s can be read or written by others: run chmod 600 '%s'",
			path, path);
	char *text = xmalloc(TOKEN_RECORD_MAX);
	ssize_t n = read_whole(fd, text, TOKEN_RECORD_MAX);
	int saved = errno;

	/* What was prepared for it, and not needed. */
	while (n > 0 && text[n - 1] == '\0')
		n--;
	bool ok = n >= 0 && token_record_parse(text, (size_t)n, record);

	explicit_bzero(text, TOKEN_RECORD_MAX);
	free(text);
	if (n < 0)
		return error_set(err, ERROR_DATA, "cannot read %s: %s", path,
			strerror(saved));
	return ok ||
		error_set(err, ERROR_DATA,
			"%s is damaged: move it away, and run keepmail login again",
			path);
}

/* Reads a record. *there: there is a file. */
static bool read_path(const char *path, bool *there,
	struct token_record *record, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool ok = true;

	*record = (struct token_record){.expires = 0};
	*there = fd >= 0;
	if (fd >= 0)
		ok = read_record(path, fd, record, err);
	else if (errno != ENOENT && errno != ENOTDIR)
		ok = error_set(err, ERROR_DATA, "cannot open %s: %s", path,
			strerror(errno));
	if (fd >= 0)
		close(fd);
	return ok;
}

bool token_file_read(const struct token_place *place, bool *there,
	struct token_record *record, struct error *err)
{
	char *path = path_of(place);
	bool ok = read_path(path, there, record, err);

	free(path);
	return ok;
}

/*
 * A run that was killed may have left a record that is complete, and whose
 * refresh token is the only one that is still good.
 */
static bool recover(const struct token_file *file)
{
	struct error ignored = {.kind = ERROR_NONE};
	struct token_record next;
	struct token_record now;
	bool there = false;
	bool is = read_path(file->next, &there, &next, &ignored) && there;

	if (!is)
		return true;
	ignored = (struct error){.kind = ERROR_NONE};
	bool old = read_path(file->path, &there, &now, &ignored) && there;

	bool ok = (old && next.renewed < now.renewed) ||
		(rename(file->next, file->path) == 0 &&
			directory_sync_above(file->path));

	token_record_release(&next);
	token_record_release(&now);
	return ok;
}

bool token_file_open(struct token_file *file, const struct token_place *place,
	const struct patience *wait, struct error *err)
{
	*file = (struct token_file){
		.lock = -1, .path = path_of(place), .fd = -1};
	file->next = xasprintf("%s-new", file->path);
	/* Never removed: whoever waits for it has opened it already. */
	char *lock = xasprintf("%s-lock", file->path);

	if (directory_make(place->directory))
		file->lock = open(lock,
			O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY,
			0600);
	bool ok = file->lock >= 0 && take_lock(file->lock, wait);

	if (!ok && file->lock >= 0 && errno == EWOULDBLOCK)
		error_set(err, ERROR_TEMPORARY,
			"another keepmail is renewing the login of this account (%s): try again later",
			lock);
	else if (!ok)
		error_set(err, ERROR_CREATE, "cannot open %s: %s", lock,
			strerror(errno));
	free(lock);
	if (ok && !recover(file))
		ok = error_set(err, ERROR_WRITE, "cannot rename %s: %s",
			file->next, strerror(errno));
	if (!ok)
		token_file_close(file);
	return ok;
}

void token_file_close(struct token_file *file)
{
	if (file->fd >= 0) {
		/* It was prepared, and not needed. */
		unlink(file->next);
		close(file->fd);
	}
	if (file->lock >= 0)
		close(file->lock);
	free(file->path);
	free(file->next);
	*file = (struct token_file){.lock = -1, .fd = -1};
}

static bool cannot_write(
	const struct token_file *file, const char *why, struct error *err)
{
	return error_set(err, ERROR_WRITE, "cannot write the login to %s: %s",
		file->path, why);
}

bool token_file_prepare(struct token_file *file, struct error *err)
{
	if (file->fd >= 0)
		return true;
	/* What recover left is of no use; it may be anything. */
	if (unlink(file->next) < 0 && errno != ENOENT)
		return cannot_write(file, strerror(errno), err);
	file->fd = open(file->next,
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file->fd < 0)
		return cannot_write(file, strerror(errno), err);
	int error = posix_fallocate(file->fd, 0, ROOM);

	if (error == 0 && fsync(file->fd) == 0)
		return true;
	cannot_write(file, strerror(error != 0 ? error : errno), err);
	unlink(file->next);
	close(file->fd);
	file->fd = -1;
	return false;
}

/* Writes what was prepared for, and puts it in place. False: see errno. */
static bool replace(struct token_file *file, const char *bytes, size_t length)
{
	int fd = file->fd;
	bool ok = fchmod(fd, 0600) == 0 &&
		file_write_at(fd, bytes, length, 0) && fsync(fd) == 0;
	int saved = errno;

	/* From now on it is complete, and is not removed. */
	file->fd = -1;
	if (ok &&
		(ftruncate(fd, (off_t)length) < 0 || fsync(fd) < 0 ||
			rename(file->next, file->path) < 0 ||
			!directory_sync_above(file->path))) {
		saved = errno;
		ok = false;
	}
	close(fd);
	errno = saved;
	return ok;
}

bool token_file_write(struct token_file *file,
	const struct token_record *record, struct error *err)
{
	struct buffer text;

	if (!token_file_prepare(file, err))
		return false;
	buffer_init(&text, TOKEN_RECORD_MAX);
	bool made = token_record_make(record, &text);
	bool ok = made &&
		replace(file, buffer_bytes(&text), buffer_length(&text));
	int saved = errno;

	buffer_wipe(&text);
	return ok ||
		cannot_write(file,
			made ? strerror(saved)
			     : "the provider's tokens are too long",
			err);
}

bool token_file_remove(struct token_file *file, bool *was, struct error *err)
{
	bool left = unlink(file->next) < 0 && errno != ENOENT;

	*was = unlink(file->path) == 0;
	if (!left && (*was || errno == ENOENT) &&
		directory_sync_above(file->path))
		return true;
	return error_set(err, ERROR_WRITE, "cannot remove %s: %s", file->path,
		strerror(errno));
}

static bool rename_one(const struct token_place *from,
	const struct token_place *to, struct error *err)
{
	char *old = path_of(from);
	char *new = path_of(to);
	/* Unlike rename, link does not replace a file. */
	bool ok = link(old, new) == 0 ? unlink(old) == 0
				      : errno == ENOENT || errno == EEXIST;

	if (!ok)
		error_set(err, ERROR_CREATE, "cannot rename %s: %s", old,
			strerror(errno));
	free(old);
	free(new);
	return ok;
}

bool token_file_rename(const char *directory, const char *from, const char *to,
	struct error *err)
{
	static const enum token_kind kinds[] = {TOKEN_SOURCE, TOKEN_GMAIL};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		const struct token_place old = {directory, from, kinds[i]};
		const struct token_place new = {directory, to, kinds[i]};

		if (!rename_one(&old, &new, err))
			return false;
	}
	return true;
}
