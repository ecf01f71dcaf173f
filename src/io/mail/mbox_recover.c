/* SPDX-License-Identifier: ISC */
/* What is in an mbox already, of this run and of one that was killed. */
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

/* Where the text of a letter goes, up to its length. */
struct handing {
	void (*sink)(void *data, const char *bytes, size_t length);
	void *data;
	uint64_t left;
};

static void hand_on(void *data, const char *bytes, size_t length)
{
	struct handing *handing = data;
	size_t give = length < handing->left ? length : (size_t)handing->left;

	if (give > 0)
		handing->sink(handing->data, bytes, give);
	handing->left -= give;
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

/*
 * Reads the message at a letter's place (locked), unquoted, in pieces to sink.
 * True if the From_ line is ours and letter->octets were read.
 */
static bool read_letter(struct mbox *mbox, const struct letter *letter,
	void (*sink)(void *data, const char *bytes, size_t length), void *data)
{
	static const struct mbox_events events = {.text = hand_on};
	struct handing handing = {sink, data, letter->octets};
	struct mbox_scan scan;
	uint64_t head = strlen(letter->name) + 1;
	off_t at = (off_t)(letter->offset + head);
	off_t end = (off_t)(letter->offset + letter->length);

	if (letter->length <= head || !is_ours(mbox, letter, false))
		return false;
	char *block = xmalloc(MBOX_BLOCK);

	mbox_scan_message(&scan, &events, &handing);
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
	return at == end && handing.left == 0;
}

/* Is there another program's From_ line between from and end? */
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
		/* What cannot be read is not ours to judge. */
		found = n <= 0 || mbox_from_search(&search, block, (size_t)n);
		from += n;
	}
	free(block);
	return found;
}

/*
 * Is what begins at the letter's place its torn beginning, up to the end of the
 * file? It must begin with our From_ line, end before the letter would, and
 * hold no other From_ line, which could only be somebody else's mail behind it.
 * Whose mail it is, its header says.
 */
static bool may_be_torn(struct mbox *mbox, const struct letter *letter)
{
	off_t end = lseek(mbox->fd, 0, SEEK_END);
	off_t start = (off_t)letter->offset;

	return end > start && end < start + (off_t)letter->length &&
		is_ours(mbox, letter, true) &&
		!holds_from_line(mbox, start + 1, end);
}

/* Makes what is in the locked mbox durable. */
static bool sync_mbox(struct mbox *mbox, struct error *err)
{
	return directory_sync_fd(mbox->fd) ||
		mbox_failed(mbox, ERROR_WRITE, "sync", err);
}

/* Takes off a torn end. */
static bool cut(struct mbox *mbox, uint64_t offset, struct error *err)
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

/* Is the letter in its place, as the store has it? Locked. */
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
 * Is what lies at the end of the mbox, from the letter's place on, the letter's
 * torn beginning? Another account's keepmail may have appended mail of the same
 * sender in the same second, so that its From_ line proves nothing: its header
 * must be the letter's, or be torn itself. An empty message has none. When in
 * doubt it is not.
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
 * The batch lies in one piece. A letter that is the torn end of the file is cut
 * off, if nobody wrote behind it; otherwise only what is whole counts.
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
		ok = cut(mbox, letters[i].offset, err);
	}
	/* What a killed run wrote may not be durable yet. */
	ok = ok && sync_mbox(mbox, err);
	mbox_unlock(mbox);
	digest_free(digest);
	return ok;
}
