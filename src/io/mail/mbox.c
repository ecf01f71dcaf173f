/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/mbox_from.h"
#include "core/mbox_scan.h"
#include "core/mboxrd.h"
#include "core/xalloc.h"
#include "io/mail/mbox_internal.h"
#include "io/process/directory.h"
#include "io/process/file.h"

bool mbox_failed(struct mbox *mbox, enum error_kind kind, const char *what,
	struct error *err)
{
	const char *hint = "";

	if (errno == ENOSPC || errno == EDQUOT)
		hint = ". Free some space and run keepmail again; no mail was lost";
	else if (errno == EACCES || errno == EPERM || errno == EROFS)
		hint = ". Check its owner and permissions";
	return error_set(err, kind, "cannot %s the mbox %s: %s%s", what,
		mbox->path, strerror(errno), hint);
}

/* Is the open file one that mail may be stored in? */
static bool check_file(struct mbox *mbox, struct error *err)
{
	struct stat st;
	struct stat named;

	if (fstat(mbox->fd, &st) < 0)
		return mbox_failed(mbox, ERROR_CREATE, "open", err);
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1 || st.st_uid != geteuid())
		return error_set(err, ERROR_CREATE,
			"%s is not a regular file of yours with one name: "
			"choose another file for mbox",
			mbox->path);
	if (lstat(mbox->path, &named) < 0 || named.st_ino != st.st_ino ||
		named.st_dev != st.st_dev)
		return error_set(err, ERROR_TEMPORARY,
			"the mbox %s was replaced while it was being locked: "
			"try again",
			mbox->path);
	return true;
}

static void mbox_close(struct destination *destination)
{
	struct mbox *mbox = mbox_of(destination);

	if (mbox == NULL)
		return;
	mbox_unlock(mbox);
	spool_close(&mbox->open);
	spool_close(&mbox->closed);
	buffer_release(&mbox->quoted);
	free(mbox->path);
	free(mbox);
}

static struct destination *mbox_open(
	const struct destination_opening *opening, struct error *err)
{
	const char *path = opening->destination->path;
	const char *spool_directory = opening->spool_directory;
	struct mbox *mbox = xcalloc(1, sizeof *mbox);

	mbox->destination.ops = &mbox_ops;
	mbox->path = xstrdup(path);
	mbox->fd = mbox->open.fd = mbox->closed.fd = -1;
	buffer_init(&mbox->quoted, 4 * MBOX_BLOCK);
	if (!directory_make_above(path)) {
		mbox_failed(mbox, ERROR_CREATE, "create the directory of", err);
		goto fail;
	}
	/* Errors are to be found now, before anything is fetched. */
	mbox->fd = open(path,
		O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
	if (mbox->fd < 0) {
		mbox_failed(mbox, ERROR_CREATE, "open", err);
		goto fail;
	}
	if (!check_file(mbox, err))
		goto fail;
	if (!directory_sync_above(path)) {
		mbox_failed(mbox, ERROR_CREATE, "sync the directory of", err);
		goto fail;
	}
	close(mbox->fd);
	mbox->fd = -1;
	if (!spool_open(&mbox->open, spool_directory, err) ||
		!spool_open(&mbox->closed, spool_directory, err))
		goto fail;
	return &mbox->destination;
fail:
	mbox_close(&mbox->destination);
	return NULL;
}

static bool mbox_begin(struct destination *destination, struct error *err)
{
	struct mbox *mbox = mbox_of(destination);

	(void)err;
	mbox->current = (struct spooled){.start = mbox->open.end};
	mbox->quoting = (struct mboxrd){.matched = 0};
	mbox->last = '\n';
	return true;
}

/* Moves the quoted text into the spool. */
static bool spool_quoted(struct mbox *mbox, struct error *err)
{
	size_t length = buffer_length(&mbox->quoted);

	if (length == 0)
		return true;
	if (!spool_append(&mbox->open, buffer_bytes(&mbox->quoted), length))
		return error_set(err, ERROR_WRITE,
			"cannot write to the spool file in the state directory (for the mbox %s): %s. No mail was lost",
			mbox->path, strerror(errno));
	buffer_consume(&mbox->quoted, length);
	return true;
}

static bool mbox_write(struct destination *destination, const char *bytes,
	size_t length, struct error *err)
{
	struct mbox *mbox = mbox_of(destination);

	while (length > 0) {
		/* Quoting adds at most one byte to every five. */
		size_t n = length < MBOX_BLOCK ? length : MBOX_BLOCK;

		mboxrd_quote(&mbox->quoting, bytes, n, &mbox->quoted);
		if (!spool_quoted(mbox, err))
			return false;
		mbox->last = bytes[n - 1];
		bytes += n;
		length -= n;
	}
	return true;
}

static bool mbox_end(struct destination *destination,
	const struct destination_ending *ending, struct letter *letter,
	struct error *err)
{
	struct mbox *mbox = mbox_of(destination);
	struct spooled *current = &mbox->current;

	mboxrd_quote_end(&mbox->quoting, &mbox->quoted);
	if (!spool_quoted(mbox, err))
		return false;
	mbox_from_make(current->from, sizeof current->from, ending->sender,
		ending->now);
	current->end = mbox->open.end;
	current->ends_line = mbox->last == '\n';
	snprintf(letter->name, sizeof letter->name, "%s", current->from);
	spool_add(&mbox->open, current);
	return true;
}

static void mbox_drop(struct destination *destination)
{
	struct mbox *mbox = mbox_of(destination);

	mbox->open.end = mbox->current.start;
	buffer_consume(&mbox->quoted, buffer_length(&mbox->quoted));
}

static void mbox_drop_last(struct destination *destination, size_t count)
{
	spool_drop_last(&mbox_of(destination)->open, count);
}

static void mbox_turn(struct destination *destination)
{
	struct mbox *mbox = mbox_of(destination);
	struct spool empty = mbox->closed;

	mbox->closed = mbox->open;
	mbox->open = empty;
}

bool mbox_lock(struct mbox *mbox, struct error *err)
{
	mbox->fd = open(mbox->path,
		O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
	if (mbox->fd < 0)
		return mbox_failed(mbox, ERROR_CREATE, "open", err);
	if (mboxlock_take(&mbox->lock, mbox->path, mbox->fd, err) &&
		check_file(mbox, err))
		return true;
	mbox_unlock(mbox);
	return false;
}

void mbox_unlock(struct mbox *mbox)
{
	mboxlock_drop(&mbox->lock);
	if (mbox->fd >= 0)
		close(mbox->fd);
	mbox->fd = -1;
}

static void mbox_forgo(struct destination *destination, size_t i)
{
	struct mbox *mbox = mbox_of(destination);

	mbox->closed.at[i].forgone = true;
}

/* The line ends to add so that a From_ line may follow. */
static unsigned missing_blanks(struct mbox *mbox)
{
	char tail[2];
	off_t at = mbox->start >= 2 ? mbox->start - 2 : 0;
	size_t n = (size_t)(mbox->start - at);

	if (n > 0 && pread(mbox->fd, tail, n, at) != (ssize_t)n)
		return 2;
	return mbox_missing_blanks(tail, n);
}

static bool mbox_seal(struct destination *destination, struct letter *letters,
	size_t count, struct error *err)
{
	struct mbox *mbox = mbox_of(destination);

	if (count != mbox->closed.count)
		return error_set(err, ERROR_SOFTWARE,
			"a batch of %zu for %zu messages", count,
			mbox->closed.count);
	if (!mbox_lock(mbox, err))
		return false;
	mbox->start = lseek(mbox->fd, 0, SEEK_END);
	if (mbox->start < 0)
		return mbox_failed(mbox, ERROR_WRITE, "find the end of", err);
	mbox->blanks = spool_is_empty(&mbox->closed) ? 0 : missing_blanks(mbox);
	uint64_t at = (uint64_t)mbox->start + mbox->blanks;

	for (size_t i = 0; i < count; i++) {
		const struct spooled *one = &mbox->closed.at[i];

		if (one->forgone)
			continue;
		letters[i].offset = at;
		letters[i].length = strlen(one->from) + 1 +
			(uint64_t)(one->end - one->start) + !one->ends_line + 1;
		at += letters[i].length;
	}
	return true;
}

/* Collects blocks of text for the end of the mbox. */
struct appender {
	struct mbox *mbox;
	off_t at;
	size_t used;
	char block[MBOX_BLOCK];
};

static bool append_flush(struct appender *appender)
{
	bool ok = file_write_at(appender->mbox->fd, appender->block,
		appender->used, appender->at);

	appender->at += (off_t)appender->used;
	appender->used = 0;
	return ok;
}

static bool append(struct appender *appender, const char *bytes, size_t n)
{
	while (n > 0) {
		size_t room = MBOX_BLOCK - appender->used;
		size_t take = n < room ? n : room;

		memcpy(appender->block + appender->used, bytes, take);
		appender->used += take;
		bytes += take;
		n -= take;
		if (appender->used == MBOX_BLOCK && !append_flush(appender))
			return false;
	}
	return true;
}

static bool append_spooled(struct appender *appender, const struct spooled *one)
{
	const struct spool *spool = &appender->mbox->closed;
	off_t at = one->start;

	if (one->forgone)
		return true;
	if (!append(appender, one->from, strlen(one->from)) ||
		!append(appender, "\n", 1))
		return false;
	while (at < one->end) {
		ssize_t n = spool_read(spool, one, at,
			appender->block + appender->used,
			MBOX_BLOCK - appender->used);

		if (n < 0)
			return false;
		appender->used += (size_t)n;
		at += n;
		if (appender->used == MBOX_BLOCK && !append_flush(appender))
			return false;
	}
	return append(appender, "\n\n", one->ends_line ? 1 : 2);
}

static void set_verdicts(
	const struct spool *batch, bool ok, enum verdict *verdicts)
{
	for (size_t i = 0; i < batch->count; i++)
		verdicts[i] = batch->at[i].forgone ? VERDICT_FORGONE
			: ok			   ? VERDICT_PUBLISHED
						   : VERDICT_FAILED;
}

static bool mbox_publish(struct destination *destination,
	enum verdict *verdicts, struct error *err)
{
	struct mbox *mbox = mbox_of(destination);
	struct appender *appender = xmalloc(sizeof *appender);

	appender->mbox = mbox;
	appender->at = mbox->start;
	appender->used = 0;
	bool ok = append(appender, "\n\n", mbox->blanks);

	for (size_t i = 0; ok && i < mbox->closed.count; i++)
		ok = append_spooled(appender, &mbox->closed.at[i]);
	ok = ok && append_flush(appender) && directory_sync_fd(mbox->fd);
	free(appender);
	if (!ok) {
		mbox_failed(mbox, ERROR_WRITE, "append to", err);
		/* If this fails, recovery truncates it according to the
		 * records. */
		if (ftruncate(mbox->fd, mbox->start) == 0)
			fsync(mbox->fd);
	}
	mbox_unlock(mbox);
	set_verdicts(&mbox->closed, ok, verdicts);
	spool_clear(&mbox->closed);
	return ok;
}

static void mbox_abandon(struct destination *destination)
{
	struct mbox *mbox = mbox_of(destination);

	mbox_unlock(mbox);
	spool_clear(&mbox->closed);
}

/* The spool has no name, so nothing is left behind. */
static void mbox_sweep(struct destination *destination)
{
	(void)destination;
}

const struct destination_ops mbox_ops = {
	.open = mbox_open,
	.close = mbox_close,
	.sweep = mbox_sweep,
	.begin = mbox_begin,
	.write = mbox_write,
	.end = mbox_end,
	.drop = mbox_drop,
	.drop_last = mbox_drop_last,
	.turn = mbox_turn,
	.has = mbox_has,
	.forgo = mbox_forgo,
	.seal = mbox_seal,
	.publish = mbox_publish,
	.abandon = mbox_abandon,
	.recover = mbox_recover,
};
