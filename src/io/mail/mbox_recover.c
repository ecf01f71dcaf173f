/* SPDX-License-Identifier: ISC */
/* What a killed run left of its batch in an mbox. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/xalloc.h"
#include "io/mail/mbox_internal.h"
#include "io/process/directory.h"

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
	char *block = xmalloc(MBOX_BLOCK);

	buffer_init(&text, 2 * MBOX_BLOCK);
	while (at < end) {
		off_t rest = end - at;
		ssize_t n = pread(mbox->fd, block,
			rest < MBOX_BLOCK ? (size_t)rest : MBOX_BLOCK, at);

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
	char *block = xmalloc(MBOX_BLOCK);
	bool found = false;

	while (from < end && !found) {
		off_t rest = end - from;
		ssize_t n = pread(mbox->fd, block,
			rest < MBOX_BLOCK ? (size_t)rest : MBOX_BLOCK, from);

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
		from += n < MBOX_BLOCK || n <= LETTER_NAME_MAX
			? n
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
		return mbox_failed(
			mbox, ERROR_WRITE, "cut a torn message off", err);
	return mbox_sync(mbox, err);
}

bool mbox_sync(struct mbox *mbox, struct error *err)
{
	return directory_sync_fd(mbox->fd) ||
		mbox_failed(mbox, ERROR_WRITE, "sync", err);
}
