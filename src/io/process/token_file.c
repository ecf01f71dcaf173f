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

bool token_file_open(struct token_file *file, const struct token_place *place,
	const struct patience *wait, struct error *err)
{
	*file = (struct token_file){.lock = -1, .path = path_of(place)};
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
	if (!ok)
		token_file_close(file);
	return ok;
}

void token_file_close(struct token_file *file)
{
	if (file->lock >= 0)
		close(file->lock);
	file->lock = -1;
	free(file->path);
	file->path = NULL;
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
		st.st_size > TOKEN_RECORD_MAX)
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

bool token_file_read(const struct token_place *place, bool *there,
	struct token_record *record, struct error *err)
{
	char *path = path_of(place);
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
	free(path);
	return ok;
}

/* Writes to a file of another name, and renames it. False: see errno. */
static bool replace(const char *path, const char *bytes, size_t length)
{
	char *part = xasprintf("%s-new", path);
	int fd = open(part,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok = fd >= 0 && fchmod(fd, 0600) == 0 &&
		file_write_at(fd, bytes, length, 0) && fsync(fd) == 0;
	int saved = errno;

	if (fd >= 0 && close(fd) < 0 && ok) {
		saved = errno;
		ok = false;
	}
	ok = ok && rename(part, path) == 0 && directory_sync_above(path);
	if (!ok && saved == 0)
		saved = errno;
	if (!ok)
		unlink(part);
	free(part);
	errno = saved;
	return ok;
}

bool token_file_write(struct token_file *file,
	const struct token_record *record, struct error *err)
{
	struct buffer text;

	buffer_init(&text, TOKEN_RECORD_MAX);
	errno = 0;
	bool made = token_record_make(record, &text);
	bool ok = made &&
		replace(file->path, buffer_bytes(&text), buffer_length(&text));
	int saved = errno;

	buffer_wipe(&text);
	return ok ||
		error_set(err, ERROR_WRITE, "cannot write the login to %s: %s",
			file->path,
			made ? strerror(saved)
			     : "the provider's tokens are too long");
}

bool token_file_remove(struct token_file *file, bool *was, struct error *err)
{
	*was = unlink(file->path) == 0;
	if ((*was || errno == ENOENT) && directory_sync_above(file->path))
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
