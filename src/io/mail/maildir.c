/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/maildir_name.h"
#include "core/xalloc.h"
#include "io/mail/maildir.h"
#include "io/mail/maildir_internal.h"
#include "io/process/directory.h"

/*
 * How many files of a batch are left open to be synced; there may be two
 * batches.
 */
#define OPEN_MAX_FILES 256
/*
 * From this number of files on, one syncfs is cheaper than syncing each file.
 */
#define SYNCFS_FROM 8

bool maildir_failed(struct maildir *maildir, enum error_kind kind,
	const char *what, const char *name, struct error *err)
{
	const char *hint = "";

	if (errno == ENOSPC || errno == EDQUOT)
		hint = ". Free some space and run keepmail again; no mail was lost";
	else if (errno == EACCES || errno == EPERM || errno == EROFS)
		hint = ". Check its owner and permissions";
	return error_set(err, kind, "cannot %s %s/%s: %s%s", what,
		maildir->path, name, strerror(errno), hint);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void drop_current(struct maildir *maildir)
{
	struct waiting *current = &maildir->current;

	if (current->name[0] != '\0' && maildir->tmp >= 0)
		unlinkat(maildir->tmp, current->name, 0);
	close_fd(&current->fd);
	current->name[0] = '\0';
}

static void drop_last(
	struct maildir *maildir, struct pending *batch, size_t count)
{
	while (count-- > 0 && batch->count > 0) {
		struct waiting *one = &batch->at[--batch->count];

		close_fd(&one->fd);
		if (!one->resumed && one->name[0] != '\0')
			unlinkat(maildir->tmp, one->name, 0);
	}
}

void maildir_close(struct destination *destination)
{
	struct maildir *maildir = maildir_of(destination);

	if (maildir == NULL)
		return;
	drop_current(maildir);
	drop_last(maildir, &maildir->open, maildir->open.count);
	drop_last(maildir, &maildir->closed, maildir->closed.count);
	close_fd(&maildir->tmp);
	close_fd(&maildir->new);
	close_fd(&maildir->cur);
	free(maildir->open.at);
	free(maildir->closed.at);
	free(maildir->path);
	free(maildir);
}

static bool maildir_begin(struct destination *destination, struct error *err)
{
	struct maildir *maildir = maildir_of(destination);
	struct waiting *current = &maildir->current;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	/* The clock may be set back and the process id reused, so names have a
	 * random part. */
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
	current->size = 0;
	current->fd = openat(maildir->tmp, current->name,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	/* The umask allows no more. */
	if (current->fd < 0 ||
		(maildir->mode != 0600 &&
			fchmod(current->fd, maildir->mode) < 0))
		return maildir_failed(
			maildir, ERROR_WRITE, "create a file in", "tmp", err);
	return true;
}

static bool maildir_write(struct destination *destination, const char *bytes,
	size_t length, struct error *err)
{
	struct maildir *maildir = maildir_of(destination);

	while (length > 0) {
		ssize_t n = write(maildir->current.fd, bytes, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return maildir_failed(
				maildir, ERROR_WRITE, "write to", "tmp", err);
		bytes += n;
		length -= (size_t)n;
		maildir->current.size += (uint64_t)n;
	}
	return true;
}

static void add_waiting(struct pending *batch, const struct waiting *one)
{
	if (batch->count == batch->room) {
		batch->room = batch->room > 0 ? batch->room * 2 : 64;
		batch->at = xreallocarray(
			batch->at, batch->room, sizeof batch->at[0]);
	}
	batch->at[batch->count++] = *one;
}

static bool maildir_end(struct destination *destination,
	const struct destination_ending *ending, struct letter *letter,
	struct error *err)
{
	struct maildir *maildir = maildir_of(destination);
	struct waiting *current = &maildir->current;

	(void)ending;
	/* Close it if syncfs will sync it, or if a large batch would run out of
	 * file descriptors. */
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

static void maildir_drop(struct destination *destination)
{
	drop_current(maildir_of(destination));
}

static void maildir_turn(struct destination *destination)
{
	struct maildir *maildir = maildir_of(destination);
	struct pending empty = maildir->closed;

	maildir->closed = maildir->open;
	maildir->open = empty;
}

static void maildir_forgo(struct destination *destination, size_t i)
{
	struct maildir *maildir = maildir_of(destination);
	struct waiting *one = &maildir->closed.at[i];

	close_fd(&one->fd);
	unlinkat(maildir->tmp, one->name, 0);
	/* The entry stays, so that the indexes of the others do not change. */
	one->name[0] = '\0';
}

static bool maildir_seal(struct destination *destination,
	struct letter *letters, size_t count, struct error *err)
{
	struct maildir *maildir = maildir_of(destination);
	struct pending *batch = &maildir->closed;
	bool at_once = maildir->syncfs && batch->count >= SYNCFS_FROM;
	bool ok = !at_once || syncfs(maildir->tmp) == 0 ||
		directory_cannot_sync(errno);

	(void)letters;
	(void)count;
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
 * Its name in new/, in name if it is not that in tmp/. The suffix is not part
 * of the base (maildir_name_base).
 */
static const char *name_in_new(const struct maildir *maildir,
	const struct waiting *one, char *name, size_t size)
{
	if (!maildir->sizes)
		return one->name;
	snprintf(name, size, "%s,S=%llu", one->name,
		(unsigned long long)one->size);
	return name;
}

/*
 * A failed sync of new/ is final, too: the files that are in it now may be gone
 * after a power cut, although the next sync would succeed. Removes the first
 * moved files of the batch.
 */
static void remove_moved(struct maildir *maildir, size_t moved)
{
	struct pending *batch = &maildir->closed;
	char room[LETTER_NAME_MAX + 32];

	for (size_t i = 0; i < moved; i++) {
		const struct waiting *one = &batch->at[i];

		if (!one->resumed && one->name[0] != '\0')
			unlinkat(maildir->new,
				name_in_new(maildir, one, room, sizeof room),
				0);
	}
}

/*
 * The first moved files are in new/, or were removed: they are no longer part
 * of the batch.
 */
static void forget_moved(struct pending *batch, size_t moved)
{
	for (size_t i = 0; i < moved; i++)
		batch->at[i].name[0] = '\0';
	if (moved == batch->count)
		batch->count = 0;
}

/* Sets the verdicts: the first kept entries are in new/ and stay there. */
static void set_verdicts(
	const struct pending *batch, size_t kept, enum verdict *verdicts)
{
	for (size_t i = 0; verdicts != NULL && i < batch->count; i++)
		verdicts[i] = batch->at[i].name[0] == '\0' ? VERDICT_FORGONE
			: i < kept			   ? VERDICT_PUBLISHED
							   : VERDICT_FAILED;
}

/* Moves the files in order until one cannot be moved; returns how many were. */
static size_t move_all(struct maildir *maildir)
{
	const struct pending *batch = &maildir->closed;
	char room[LETTER_NAME_MAX + 32];
	size_t i;

	for (i = 0; i < batch->count; i++) {
		const struct waiting *one = &batch->at[i];

		if (one->name[0] != '\0' &&
			renameat(maildir->tmp, one->name, maildir->new,
				name_in_new(maildir, one, room, sizeof room)) <
				0)
			break;
	}
	return i;
}

bool maildir_publish_batch(
	struct maildir *maildir, enum verdict *verdicts, struct error *err)
{
	struct pending *batch = &maildir->closed;
	size_t moved = move_all(maildir);
	bool ok = moved == batch->count ||
		maildir_failed(
			maildir, ERROR_WRITE, "move mail into", "new", err);
	/* Without this sync, a power cut loses mail if the store is on another
	 * disk. */
	bool stays = moved == 0 || directory_sync_fd(maildir->new);

	if (!stays) {
		/* If a file could not be moved, report that instead. */
		if (ok)
			maildir_failed(
				maildir, ERROR_WRITE, "sync", "new", err);
		remove_moved(maildir, moved);
	}
	set_verdicts(batch, stays ? moved : 0, verdicts);
	forget_moved(batch, moved);
	return ok && stays;
}

static bool maildir_publish(struct destination *destination,
	enum verdict *verdicts, struct error *err)
{
	return maildir_publish_batch(maildir_of(destination), verdicts, err);
}

static void maildir_drop_last(struct destination *destination, size_t count)
{
	struct maildir *maildir = maildir_of(destination);

	drop_last(maildir, &maildir->open, count);
}

static void maildir_abandon(struct destination *destination)
{
	struct maildir *maildir = maildir_of(destination);

	drop_last(maildir, &maildir->closed, maildir->closed.count);
}

void maildir_resume(struct maildir *maildir, const struct letter *letter)
{
	struct waiting one = {
		.fd = -1, .resumed = true, .size = letter->octets};

	snprintf(one.name, sizeof one.name, "%s", letter->name);
	add_waiting(&maildir->closed, &one);
}

const struct destination_ops maildir_ops = {
	.open = maildir_open,
	.close = maildir_close,
	.sweep = maildir_sweep,
	.begin = maildir_begin,
	.write = maildir_write,
	.end = maildir_end,
	.drop = maildir_drop,
	.drop_last = maildir_drop_last,
	.turn = maildir_turn,
	.has = maildir_has,
	.forgo = maildir_forgo,
	.seal = maildir_seal,
	.publish = maildir_publish,
	.abandon = maildir_abandon,
	.recover = maildir_recover,
};
