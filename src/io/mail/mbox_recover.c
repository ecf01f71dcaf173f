/* SPDX-License-Identifier: ISC */
/* Finds what is already in an mbox, from this run and from a killed one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/header.h"
#include "core/mbox_from.h"
#include "core/mbox_scan.h"
#include "core/xalloc.h"
#include "io/mail/mbox_internal.h"
#include "io/process/digest.h"
#include "io/process/directory.h"

/* Passes on the text of a letter, up to its length. */
struct passing {
	void (*sink)(void *data, const char *bytes, size_t length);
	void *data;
	uint64_t left;
};

static void pass_on(void *data, const char *bytes, size_t length)
{
	struct passing *passing = data;
	size_t give = length < passing->left ? length : (size_t)passing->left;

	if (give > 0)
		passing->sink(passing->data, bytes, give);
	passing->left -= give;
}

/*
 * Is our From_ line at the letter's place, or, with partly, as much of it as
 * the file has?
 */
static bool is_ours(struct mbox *mbox, const struct letter *letter, bool partly)
{
	char line[LETTER_NAME_MAX + 1];
	char expected[LETTER_NAME_MAX + 1];
	int n = snprintf(expected, sizeof expected, "%s\n", letter->name);
	ssize_t got = pread(mbox->fd, line, (size_t)n, (off_t)letter->offset);

	return (partly ? got > 0 : got == n) &&
		memcmp(line, expected, (size_t)got) == 0;
}

/*
 * Reads and unquotes the message at a letter's place (the mbox is locked), and
 * passes it to sink in pieces. True if the From_ line is ours and
 * letter->octets bytes were read.
 */
static bool read_letter(struct mbox *mbox, const struct letter *letter,
	void (*sink)(void *data, const char *bytes, size_t length), void *data)
{
	static const struct mbox_events events = {.text = pass_on};
	struct passing passing = {sink, data, letter->octets};
	struct mbox_scan scan;
	uint64_t head = strlen(letter->name) + 1;
	off_t at = (off_t)(letter->offset + head);
	off_t end = (off_t)(letter->offset + letter->length);

	if (letter->length <= head || !is_ours(mbox, letter, false))
		return false;
	char *block = xmalloc(MBOX_BLOCK);

	mbox_scan_message(&scan, &events, &passing);
	while (at < end) {
		off_t rest = end - at;
		ssize_t n = pread(mbox->fd, block,
			rest < MBOX_BLOCK ? (size_t)rest : MBOX_BLOCK, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		mbox_scan_feed(&scan, block, (size_t)n);
		at += n;
	}
	mbox_scan_end(&scan);
	free(block);
	return at == end && passing.left == 0;
}

/* Is there a From_ line of another program between from and end? */
static bool holds_from_line(struct mbox *mbox, off_t from, off_t end)
{
	struct mbox_from_search search = {.found = false};
	char *block = xmalloc(MBOX_BLOCK);
	bool found = false;

	while (from < end && !found) {
		off_t rest = end - from;
		ssize_t n = pread(mbox->fd, block,
			rest < MBOX_BLOCK ? (size_t)rest : MBOX_BLOCK, from);

		if (n < 0 && errno == EINTR)
			continue;
		/* What cannot be read must not be treated as ours. */
		found = n <= 0 || mbox_from_search(&search, block, (size_t)n);
		from += n;
	}
	free(block);
	return found;
}

/*
 * Is everything from the letter's place to the end of the file the beginning of
 * the letter, torn off? It must begin with our From_ line, end before the
 * letter would, and contain no other From_ line, which could only belong to
 * someone else's mail after it. Whose mail it is can only be told from its
 * header.
 */
static bool may_be_torn(struct mbox *mbox, const struct letter *letter)
{
	off_t end = lseek(mbox->fd, 0, SEEK_END);
	off_t start = (off_t)letter->offset;

	return end > start && end < start + (off_t)letter->length &&
		is_ours(mbox, letter, true) &&
		!holds_from_line(mbox, start + 1, end);
}

/* Makes the contents of the locked mbox durable. */
static bool sync_mbox(struct mbox *mbox, struct error *err)
{
	return directory_sync_fd(mbox->fd) ||
		mbox_failed(mbox, ERROR_WRITE, "sync", err);
}

/* Truncates the mbox to remove a torn end. */
static bool truncate_mbox(struct mbox *mbox, uint64_t offset, struct error *err)
{
	if (ftruncate(mbox->fd, (off_t)offset) < 0)
		return mbox_failed(
			mbox, ERROR_WRITE, "cut a torn message off", err);
	return sync_mbox(mbox, err);
}

static void hash(void *data, const char *bytes, size_t length)
{
	digest_update(data, bytes, length);
}

/* Is the letter in its place, as recorded? The mbox is locked. */
static bool is_whole(
	struct mbox *mbox, const struct letter *letter, struct digest *digest)
{
	unsigned char sha256[DIGEST_LENGTH];

	digest_restart(digest);
	bool read = read_letter(mbox, letter, hash, digest);

	digest_finish(digest, sha256);
	return read && memcmp(sha256, letter->sha256, sizeof sha256) == 0;
}

bool mbox_has(struct destination *destination, const struct letter *letters,
	size_t count, bool *there, struct error *err)
{
	struct mbox *mbox = mbox_of(destination);
	struct digest *digest = digest_new();
	bool ok = mbox_lock(mbox, err);

	for (size_t i = 0; ok && i < count; i++) {
		there[i] = there[i] && is_whole(mbox, &letters[i], digest);
	}
	mbox_unlock(mbox);
	digest_free(digest);
	return ok;
}

struct tail {
	struct header header;
	struct digest *head; /* owned */
};

static void take_tail(void *data, const char *bytes, size_t length)
{
	struct tail *tail = data;
	uint64_t before = tail->header.octets;

	header_feed(&tail->header, bytes, length);
	digest_update(
		tail->head, bytes, (size_t)(tail->header.octets - before));
}

/*
 * Is the end of the mbox, from the letter's place on, a torn beginning of the
 * letter? Another account's keepmail may have appended mail from the same
 * sender in the same second, so the From_ line proves nothing: the header must
 * be the letter's, or be torn itself. An empty message has none. In doubt, the
 * answer is no.
 */
static bool is_torn(struct mbox *mbox, const struct letter *letter)
{
	struct tail *tail;
	unsigned char sha256[DIGEST_LENGTH];

	if ((letter->head_octets == 0 && letter->octets > 0) ||
		!may_be_torn(mbox, letter))
		return false;
	tail = xmalloc(sizeof *tail);
	header_init(&tail->header);
	tail->head = digest_new();
	read_letter(mbox, letter, take_tail, tail);
	digest_finish(tail->head, sha256);
	digest_free(tail->head);
	bool torn = !tail->header.done ||
		(tail->header.octets == letter->head_octets &&
			memcmp(sha256, letter->head_sha256, sizeof sha256) ==
				0);

	free(tail);
	return torn;
}

/*
 * The letters of a batch are contiguous. A letter that is torn at the end of
 * the file is removed, if nobody wrote after it; otherwise, only complete
 * letters count.
 */
bool mbox_recover(struct destination *destination, const struct letter *letters,
	size_t count, bool *arrived, struct error *err)
{
	struct mbox *mbox = mbox_of(destination);
	struct digest *digest = digest_new();
	bool ok = mbox_lock(mbox, err);

	for (size_t i = 0; ok && i < count; i++) {
		arrived[i] = is_whole(mbox, &letters[i], digest);
		if (arrived[i] || !is_torn(mbox, &letters[i]))
			continue;
		ok = truncate_mbox(mbox, letters[i].offset, err);
	}
	/* What a killed run wrote may not be durable yet. */
	ok = ok && sync_mbox(mbox, err);
	mbox_unlock(mbox);
	digest_free(digest);
	return ok;
}
