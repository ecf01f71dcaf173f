/* SPDX-License-Identifier: ISC */
#include "io/mail/local_mbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mbox_from.h"
#include "core/xalloc.h"
#include "io/mail/local_file.h"
#include "io/mail/local_note.h"
#include "io/mail/local_scan.h"
#include "io/mail/mboxlock.h"

void local_mbox_release(struct local_mbox *mbox)
{
	for (size_t i = 0; i < mbox->path_count; i++)
		free(mbox->paths[i]);
	free(mbox->paths);
	free(mbox->messages);
	*mbox = (struct local_mbox){.count = 0};
}

struct local_message *local_mbox_add(struct local_mbox *mbox)
{
	if (mbox->count == mbox->room) {
		mbox->room = mbox->room > 0 ? mbox->room * 2 : 64;
		mbox->messages = xreallocarray(
			mbox->messages, mbox->room, sizeof mbox->messages[0]);
	}
	mbox->sorted = false;
	return &mbox->messages[mbox->count++];
}

static int open_mbox(const char *path)
{
	int fd;

	do
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	while (fd < 0 && errno == EINTR);
	return fd;
}

/*
 * Adds the noted messages that are still valid. Returns the offset of the rest.
 */
static uint64_t add_noted(
	struct local_mbox *mbox, int fd, const char *path, bool trashed)
{
	const struct local_notes *notes = mbox->notes;
	size_t length;
	size_t count;
	uint64_t from;
	const void *note = notes == NULL
		? NULL
		: notes->recall(notes->data, path, &length);
	struct local_message *noted = note == NULL
		? NULL
		: local_note_read(fd, note, length, &count, &from);

	if (noted == NULL)
		return 0;
	for (size_t i = 0; i < count; i++) {
		struct local_message *message = local_mbox_add(mbox);

		*message = noted[i];
		message->mbox = mbox->path_count - 1;
		message->trashed = trashed;
	}
	free(noted);
	return from;
}

static bool is_unchanged(const struct stat *before, const struct stat *after)
{
	return before->st_size == after->st_size &&
		before->st_mtim.tv_sec == after->st_mtim.tv_sec &&
		before->st_mtim.tv_nsec == after->st_mtim.tv_nsec;
}

/*
 * Saves a note about the mbox if any of it had to be read and it did not change
 * meanwhile.
 */
static void keep_note(const struct local_mbox *mbox, size_t first, int fd,
	const struct stat *before, const char *path)
{
	const struct local_notes *notes = mbox->notes;
	struct stat after;
	size_t length;

	if (notes == NULL || mbox->count == first ||
		!mbox->messages[mbox->count - 1].read ||
		fstat(fd, &after) < 0 || !is_unchanged(before, &after))
		return;
	void *note = local_note_make(
		fd, &mbox->messages[first], mbox->count - first, &length);

	if (note != NULL)
		notes->keep(notes->data, path, note, length);
	free(note);
}

/*
 * Does the open file begin like an mbox, or is it empty, if that counts? False
 * with errno: it cannot be read.
 */
static bool is_mbox(int fd, bool or_empty)
{
	char start[5];
	ssize_t n;

	do
		n = pread(fd, start, sizeof start, 0);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		errno = 0;
	return n == 0 ? or_empty : n > 0 && mbox_from_begins(start, (size_t)n);
}

/* Did it stay as it was while it was read, or only grow? */
static bool is_intact(int fd, const struct stat *before)
{
	struct stat after;

	if (fstat(fd, &after) < 0)
		return false;
	errno = EBUSY;
	return is_unchanged(before, &after) || after.st_size > before->st_size;
}

/* Reads the open mbox at path. */
static bool look_at_mbox(
	struct local_mbox *mbox, int fd, const char *path, bool trashed)
{
	size_t first = mbox->count;
	struct stat before;

	/* What its reader is rewriting, or has emptied to write it anew, only
	 * seems to be gone. */
	if (is_mbox(fd, true) && !mboxlock_wait(path, fd))
		return false;
	if (fstat(fd, &before) < 0)
		return false;
	if (!is_mbox(fd, false))
		return errno == 0;
	mbox->paths = xreallocarray(
		mbox->paths, mbox->path_count + 1, sizeof mbox->paths[0]);
	mbox->paths[mbox->path_count++] = xstrdup(path);
	uint64_t from = add_noted(mbox, fd, path, trashed);

	if (from < (uint64_t)before.st_size &&
		!local_scan(mbox, fd, trashed, from, UINT64_MAX))
		return false;
	if (!is_intact(fd, &before))
		return false;
	keep_note(mbox, first, fd, &before, path);
	return true;
}

bool local_mbox_is_free(const char *path)
{
	int fd = open_mbox(path);
	bool ok = fd >= 0 && mboxlock_wait(path, fd);
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
	return ok;
}

bool local_mbox_look(struct local_mbox *mbox, const char *path, bool trashed)
{
	int fd = open_mbox(path);
	bool ok = fd >= 0 && look_at_mbox(mbox, fd, path, trashed);
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
	return ok;
}

/*
 * Reads a message that is known only from a note; false if it is no longer
 * there.
 */
static bool read_again(const struct local_mbox *mbox,
	const struct local_message *noted, struct local_message *now)
{
	struct local_mbox one = {.path_count = 1};
	int fd = open_mbox(mbox->paths[noted->mbox]);
	bool ok = fd >= 0 &&
		local_scan(&one, fd, noted->trashed, noted->at,
			noted->at + noted->length) &&
		one.count == 1 && one.messages[0].length == noted->length;

	if (ok)
		*now = one.messages[0];
	if (fd >= 0)
		close(fd);
	free(one.messages);
	return ok;
}

static int by_header(const void *a, const void *b)
{
	const struct local_message *x = a;
	const struct local_message *y = b;

	return memcmp(x->header_sha256, y->header_sha256, LETTER_DIGEST);
}

/*
 * Returns the range of messages with this header, *end excluded; empty if
 * *first and *end are equal.
 */
static void find_all(struct local_mbox *mbox, const struct letter *letter,
	size_t *first, size_t *end)
{
	size_t low = 0;
	size_t high = mbox->count;

	if (!mbox->sorted && mbox->count > 0)
		qsort(mbox->messages, mbox->count, sizeof mbox->messages[0],
			by_header);
	mbox->sorted = true;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(mbox->messages[middle].header_sha256,
			    letter->header_sha256, LETTER_DIGEST) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*first = *end = low;
	while (*end < mbox->count &&
		memcmp(mbox->messages[*end].header_sha256,
			letter->header_sha256, LETTER_DIGEST) == 0)
		++*end;
}

static bool has_text(
	const struct local_message *message, const struct letter *letter)
{
	for (size_t k = 0; k < LOCAL_TEXTS; k++) {
		if (memcmp(message->texts[k], letter->sha256, LETTER_DIGEST) ==
			0)
			return true;
	}
	return false;
}

/* Is this message the letter's copy, according to its header? */
static bool has_header(
	const struct local_message *message, const struct letter *letter)
{
	uint64_t id = local_id_hash(letter->message_id);

	return (message->identified &&
		       memcmp(message->header_sha256, letter->header_sha256,
			       LETTER_DIGEST) == 0) ||
		(id != 0 && message->id_hash == id);
}

bool local_mbox_has(struct local_mbox *mbox, const struct letter *letter,
	enum local_state *state)
{
	bool found = false;

	for (size_t i = 0; i < mbox->count; i++) {
		const struct local_message *message = &mbox->messages[i];

		if (!(letter->identified ? has_header(message, letter)
					 : has_text(message, letter)))
			continue;
		*state = message->trashed ? LOCAL_TRASHED : LOCAL_HERE;
		found = true;
		if (!message->trashed)
			break;
	}
	return found;
}

enum local_state local_mbox_find(
	struct local_mbox *mbox, const struct letter *letter)
{
	enum local_state state = LOCAL_GONE;
	size_t first = 0;
	size_t end = 0;

	if (letter->identified)
		find_all(mbox, letter, &first, &end);
	for (size_t i = first; i < end; i++) {
		if (!mbox->messages[i].trashed)
			return LOCAL_HERE;
		state = LOCAL_TRASHED;
	}
	if (first == end && !letter->identified)
		local_mbox_has(mbox, letter, &state);
	return state;
}

/* Does the message, as it is now, have the text that was stored? */
static bool is_as_stored(const struct local_mbox *mbox,
	const struct local_message *message, const struct letter *letter)
{
	struct local_message now;

	if (message->read)
		return has_text(message, letter);
	return read_again(mbox, message, &now) && has_text(&now, letter);
}

enum local_state local_mbox_verify(
	struct local_mbox *mbox, const struct letter *letter)
{
	size_t first = 0;
	size_t end = mbox->count;

	if (letter->identified)
		find_all(mbox, letter, &first, &end);
	if (first == end)
		return letter->identified ? LOCAL_GONE : LOCAL_UNREADABLE;
	for (size_t i = first; i < end; i++) {
		const struct local_message *message = &mbox->messages[i];

		if ((letter->identified || has_text(message, letter)) &&
			is_as_stored(mbox, message, letter))
			return LOCAL_HERE;
	}
	return letter->identified ? LOCAL_CHANGED : LOCAL_UNREADABLE;
}

/* Sets the letter's name to its From_ line, by which it is recognised. */
static void read_from_line(const struct local_mbox *mbox,
	const struct local_message *message, struct letter *letter)
{
	int fd = open_mbox(mbox->paths[message->mbox]);
	ssize_t n = fd < 0 ? -1
			   : pread(fd, letter->name, sizeof letter->name - 1,
				     (off_t)message->at);

	letter->name[n < 0 ? 0 : n] = '\0';
	letter->name[strcspn(letter->name, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
}

bool local_mbox_read(const struct local_mbox *mbox,
	bool (*visit)(void *data, const struct letter *letter, int64_t since,
		struct error *err),
	void *data, struct error *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < mbox->count; i++) {
		const struct local_message *message = &mbox->messages[i];
		struct letter letter = {.octets = message->octets,
			.lines = message->lines,
			.offset = message->at,
			.length = message->length,
			.identified = message->identified};

		read_from_line(mbox, message, &letter);

		memcpy(letter.sha256, message->texts[1], LETTER_DIGEST);
		memcpy(letter.header_sha256, message->header_sha256,
			LETTER_DIGEST);
		ok = visit(data, &letter, message->since, err);
		if (!ok || message->added_octets == 0)
			continue;
		/* As it was before a mail reader added lines. */
		memcpy(letter.sha256, message->texts[3], LETTER_DIGEST);
		letter.octets -= message->added_octets;
		letter.lines -= message->added_lines;
		ok = visit(data, &letter, message->since, err);
	}
	return ok;
}
