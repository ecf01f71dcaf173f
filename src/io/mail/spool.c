/* SPDX-License-Identifier: ISC */
#include "io/mail/spool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/xalloc.h"
#include "io/process/file.h"

bool spool_open(struct spool *spool, const char *directory, struct error *err)
{
	spool->fd = file_open_unnamed(directory);
	return spool->fd >= 0 ||
		error_set(err, ERROR_CREATE, "cannot create a file in %s: %s",
			directory, strerror(errno));
}

void spool_close(struct spool *spool)
{
	if (spool->fd >= 0)
		close(spool->fd);
	free(spool->at);
}

bool spool_append(struct spool *spool, const char *bytes, size_t length)
{
	if (!file_write_at(spool->fd, bytes, length, spool->end))
		return false;
	spool->end += (off_t)length;
	return true;
}

void spool_add(struct spool *spool, const struct spooled *one)
{
	if (spool->count == spool->room) {
		spool->room = spool->room > 0 ? spool->room * 2 : 64;
		spool->at = xreallocarray(
			spool->at, spool->room, sizeof spool->at[0]);
	}
	spool->at[spool->count++] = *one;
}

void spool_drop_last(struct spool *spool, size_t count)
{
	while (count-- > 0 && spool->count > 0)
		spool->end = spool->at[--spool->count].start;
}

bool spool_clear(struct spool *spool)
{
	spool->count = 0;
	spool->end = 0;
	return spool->fd < 0 || ftruncate(spool->fd, 0) == 0;
}

bool spool_is_empty(const struct spool *spool)
{
	size_t i = 0;

	while (i < spool->count && spool->at[i].forgone)
		i++;
	return i == spool->count;
}

ssize_t spool_read(const struct spool *spool, const struct spooled *one,
	off_t at, char *bytes, size_t room)
{
	off_t left = one->end - at;
	size_t want = left < (off_t)room ? (size_t)left : room;
	ssize_t n;

	do
		n = pread(spool->fd, bytes, want, at);
	while (n < 0 && errno == EINTR);
	if (n != 0)
		return n;
	/* The file is shorter than what was written to it. */
	errno = EIO;
	return -1;
}
