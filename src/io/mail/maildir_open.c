/* SPDX-License-Identifier: ISC */
/* Opens a Maildir, or creates it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "core/maildir_name.h"
#include "core/xalloc.h"
#include "io/mail/entries.h"
#include "io/mail/maildir.h"
#include "io/mail/maildir_internal.h"
#include "io/process/directory.h"

/* What a killed run left in tmp/ is removed after this time (djb: 36 hours). */
#define STALE_AFTER (36 * 3600)

/* A directory that cannot be read to its end may not be empty. */
static bool is_empty(int root)
{
	int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir == NULL)
		return false;
	bool empty = entries_next(dir) == NULL && errno == 0;

	closedir(dir);
	return empty;
}

/*
 * Gives a directory that was just created the mode that goes with that of the
 * files: who may read them may also enter it. The group of a directory with the
 * setgid bit stays that of its contents.
 */
static bool set_mode(const struct maildir *maildir, int fd)
{
	mode_t mode = maildir->mode | ((maildir->mode & 0444) >> 2);
	struct stat st;

	return mode == 0700 ||
		(fstat(fd, &st) == 0 &&
			fchmod(fd, mode | (st.st_mode & S_ISGID)) == 0);
}

/* Opens tmp, new or cur, or creates it if the Maildir is new or incomplete. */
static int open_part(struct maildir *maildir, int root, const char *name,
	bool *made, struct error *err)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(root, name, flags);

	/* Another account's run may be creating it at this moment. */
	if (fd < 0 && errno == ENOENT &&
		(mkdirat(root, name, 0700) == 0 || errno == EEXIST)) {
		*made = true;
		fd = openat(root, name, flags);
		if (fd >= 0 && !set_mode(maildir, fd)) {
			maildir_failed(maildir, ERROR_CREATE,
				"set the mode of the directory", name, err);
			close(fd);
			return -1;
		}
	}
	if (fd < 0)
		maildir_failed(
			maildir, ERROR_CREATE, "open the directory", name, err);
	return fd;
}

static bool open_parts(struct maildir *maildir, int root, struct error *err)
{
	static const char *const parts[] = {"tmp", "new", "cur"};
	struct stat st;
	bool made = false;
	unsigned there = 0;

	if (fstat(root, &st) < 0)
		return maildir_failed(maildir, ERROR_CREATE, "open", "", err);
	if (st.st_uid != geteuid())
		return error_set(err, ERROR_CREATE,
			"%s belongs to another user, who could change the mail "
			"in it: choose a directory of your own for maildir",
			maildir->path);
	/* Check this before the parts: another process creating the Maildir
	 * creates a part of it first. */
	bool empty = is_empty(root);

	for (size_t i = 0; i < 3; i++)
		there += fstatat(root, parts[i], &st, AT_SYMLINK_NOFOLLOW) == 0;
	/* If only some are missing, a killed run was creating it. */
	if (there == 0 && !empty)
		return error_set(err, ERROR_CREATE,
			"%s is not a Maildir and is not empty: name another directory with maildir, or a file with mbox",
			maildir->path);
	maildir->tmp = open_part(maildir, root, "tmp", &made, err);
	if (maildir->tmp >= 0)
		maildir->new = open_part(maildir, root, "new", &made, err);
	if (maildir->new >= 0)
		maildir->cur = open_part(maildir, root, "cur", &made, err);
	if (maildir->cur < 0)
		return false;
	if (made && !directory_sync_fd(root))
		return maildir_failed(maildir, ERROR_CREATE, "sync", "", err);
	return true;
}

/*
 * Since Linux 5.8, syncfs reports write errors, and on these file systems it
 * also flushes the disk's cache. On others, each file is synced.
 */
static bool syncfs_is_safe(int fd)
{
#if defined(__linux__)
	struct utsname system;
	struct statfs fs;
	unsigned major = 0;
	unsigned minor = 0;
	char *end;

	if (uname(&system) < 0 || fstatfs(fd, &fs) < 0)
		return false;
	major = (unsigned)strtoul(system.release, &end, 10);
	if (*end == '.')
		minor = (unsigned)strtoul(end + 1, NULL, 10);
	if (major < 5 || (major == 5 && minor < 8))
		return false;
	switch ((unsigned long)fs.f_type) {
	case 0xef53UL:	   /* ext2, ext3, ext4 */
	case 0x58465342UL: /* XFS */
	case 0x9123683eUL: /* btrfs */
		return true;
	default:
		return false;
	}
#else
	(void)fd;
	return false;
#endif
}

static void set_host(struct maildir *maildir)
{
	if (gethostname(maildir->host, sizeof maildir->host - 1) < 0 ||
		maildir->host[0] == '\0')
		snprintf(maildir->host, sizeof maildir->host, "localhost");
	maildir_name_fit_host(maildir->host);
}

void maildir_sweep(struct destination *destination)
{
	struct maildir *maildir = maildir_of(destination);
	int fd = openat(maildir->tmp, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	time_t now = time(NULL);
	struct dirent *entry;
	struct stat st;

	if (dir == NULL)
		return;
	/* An entry that is not seen now is removed another time. */
	while ((entry = entries_next(dir)) != NULL) {
		if (maildir_name_is_ours(entry->d_name) &&
			fstatat(maildir->tmp, entry->d_name, &st,
				AT_SYMLINK_NOFOLLOW) == 0 &&
			now - st.st_mtime > STALE_AFTER)
			unlinkat(maildir->tmp, entry->d_name, 0);
	}
	closedir(dir);
}

struct destination *maildir_open(
	const struct destination_opening *opening, struct error *err)
{
	const char *path = opening->destination->path;
	struct maildir *maildir = xcalloc(1, sizeof *maildir);

	maildir->destination.ops = &maildir_ops;
	maildir->path = xstrdup(path);
	maildir->tmp = maildir->new = maildir->cur = -1;
	maildir->current.fd = -1;
	maildir->mode = opening->destination->mode;
	maildir->sizes = opening->destination->maildir_size;
	int root = -1;
	bool is_new = access(path, F_OK) < 0 && errno == ENOENT;

	if (directory_make(path))
		root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root >= 0 && is_new && !set_mode(maildir, root)) {
		close(root);
		root = -1;
	}
	bool ok = root >= 0 ? open_parts(maildir, root, err)
			    : maildir_failed(maildir, ERROR_CREATE,
				      "open the Maildir", "", err);

	if (ok && faccessat(maildir->tmp, ".", W_OK | X_OK, AT_EACCESS) < 0)
		ok = maildir_failed(
			maildir, ERROR_CREATE, "write to", "tmp", err);
	if (ok && faccessat(maildir->new, ".", W_OK | X_OK, AT_EACCESS) < 0)
		ok = maildir_failed(
			maildir, ERROR_CREATE, "write to", "new", err);
	if (root >= 0)
		close(root);
	if (!ok) {
		maildir_close(&maildir->destination);
		return NULL;
	}
	maildir->syncfs = syncfs_is_safe(maildir->tmp);
	set_host(maildir);
	return &maildir->destination;
}
