/* SPDX-License-Identifier: ISC */
#include "calls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "io/mail/entries.h"

struct calls calls;

/* One more call: false, with errno, if it fails. *last: the last that is made.
 */
static bool may_call(bool *last)
{
	*last = false;
	if (++calls.seen < calls.at || calls.at == 0)
		return true;
	switch (calls.harm) {
	case CALLS_WHOLE:
		return true;
	case CALLS_DIE_BEFORE:
		_exit(0);
	case CALLS_DIE_AFTER:
		*last = true;
		return true;
	case CALLS_FAIL_ONCE:
		errno = EIO;
		return calls.seen > calls.at;
	case CALLS_FAIL_ON:
		errno = EIO;
		return false;
	}
	return true;
}

#define CALL(...)                                   \
	do {                                        \
		bool last;                          \
                                                    \
		if (!may_call(&last))               \
			return -1;                  \
		long result = syscall(__VA_ARGS__); \
                                                    \
		if (last)                           \
			_exit(0);                   \
		return (int)result;                 \
	} while (0)

/* Nobody cuts the power: what is not synced is there all the same. */
static int sync_call(void)
{
	bool last;

	if (!may_call(&last))
		return -1;
	if (last)
		_exit(0);
	return 0;
}

int fsync(int fd)
{
	(void)fd;
	return sync_call();
}

int fdatasync(int fd)
{
	(void)fd;
	return sync_call();
}

int syncfs(int fd)
{
	(void)fd;
	return sync_call();
}

int renameat(int from, const char *name, int to, const char *new_name)
{
	CALL(SYS_renameat2, from, name, to, new_name, 0);
}

int unlinkat(int directory, const char *name, int flags)
{
	CALL(SYS_unlinkat, directory, name, flags);
}

int unlink(const char *path)
{
	CALL(SYS_unlinkat, AT_FDCWD, path, 0);
}

int linkat(int from, const char *name, int to, const char *new_name, int flags)
{
	CALL(SYS_linkat, from, name, to, new_name, flags);
}

int ftruncate(int fd, off_t length)
{
	CALL(SYS_ftruncate, fd, length);
}

ssize_t write(int fd, const void *bytes, size_t length)
{
	bool last;

	if (!may_call(&last))
		return -1;
	const struct iovec piece = {
		(void *)(uintptr_t)bytes, last ? length / 2 : length};
	ssize_t n = writev(fd, &piece, 1);

	if (last)
		_exit(0);
	return n;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at)
{
	bool last;

	if (!may_call(&last))
		return -1;
	const struct iovec piece = {
		(void *)(uintptr_t)bytes, last ? length / 2 : length};
	ssize_t n = pwritev(fd, &piece, 1, at);

	if (last)
		_exit(0);
	return n;
}

/* In the place of io/mail/entries.c. */
struct dirent *entries_next(DIR *dir)
{
	struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(dir);
	} while (entry != NULL &&
		(strcmp(entry->d_name, ".") == 0 ||
			strcmp(entry->d_name, "..") == 0));
	if (entry != NULL && calls.entries_left > 0 &&
		--calls.entries_left == 0) {
		calls.entries_left = 1;
		errno = EIO;
		return NULL;
	}
	return entry;
}
