/* SPDX-License-Identifier: ISC */
#include "io/mbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/mboxrd.h"
#include "core/xalloc.h"
#include "io/directory.h"
#include "io/mboxlock.h"

#define BLOCK (128 * 1024)

/* A message in the spool, quoted. */
struct spooled {
	char from[LETTER_NAME_MAX]; /* its From_ line, without LF */
	off_t start;
	off_t end;
	bool ends_line;
	bool forgone; /* it is not to be appended */
};

/* A batch: its messages, one behind another in a file without a name. */
struct spool {
	int fd;
	off_t end;
	struct spooled *at; /* owned */
	size_t count;
	size_t room;
};

struct mbox {
	char *path; /* owned */
	struct spooled current;
	struct mboxrd quoting;
	struct buffer quoted;
	char last; /* octet of the message being written */
	struct spool open;
	/* From here on: of the thread that seals and publishes, if any. */
	struct spool closed;
	struct mboxlock lock;
	int fd;		 /* the mbox, while it is locked; else -1 */
	off_t start;	 /* where the mbox ended before the sealed batch */
	unsigned blanks; /* line ends to put in front of it */
};

static bool failed(struct mbox *mbox, enum error_kind kind, const char *what,
	struct error *err)
{
	const char *hint = "";

	if (errno == ENOSPC || errno == EDQUOT)
		hint = ". Make room and run it again; nothing is lost";
	else if (errno == EACCES || errno == EPERM || errno == EROFS)
		hint = ". Check who owns it and its permissions";
	return error_set(err, kind, "cannot %s the mbox %s: %s%s", what,
		mbox->path, strerror(errno), hint);
}

static int open_unnamed(const char *directory)
{
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	char *name = xasprintf("%s/spool-XXXXXX", directory);

	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	free(name);
	return fd;
}

static bool open_spool(
	struct spool *spool, const char *directory, struct error *err)
{
	spool->fd = open_unnamed(directory);
	return spool->fd >= 0 ||
		error_set(err, ERROR_CREATE, "cannot make a file in %s: %s",
			directory, strerror(errno));
}

static void close_spool(struct spool *spool)
{
	if (spool->fd >= 0)
		close(spool->fd);
	free(spool->at);
}

/* Is the open file one that mail may be put into? */
static bool check_file(struct mbox *mbox, struct error *err)
{
	struct stat st;
	struct stat named;

	if (fstat(mbox->fd, &st) < 0)
		return failed(mbox, ERROR_CREATE, "open", err);
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

struct mbox *mbox_open(
	const char *path, const char *spool_directory, struct error *err)
{
	struct mbox *mbox = xcalloc(1, sizeof *mbox);

	mbox->path = xstrdup(path);
	mbox->fd = mbox->open.fd = mbox->closed.fd = -1;
	buffer_init(&mbox->quoted, 4 * BLOCK);
	if (!directory_make_above(path)) {
		failed(mbox, ERROR_CREATE, "make the directory of", err);
		goto fail;
	}
	/* Found now, before anything is fetched. */
	mbox->fd = open(path,
		O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
	if (mbox->fd < 0) {
		failed(mbox, ERROR_CREATE, "open", err);
		goto fail;
	}
	if (!check_file(mbox, err))
		goto fail;
	if (!directory_sync_above(path)) {
		failed(mbox, ERROR_CREATE, "sync the directory of", err);
		goto fail;
	}
	close(mbox->fd);
	mbox->fd = -1;
	if (!open_spool(&mbox->open, spool_directory, err) ||
		!open_spool(&mbox->closed, spool_directory, err))
		goto fail;
	return mbox;
fail:
	mbox_close(mbox);
	return NULL;
}

void mbox_close(struct mbox *mbox)
{
	if (mbox == NULL)
		return;
	mbox_unlock(mbox);
	close_spool(&mbox->open);
	close_spool(&mbox->closed);
	buffer_release(&mbox->quoted);
	free(mbox->path);
	free(mbox);
}

void mbox_begin(struct mbox *mbox)
{
	mbox->current = (struct spooled){.start = mbox->open.end};
	mbox->quoting = (struct mboxrd){.matched = 0};
	mbox->last = '\n';
}

static bool write_at(int fd, const char *bytes, size_t length, off_t at)
{
	while (length > 0) {
		ssize_t n = pwrite(fd, bytes, length, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes += n;
		length -= (size_t)n;
		at += n;
	}
	return true;
}

/* Moves what was quoted into the spool. */
static bool spool_quoted(struct mbox *mbox, struct error *err)
{
	size_t length = buffer_length(&mbox->quoted);

	if (length == 0)
		return true;
	if (!write_at(mbox->open.fd, buffer_bytes(&mbox->quoted), length,
		    mbox->open.end))
		return error_set(err, ERROR_WRITE,
			"cannot write to the spool file in the state directory "
			"(for the mbox %s): %s. Nothing is lost",
			mbox->path, strerror(errno));
	mbox->open.end += (off_t)length;
	buffer_consume(&mbox->quoted, length);
	return true;
}

bool mbox_write(
	struct mbox *mbox, const char *bytes, size_t length, struct error *err)
{
	while (length > 0) {
		/* Quoting adds an octet to every five at the most. */
		size_t n = length < BLOCK ? length : BLOCK;

		mboxrd_quote(&mbox->quoting, bytes, n, &mbox->quoted);
		if (!spool_quoted(mbox, err))
			return false;
		mbox->last = bytes[n - 1];
		bytes += n;
		length -= n;
	}
	return true;
}

/* A sender that may stand in a From_ line, or the customary nobody. */
static const char *safe_sender(const char *sender)
{
	if (sender[0] == '\0' || strlen(sender) > 120)
		return "MAILER-DAEMON";
	return sender;
}

bool mbox_end(struct mbox *mbox, const char *sender, int64_t now,
	struct letter *letter, struct error *err)
{
	struct spooled *current = &mbox->current;
	time_t seconds = (time_t)now;
	struct tm utc;
	char date[32];

	mboxrd_quote_end(&mbox->quoting, &mbox->quoted);
	if (!spool_quoted(mbox, err))
		return false;
	/* The form of asctime, in English and UTC whatever the locale. */
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	gmtime_r(&seconds, &utc);
	snprintf(date, sizeof date, "%.3s %.3s %2d %02d:%02d:%02d %d",
		days + 3 * utc.tm_wday, months + 3 * utc.tm_mon, utc.tm_mday,
		utc.tm_hour, utc.tm_min, utc.tm_sec, utc.tm_year + 1900);
	snprintf(current->from, sizeof current->from, "From %s %s",
		safe_sender(sender), date);
	current->end = mbox->open.end;
	current->ends_line = mbox->last == '\n';
	snprintf(letter->name, sizeof letter->name, "%s", current->from);
	struct spool *spool = &mbox->open;

	if (spool->count == spool->room) {
		spool->room = spool->room > 0 ? spool->room * 2 : 64;
		spool->at = xreallocarray(
			spool->at, spool->room, sizeof spool->at[0]);
	}
	spool->at[spool->count++] = *current;
	return true;
}

void mbox_drop(struct mbox *mbox)
{
	mbox->open.end = mbox->current.start;
	buffer_consume(&mbox->quoted, buffer_length(&mbox->quoted));
}

void mbox_drop_last(struct mbox *mbox, size_t count)
{
	struct spool *spool = &mbox->open;

	while (count-- > 0 && spool->count > 0)
		spool->end = spool->at[--spool->count].start;
}

void mbox_turn(struct mbox *mbox)
{
	struct spool empty = mbox->closed;

	mbox->closed = mbox->open;
	mbox->open = empty;
}

bool mbox_lock(struct mbox *mbox, struct error *err)
{
	mbox->fd = open(mbox->path,
		O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
	if (mbox->fd < 0)
		return failed(mbox, ERROR_CREATE, "open", err);
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

void mbox_forgo(struct mbox *mbox, size_t i)
{
	mbox->closed.at[i].forgone = true;
}

/* Line ends that are missing before a From_ line may begin at the end. */
static unsigned missing_blanks(struct mbox *mbox)
{
	char tail[2] = "\n\n";
	off_t at = mbox->start >= 2 ? mbox->start - 2 : 0;
	size_t n = (size_t)(mbox->start - at);

	if (n == 0)
		return 0;
	if (pread(mbox->fd, tail + 2 - n, n, at) != (ssize_t)n)
		return 2;
	if (tail[1] != '\n')
		return 2;
	return tail[0] != '\n';
}

/* Is nothing left of it to be appended? */
static bool is_empty(const struct spool *spool)
{
	size_t i = 0;

	while (i < spool->count && spool->at[i].forgone)
		i++;
	return i == spool->count;
}

bool mbox_seal(struct mbox *mbox, struct letter *letters, size_t count,
	struct error *err)
{
	if (count != mbox->closed.count)
		return error_set(err, ERROR_SOFTWARE,
			"a batch of %zu for %zu messages", count,
			mbox->closed.count);
	if (!mbox_lock(mbox, err))
		return false;
	mbox->start = lseek(mbox->fd, 0, SEEK_END);
	if (mbox->start < 0)
		return failed(mbox, ERROR_WRITE, "find the end of", err);
	mbox->blanks = is_empty(&mbox->closed) ? 0 : missing_blanks(mbox);
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

/* Blocks of octets on their way to the end of the mbox. */
struct appender {
	struct mbox *mbox;
	off_t at;
	size_t used;
	char block[BLOCK];
};

static bool append_flush(struct appender *appender)
{
	bool ok = write_at(appender->mbox->fd, appender->block, appender->used,
		appender->at);

	appender->at += (off_t)appender->used;
	appender->used = 0;
	return ok;
}

static bool append(struct appender *appender, const char *bytes, size_t n)
{
	while (n > 0) {
		size_t room = BLOCK - appender->used;
		size_t take = n < room ? n : room;

		memcpy(appender->block + appender->used, bytes, take);
		appender->used += take;
		bytes += take;
		n -= take;
		if (appender->used == BLOCK && !append_flush(appender))
			return false;
	}
	return true;
}

static bool append_spooled(struct appender *appender, const struct spooled *one)
{
	int spool = appender->mbox->closed.fd;
	off_t at = one->start;

	if (one->forgone)
		return true;
	if (!append(appender, one->from, strlen(one->from)) ||
		!append(appender, "\n", 1))
		return false;
	while (at < one->end) {
		off_t left = one->end - at;
		size_t room = BLOCK - appender->used;
		size_t want = left < (off_t)room ? (size_t)left : room;
		ssize_t n = pread(
			spool, appender->block + appender->used, want, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return false;
		appender->used += (size_t)n;
		at += n;
		if (appender->used == BLOCK && !append_flush(appender))
			return false;
	}
	return append(appender, "\n\n", one->ends_line ? 1 : 2);
}

static void empty_batch(struct mbox *mbox)
{
	struct spool *spool = &mbox->closed;

	spool->count = 0;
	spool->end = 0;
	/* The space is free again, without a name to take away. */
	if (spool->fd >= 0 && ftruncate(spool->fd, 0) < 0)
		spool->end = 0;
}

bool mbox_publish(struct mbox *mbox, struct error *err)
{
	struct appender *appender = xmalloc(sizeof *appender);

	appender->mbox = mbox;
	appender->at = mbox->start;
	appender->used = 0;
	bool ok = append(appender, "\n\n", mbox->blanks);

	for (size_t i = 0; ok && i < mbox->closed.count; i++)
		ok = append_spooled(appender, &mbox->closed.at[i]);
	ok = ok && append_flush(appender) && fsync(mbox->fd) == 0;
	free(appender);
	if (!ok) {
		failed(mbox, ERROR_WRITE, "append to", err);
		/* Cut back, or recovery does it by the rows. */
		if (ftruncate(mbox->fd, mbox->start) == 0)
			fsync(mbox->fd);
	}
	mbox_unlock(mbox);
	empty_batch(mbox);
	return ok;
}

void mbox_abandon(struct mbox *mbox)
{
	mbox_unlock(mbox);
	empty_batch(mbox);
}

/* What was unquoted, handed on up to the letter's length. */
static void hand_on(struct buffer *text, uint64_t *left,
	void (*sink)(void *data, const char *bytes, size_t length), void *data)
{
	size_t n = buffer_length(text);
	size_t give = n < *left ? n : (size_t)*left;

	if (give > 0)
		sink(data, buffer_bytes(text), give);
	*left -= give;
	buffer_consume(text, n);
}

/* Does the file have our From_ line at the letter's place, up to its end? */
static bool is_ours(struct mbox *mbox, const struct letter *letter, bool partly)
{
	char line[LETTER_NAME_MAX + 1];
	char expected[LETTER_NAME_MAX + 1];
	int n = snprintf(expected, sizeof expected, "%s\n", letter->name);
	ssize_t got = pread(mbox->fd, line, (size_t)n, (off_t)letter->offset);

	return (partly ? got > 0 : got == n) &&
		memcmp(line, expected, (size_t)got) == 0;
}

enum mbox_found mbox_read(struct mbox *mbox, const struct letter *letter,
	void (*sink)(void *data, const char *bytes, size_t length), void *data)
{
	struct buffer text;
	struct mboxrd unquoting = {.matched = 0};
	uint64_t head = strlen(letter->name) + 1;
	uint64_t left = letter->octets;
	off_t at = (off_t)(letter->offset + head);
	off_t end = (off_t)(letter->offset + letter->length);

	if (letter->length <= head || !is_ours(mbox, letter, false))
		return MBOX_GONE;
	char *block = xmalloc(BLOCK);

	buffer_init(&text, 2 * BLOCK);
	while (at < end) {
		off_t rest = end - at;
		ssize_t n = pread(mbox->fd, block,
			rest < BLOCK ? (size_t)rest : BLOCK, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		mboxrd_unquote(&unquoting, block, (size_t)n, &text);
		hand_on(&text, &left, sink, data);
		at += n;
	}
	mboxrd_unquote_end(&unquoting, &text);
	hand_on(&text, &left, sink, data);
	buffer_release(&text);
	free(block);
	return at == end && left == 0 ? MBOX_WHOLE : MBOX_GONE;
}

/* Does text begin with "From SENDER DAY", as every From_ line does? */
static bool is_from_line(const char *text, size_t length)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	size_t i = 5;

	if (length < i || memcmp(text, "From ", i) != 0)
		return false;
	while (i < length && text[i] != ' ' && text[i] != '\n')
		i++;
	while (i < length && text[i] == ' ')
		i++;
	for (size_t day = 0; length - i >= 3 && day < 7; day++) {
		if (memcmp(text + i, days + 3 * day, 3) == 0)
			return true;
	}
	return false;
}

/*
 * Is there a From_ line between from and end? At the start of a line our own
 * text has none, being quoted; in the middle of one it is taken for one only if
 * it looks so, since others may append behind half a line.
 */
static bool holds_from_line(struct mbox *mbox, off_t from, off_t end)
{
	char *block = xmalloc(BLOCK);
	bool found = false;

	while (from < end && !found) {
		off_t rest = end - from;
		ssize_t n = pread(mbox->fd, block,
			rest < BLOCK ? (size_t)rest : BLOCK, from);

		if (n < 0 && errno == EINTR)
			continue;
		/* What cannot be read is not ours to judge. */
		if (n <= 0)
			found = true;
		for (ssize_t i = 0; i + 5 <= n && !found; i++) {
			const char *at =
				memchr(block + i, 'F', (size_t)(n - i));

			if (at == NULL)
				break;
			i = at - block;
			size_t left = (size_t)(n - i);

			found = left >= 5 && memcmp(at, "From ", 5) == 0 &&
				((i > 0 && at[-1] == '\n') ||
					is_from_line(at, left));
		}
		/* Blocks overlap by more than a From_ line has. */
		from += n < BLOCK || n <= LETTER_NAME_MAX ? n
							  : n - LETTER_NAME_MAX;
	}
	free(block);
	return found;
}

bool mbox_is_torn(struct mbox *mbox, const struct letter *letter)
{
	off_t end = lseek(mbox->fd, 0, SEEK_END);
	off_t start = (off_t)letter->offset;

	return end > start && end < start + (off_t)letter->length &&
		is_ours(mbox, letter, true) &&
		!holds_from_line(mbox, start + 1, end);
}

bool mbox_cut(struct mbox *mbox, uint64_t offset, struct error *err)
{
	if (ftruncate(mbox->fd, (off_t)offset) < 0)
		return failed(mbox, ERROR_WRITE, "cut a torn message off", err);
	return mbox_sync(mbox, err);
}

bool mbox_sync(struct mbox *mbox, struct error *err)
{
	return fsync(mbox->fd) == 0 || failed(mbox, ERROR_WRITE, "sync", err);
}
