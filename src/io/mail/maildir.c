/* SPDX-License-Identifier: ISC */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "core/maildir_name.h"
#include "core/xalloc.h"
#include "io/mail/entries.h"
#include "io/mail/maildir_internal.h"
#include "io/process/directory.h"

/* Files of a batch that are left open to be synced; there may be two. */
#define OPEN_MAX_FILES 256
/* From so many files on, one syncfs is cheaper than a sync of each. */
#define SYNCFS_FROM 8
/* What a killed run left in tmp/ is taken away after this (djb: 36 hours). */
#define STALE_AFTER (36 * 3600)

bool maildir_failed(struct maildir *maildir, enum error_kind kind,
	const char *what, const char *name, struct error *err)
{
	const char *hint = "";

	if (errno == ENOSPC || errno == EDQUOT)
		hint = ". Make room and run it again; nothing is lost";
	else if (errno == EACCES || errno == EPERM || errno == EROFS)
		hint = ". Check who owns it and its permissions";
	return error_set(err, kind, "cannot %s %s/%s: %s%s", what,
		maildir->path, name, strerror(errno), hint);
}

/* What cannot be read to its end is not known to be empty. */
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

/* Opens tmp, new or cur; made where the Maildir itself is new or torn. */
static int open_part(struct maildir *maildir, int root, const char *name,
	bool *made, struct error *err)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(root, name, flags);

	/* Another account's run may be making it at this moment. */
	if (fd < 0 && errno == ENOENT &&
		(mkdirat(root, name, 0700) == 0 || errno == EEXIST)) {
		*made = true;
		fd = openat(root, name, flags);
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
	/* In this order: whoever is making it makes a part of it first. */
	bool empty = is_empty(root);

	for (size_t i = 0; i < 3; i++)
		there += fstatat(root, parts[i], &st, AT_SYMLINK_NOFOLLOW) == 0;
	/* Two of three: a killed run was making it. */
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
 * Since Linux 5.8 syncfs reports what could not be written, and these file
 * systems flush the disk's cache in it. Elsewhere each file is synced.
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

void maildir_sweep(struct maildir *maildir)
{
	int fd = openat(maildir->tmp, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	time_t now = time(NULL);
	struct dirent *entry;
	struct stat st;

	if (dir == NULL)
		return;
	/* What is not seen this time is swept another time. */
	while ((entry = entries_next(dir)) != NULL) {
		if (maildir_name_is_ours(entry->d_name) &&
			fstatat(maildir->tmp, entry->d_name, &st,
				AT_SYMLINK_NOFOLLOW) == 0 &&
			now - st.st_mtime > STALE_AFTER)
			unlinkat(maildir->tmp, entry->d_name, 0);
	}
	closedir(dir);
}

struct maildir *maildir_open(const char *path, struct error *err)
{
	struct maildir *maildir = xcalloc(1, sizeof *maildir);

	maildir->path = xstrdup(path);
	maildir->tmp = maildir->new = maildir->cur = -1;
	maildir->current.fd = -1;
	int root = -1;

	if (directory_make(path))
		root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
		maildir_close(maildir);
		return NULL;
	}
	maildir->syncfs = syncfs_is_safe(maildir->tmp);
	set_host(maildir);
	return maildir;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void maildir_close(struct maildir *maildir)
{
	if (maildir == NULL)
		return;
	maildir_drop(maildir);
	maildir_drop_last(maildir, maildir->open.count);
	maildir_abandon(maildir);
	close_fd(&maildir->tmp);
	close_fd(&maildir->new);
	close_fd(&maildir->cur);
	free(maildir->open.at);
	free(maildir->closed.at);
	free(maildir->path);
	free(maildir);
}

bool maildir_begin(struct maildir *maildir, struct error *err)
{
	struct waiting *current = &maildir->current;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	/* A clock set back and a process id used again are not enough. */
	if (maildir->counter == 0 &&
		getrandom(&maildir->chance, sizeof maildir->chance,
			GRND_NONBLOCK) < 0)
		maildir->chance = (uint32_t)now.tv_nsec;
	const struct maildir_stamp stamp = {
		.seconds = now.tv_sec,
		.microseconds = now.tv_nsec / 1000,
		.process = (long)getpid(),
		.count = ++maildir->counter,
		.chance = maildir->chance,
		.host = maildir->host,
	};

	maildir_name_make(current->name, sizeof current->name, &stamp);
	current->fd = openat(maildir->tmp, current->name,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (current->fd < 0)
		return maildir_failed(
			maildir, ERROR_WRITE, "make a file in", "tmp", err);
	return true;
}

bool maildir_write(struct maildir *maildir, const char *bytes, size_t length,
	struct error *err)
{
	while (length > 0) {
		ssize_t n = write(maildir->current.fd, bytes, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return maildir_failed(
				maildir, ERROR_WRITE, "write to", "tmp", err);
		bytes += n;
		length -= (size_t)n;
	}
	return true;
}

static void add_waiting(struct batch *batch, const struct waiting *one)
{
	if (batch->count == batch->room) {
		batch->room = batch->room > 0 ? batch->room * 2 : 64;
		batch->at = xreallocarray(
			batch->at, batch->room, sizeof batch->at[0]);
	}
	batch->at[batch->count++] = *one;
}

bool maildir_end(
	struct maildir *maildir, struct letter *letter, struct error *err)
{
	struct waiting *current = &maildir->current;

	/* Not needed any more, since they are synced all at once; or a batch of
	 * any size would run out of descriptors. */
	if (maildir->syncfs ? maildir->open.count >= SYNCFS_FROM
			    : maildir->open.count >= OPEN_MAX_FILES) {
		if (!maildir->syncfs && !directory_sync_fd(current->fd))
			return maildir_failed(maildir, ERROR_WRITE,
				"sync a file in", "tmp", err);
		close_fd(&current->fd);
	}
	snprintf(letter->name, sizeof letter->name, "%s", current->name);
	add_waiting(&maildir->open, current);
	current->fd = -1;
	current->name[0] = '\0';
	return true;
}

void maildir_drop(struct maildir *maildir)
{
	struct waiting *current = &maildir->current;

	if (current->name[0] != '\0' && maildir->tmp >= 0)
		unlinkat(maildir->tmp, current->name, 0);
	close_fd(&current->fd);
	current->name[0] = '\0';
}

void maildir_turn(struct maildir *maildir)
{
	struct batch empty = maildir->closed;

	maildir->closed = maildir->open;
	maildir->open = empty;
}

void maildir_forgo(struct maildir *maildir, size_t i)
{
	struct waiting *one = &maildir->closed.at[i];

	close_fd(&one->fd);
	unlinkat(maildir->tmp, one->name, 0);
	/* Its place stays, so that the others keep theirs. */
	one->name[0] = '\0';
}

bool maildir_seal(struct maildir *maildir, struct error *err)
{
	struct batch *batch = &maildir->closed;
	bool at_once = maildir->syncfs && batch->count >= SYNCFS_FROM;
	bool ok = !at_once || syncfs(maildir->tmp) == 0 ||
		directory_cannot_sync(errno);

	for (size_t i = 0; i < batch->count; i++) {
		int fd = batch->at[i].fd;

		if (fd < 0)
			continue;
		if (ok && !at_once)
			ok = directory_sync_fd(fd);
		/* NFS writes when a file is closed. */
		if (close(fd) < 0 && errno != EINTR)
			ok = false;
		batch->at[i].fd = -1;
	}
	return ok ||
		maildir_failed(
			maildir, ERROR_WRITE, "sync the files in", "tmp", err);
}

/*
 * A sync of new/ that failed is final, too: what is in it now may not be there
 * after a power cut, and the next sync would succeed all the same.
 */
static void take_back(struct maildir *maildir)
{
	struct batch *batch = &maildir->closed;

	for (size_t i = 0; i < batch->count; i++) {
		if (!batch->at[i].resumed && batch->at[i].name[0] != '\0')
			unlinkat(maildir->new, batch->at[i].name, 0);
	}
	batch->count = 0;
}

bool maildir_publish(struct maildir *maildir, struct error *err)
{
	struct batch *batch = &maildir->closed;

	for (size_t i = 0; i < batch->count; i++) {
		const char *name = batch->at[i].name;

		if (name[0] != '\0' &&
			renameat(maildir->tmp, name, maildir->new, name) < 0)
			return maildir_failed(maildir, ERROR_WRITE,
				"move mail into", "new", err);
	}
	/* Without this, mail is lost in a power cut when the store's disk is
	 * another one. */
	if (batch->count > 0 && !directory_sync_fd(maildir->new)) {
		maildir_failed(maildir, ERROR_WRITE, "sync", "new", err);
		take_back(maildir);
		return false;
	}
	batch->count = 0;
	return true;
}

static void drop_last(
	struct maildir *maildir, struct batch *batch, size_t count)
{
	while (count-- > 0 && batch->count > 0) {
		struct waiting *one = &batch->at[--batch->count];

		close_fd(&one->fd);
		if (!one->resumed && one->name[0] != '\0')
			unlinkat(maildir->tmp, one->name, 0);
	}
}

void maildir_drop_last(struct maildir *maildir, size_t count)
{
	drop_last(maildir, &maildir->open, count);
}

void maildir_abandon(struct maildir *maildir)
{
	drop_last(maildir, &maildir->closed, maildir->closed.count);
}

/* What is done with the letters that are found. */

void maildir_resume(struct maildir *maildir, const struct letter *letter)
{
	struct waiting one = {.fd = -1, .resumed = true};

	snprintf(one.name, sizeof one.name, "%s", letter->name);
	add_waiting(&maildir->closed, &one);
}

void maildir_discard(struct maildir *maildir, const struct letter *letter)
{
	unlinkat(maildir->tmp, letter->name, 0);
}
