/* SPDX-License-Identifier: ISC */
#include "io/process/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/xalloc.h"

/* The path of the parent directory, in new memory; that of "/" is "/". */
static char *above(const char *path)
{
	char *copy = xstrdup(path);
	char *slash = strrchr(copy, '/');

	if (slash != NULL)
		slash[slash == copy] = '\0';
	return copy;
}

/*
 * Some file systems (FUSE, CIFS) do not support syncing directories. That is
 * not a failed write: they promise nothing.
 */
bool directory_cannot_sync(int error)
{
	return error == EINVAL || error == EOPNOTSUPP || error == ENOSYS;
}

bool directory_sync_fd(int fd)
{
	return fsync(fd) == 0 || directory_cannot_sync(errno);
}

bool directory_can_sync(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool can = fd < 0 || fsync(fd) == 0 || !directory_cannot_sync(errno);

	if (fd >= 0)
		close(fd);
	return can;
}

bool directory_sync(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && directory_sync_fd(fd);
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
	return ok;
}

bool directory_sync_above(const char *path)
{
	char *parent = above(path);
	bool ok = directory_sync(parent);

	free(parent);
	return ok;
}

bool directory_make(const char *path)
{
	if (mkdir(path, 0700) == 0)
		return directory_sync_above(path);
	if (errno == EEXIST)
		return true;
	if (errno != ENOENT || strcmp(path, "/") == 0)
		return false;
	if (!directory_make_above(path))
		return false;
	/* Another process may have created it meanwhile. */
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return false;
	return directory_sync_above(path);
}

bool directory_make_above(const char *path)
{
	char *parent = above(path);
	bool ok = directory_make(parent);

	free(parent);
	return ok;
}

bool directory_identity(const char *path, uint64_t *inode, int64_t *born)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return false;
	*inode = (uint64_t)st.st_ino;
	*born = 0;
#if defined(STATX_BTIME)
	struct statx more;

	if (statx(AT_FDCWD, path, 0, STATX_BTIME, &more) == 0 &&
		(more.stx_mask & STATX_BTIME) != 0)
		*born = (int64_t)more.stx_btime.tv_sec;
#endif
	return true;
}
