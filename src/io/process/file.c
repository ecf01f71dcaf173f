/* SPDX-License-Identifier: ISC */
#include "io/process/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/xalloc.h"

bool file_write_at(int fd, const char *bytes, size_t length, off_t at)
{
	while (length > 0) {
		ssize_t n = pwrite(fd, bytes, length, at);

		if (n < 0 && errno == EINTR)
			continue;
		/* It never should; but then nothing would ever be written. */
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return false;
		bytes += n;
		length -= (size_t)n;
		at += n;
	}
	return true;
}

int file_open_unnamed(const char *directory)
{
#ifdef O_TMPFILE
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
#else
	int fd;
#endif
	char *name = xasprintf("%s/spool-XXXXXX", directory);

	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	free(name);
	return fd;
}
