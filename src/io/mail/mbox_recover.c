/* SPDX-License-Identifier: ISC */
/* What a killed run left of its batch in an mbox. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mbox_from.h"
#include "core/mbox_scan.h"
#include "core/xalloc.h"
#include "io/mail/mbox_internal.h"
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

enum mbox_found mbox_read(struct mbox *mbox, const struct letter *letter,
	void (*sink)(void *data, const char *bytes, size_t length), void *data)
{
	static const struct mbox_events events = {.text = hand_on};
	struct handing handing = {sink, data, letter->octets};
	struct mbox_scan scan;
	uint64_t head = strlen(letter->name) + 1;
	off_t at = (off_t)(letter->offset + head);
	off_t end = (off_t)(letter->offset + letter->length);

	if (letter->length <= head || !is_ours(mbox, letter, false))
		return MBOX_GONE;
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
	return at == end && handing.left == 0 ? MBOX_WHOLE : MBOX_GONE;
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
		return mbox_failed(
			mbox, ERROR_WRITE, "cut a torn message off", err);
	return mbox_sync(mbox, err);
}

bool mbox_sync(struct mbox *mbox, struct error *err)
{
	return directory_sync_fd(mbox->fd) ||
		mbox_failed(mbox, ERROR_WRITE, "sync", err);
}
