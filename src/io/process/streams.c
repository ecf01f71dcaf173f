/* SPDX-License-Identifier: ISC */
#include "io/process/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Opens /dev/null as this descriptor, if that is closed. */
static bool fill(int fd, int flags)
{
	if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
		return true;
	/* open returns the lowest free number; those below are in use. */
	return open("/dev/null", flags | O_NOCTTY) == fd;
}

bool streams_secure(void)
{
	/* Standard output is opened for reading, so that writing to it fails
	 * instead of seeming to succeed. Standard error cannot be reported. */
	return fill(STDIN_FILENO, O_RDONLY) && fill(STDOUT_FILENO, O_RDONLY) &&
		fill(STDERR_FILENO, O_WRONLY);
}

bool streams_flush(struct error *err)
{
	if (fflush(stdout) != 0)
		return error_set(err, ERROR_WRITE,
			"cannot write to standard output: %s", strerror(errno));
	/* The cause of an earlier failure is no longer known. */
	return !ferror(stdout) ||
		error_set(err, ERROR_WRITE,
			"cannot write all output to standard output");
}

bool streams_has_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}
