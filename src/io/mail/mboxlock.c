/* SPDX-License-Identifier: ISC */
#include "io/mail/mboxlock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/xalloc.h"

#define LOCK_SECONDS 30
/* Looking is repeated by the next run, and waits for less. */
#define LOOK_SECONDS 5
/* Seconds after which the dot-lock of a program that has ended is stale. */
#define STALE_AFTER 300

/* The mbox to be locked. */
struct want {
	const char *path; /* of the mbox */
	const char *dot;  /* of its dot-lock */
	int fd;
};

static bool failed(const struct want *want, enum error_kind kind,
	const char *what, struct error *err)
{
	return error_set(err, kind, "cannot %s the mbox %s: %s", what,
		want->path, strerror(errno));
}

static void pause_briefly(unsigned milliseconds)
{
	struct timespec wait = {
		.tv_sec = milliseconds / 1000,
		.tv_nsec = (long)(milliseconds % 1000) * 1000000,
	};

	nanosleep(&wait, NULL);
}

/* When this machine was booted, in seconds since 1970. */
static time_t boot_time(void)
{
#ifdef CLOCK_BOOTTIME
	struct timespec up;

	if (clock_gettime(CLOCK_BOOTTIME, &up) == 0)
		return time(NULL) - up.tv_sec - 1;
#endif
	return 0;
}

/*
 * Is this dot-lock stale? It is if its process has ended and its second line is
 * that of keepmail on this machine, or if it is old and names no running
 * process.
 */
static bool is_stale(const struct want *want)
{
	char text[160];
	char host[64] = "";
	char expected[80];
	struct stat st;
	int fd = open(want->dot, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, sizeof text - 1);
	bool known = fstat(fd, &st) == 0;

	close(fd);
	if (n < 0 || !known)
		return false;
	text[n] = '\0';
	char *second;
	long pid = strtol(text, &second, 10);
	bool dead = pid > 0 && kill((pid_t)pid, 0) < 0 && errno == ESRCH;

	gethostname(host, sizeof host - 1);
	snprintf(expected, sizeof expected, "\nkeepmail %s\n", host);
	/* After a reboot, another process may have its process id. */
	if ((dead || st.st_mtime < boot_time()) &&
		strcmp(second, expected) == 0)
		return true;
	return (dead || pid <= 0) && time(NULL) - st.st_mtime > STALE_AFTER;
}

/* Opens an unnamed file in the mbox's directory. */
static int open_unnamed(const struct want *want)
{
	char *directory = xstrdup(want->path);
	char *slash = strrchr(directory, '/');

	slash[slash == directory] = '\0';
	int fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);

	free(directory);
	return fd;
}

static int open_named(const struct want *want)
{
	return open(want->dot,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
}

/*
 * Writes our two lines, and syncs them: an empty lock, as could be left by a
 * power cut or a full disk, says nothing and would be waited for.
 */
static int write_lines(int fd)
{
	char text[160];
	char host[64] = "";

	gethostname(host, sizeof host - 1);
	int n = snprintf(
		text, sizeof text, "%ld\nkeepmail %s\n", (long)getpid(), host);

	errno = 0;
	if (write(fd, text, (size_t)n) == n && fdatasync(fd) == 0)
		return 0;
	if (errno == 0)
		errno = ENOSPC;
	return -1;
}

static int close_with(int fd, int result)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return result;
}

/* Links the file by its descriptor if the kernel permits that, or by /proc. */
static int link_name(const struct want *want, int fd)
{
	char link[64];

	if (linkat(fd, "", AT_FDCWD, want->dot, AT_EMPTY_PATH) == 0)
		return 0;
	if (errno == EEXIST)
		return -1;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, link, AT_FDCWD, want->dot, AT_SYMLINK_FOLLOW);
}

/*
 * Creates an unnamed file, so that it gets its name only when its text is in
 * it. If such files are not supported, or cannot be linked (Linux before 6.10
 * without /proc), a named file is used.
 */
static int make_dot_lock(const struct want *want)
{
	int fd = open_unnamed(want);

	if (fd >= 0) {
		if (write_lines(fd) < 0)
			return close_with(fd, -1);
		if (link_name(want, fd) == 0)
			return close_with(fd, 0);
		if (errno == EEXIST)
			return close_with(fd, -1);
		close(fd);
	}
	fd = open_named(want);
	if (fd < 0)
		return -1;
	int result = write_lines(fd);

	if (result < 0) {
		int saved = errno;

		unlink(want->dot);
		errno = saved;
	}
	return close_with(fd, result);
}

/* Tries once; *again is set if another program holds the lock. */
static bool try_dot_lock(
	const struct want *want, bool *made, bool *again, struct error *err)
{
	*again = false;
	if (make_dot_lock(want) == 0) {
		*made = true;
		return true;
	}
	/* In a spool directory that only the mail system can write to, the
	 * fcntl lock must suffice, as it does for every mail reader there. */
	if (errno == EACCES || errno == EPERM || errno == EROFS)
		return true;
	if (errno != EEXIST)
		return failed(want, ERROR_CREATE, "create a dot-lock for", err);
	if (is_stale(want))
		unlink(want->dot);
	*again = true;
	return false;
}

static bool try_fcntl_lock(
	const struct want *want, bool *again, struct error *err)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	*again = false;
	if (fcntl(want->fd, F_SETLK, &lock) == 0)
		return true;
	*again = errno == EAGAIN || errno == EACCES;
	return *again ? false : failed(want, ERROR_CREATE, "lock", err);
}

bool mboxlock_take(
	struct mboxlock *lock, const char *path, int fd, struct error *err)
{
	time_t end = time(NULL) + LOCK_SECONDS;
	unsigned wait = 5;
	bool again = true;
	char *dot = xasprintf("%s.lock", path);
	struct want want = {path, dot, fd};

	while (again && time(NULL) <= end) {
		bool made = false;

		if (try_fcntl_lock(&want, &again, err)) {
			if (try_dot_lock(&want, &made, &again, err)) {
				lock->dot = made ? dot : NULL;
				if (!made)
					free(dot);
				return true;
			}
			/* Do not hold one lock while waiting for the other. */
			struct flock none = {
				.l_type = F_UNLCK, .l_whence = SEEK_SET};

			fcntl(fd, F_SETLK, &none);
		}
		if (again)
			pause_briefly(wait);
		wait = wait < 500 ? wait * 2 : 500;
	}
	error_set(err, ERROR_TEMPORARY,
		"the mbox %s is locked by another program for more than %d seconds: try again later, or remove %s if no program is using it",
		path, LOCK_SECONDS, dot);
	free(dot);
	return false;
}

/* A lock that cannot be judged is taken for one that is held. */
static bool is_held(const struct want *want)
{
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	struct stat st;

	if (fcntl(want->fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
		return true;
	return lstat(want->dot, &st) == 0 && !is_stale(want);
}

bool mboxlock_wait(const char *path, int fd)
{
	time_t end = time(NULL) + LOOK_SECONDS;
	char *dot = xasprintf("%s.lock", path);
	struct want want = {path, dot, fd};
	bool held = is_held(&want);

	while (held && time(NULL) <= end) {
		pause_briefly(100);
		held = is_held(&want);
	}
	free(dot);
	if (held)
		errno = EBUSY;
	return !held;
}

void mboxlock_drop(struct mboxlock *lock)
{
	if (lock->dot != NULL)
		unlink(lock->dot);
	free(lock->dot);
	lock->dot = NULL;
}
