/* SPDX-License-Identifier: ISC */
#include "io/mail/local_scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/header.h"
#include "core/mbox_from.h"
#include "core/mbox_scan.h"
#include "core/plain.h"
#include "core/xalloc.h"
#include "io/mail/local_file.h"
#include "io/process/digest.h"

#define BLOCK (128 * 1024)

/* Digests a text without its final line end, which is held back. */
struct text {
	struct digest *digest; /* owned */
	uint64_t octets;
	uint64_t lines;
	bool ended;
};

/* The state while messages are read. */
struct reading {
	struct local_mbox *mbox;
	bool trashed;
	uint64_t began;
	int64_t since;
	struct text whole;
	struct text without;	 /* the lines that mail readers add */
	struct digest *identity; /* owned */
	struct plain plain;
	struct header header;
};

static void hash(void *data, const char *bytes, size_t length)
{
	digest_update(data, bytes, length);
}

static void text_restart(struct text *text)
{
	digest_restart(text->digest);
	text->octets = text->lines = 0;
	text->ended = false;
}

static void text_feed(struct text *text, const char *bytes, size_t length)
{
	if (length == 0)
		return;
	if (text->ended) {
		digest_update(text->digest, "\n", 1);
		text->octets++;
		text->lines++;
	}
	text->ended = bytes[length - 1] == '\n';
	length -= text->ended;
	digest_update(text->digest, bytes, length);
	text->octets += length;
	text->lines += local_count_lines(bytes, length);
}

/* Returns the digest of the text, and of the text with one more line end. */
static void text_finish(struct text *text, unsigned char without[DIGEST_LENGTH],
	unsigned char with[DIGEST_LENGTH])
{
	struct digest *more = digest_copy(text->digest);

	digest_update(more, "\n", 1);
	digest_finish(more, with);
	digest_finish(text->digest, without);
	digest_free(more);
}

static void take_plain(void *data, const char *bytes, size_t length)
{
	struct reading *reading = data;

	text_feed(&reading->without, bytes, length);
}

static void on_begin(void *data, uint64_t at, const char *from, size_t length)
{
	struct reading *reading = data;

	reading->began = at;
	reading->since =
		length < MBOX_FROM_KEPT ? mbox_from_time(from, length) : 0;
	header_init(&reading->header);
	reading->header.identity = hash;
	reading->header.data = reading->identity;
	digest_restart(reading->identity);
	plain_init(&reading->plain, take_plain, reading);
	text_restart(&reading->whole);
	text_restart(&reading->without);
}

static void on_text(void *data, const char *bytes, size_t length)
{
	struct reading *reading = data;

	header_feed(&reading->header, bytes, length);
	plain_feed(&reading->plain, bytes, length);
	text_feed(&reading->whole, bytes, length);
}

static void on_end(void *data, uint64_t at)
{
	struct reading *reading = data;
	struct text *whole = &reading->whole;
	struct text *without = &reading->without;
	struct local_message *message = local_mbox_add(reading->mbox);

	header_end(&reading->header);
	plain_end(&reading->plain);
	message->at = reading->began;
	message->length = at - reading->began;
	message->mbox = reading->mbox->path_count - 1;
	message->read = true;
	message->trashed = reading->trashed;
	message->identified = header_is_identity(&reading->header);
	message->id_hash = local_id_hash(reading->header.message_id);
	message->since = reading->since;
	message->octets = whole->octets + 1;
	message->lines = whole->lines + 1;
	message->added_octets = whole->octets - without->octets;
	message->added_lines = whole->lines - without->lines;
	digest_finish(reading->identity, message->header_sha256);
	text_finish(whole, message->texts[0], message->texts[1]);
	text_finish(without, message->texts[2], message->texts[3]);
}

/*
 * Reads a block at the scan's offset. Continues beyond to, until the line ends.
 */
static ssize_t read_block(
	const struct mbox_scan *scan, int fd, char *block, uint64_t to)
{
	uint64_t left = scan->at < to ? to - scan->at : BLOCK;
	size_t want = left < BLOCK ? (size_t)left : BLOCK;
	ssize_t n;

	do
		n = pread(fd, block, want, (off_t)scan->at);
	while (n < 0 && errno == EINTR);
	const char *lf =
		n > 0 && scan->at >= to ? memchr(block, '\n', (size_t)n) : NULL;

	return lf == NULL ? n : lf + 1 - block;
}

bool local_scan(struct local_mbox *mbox, int fd, bool trashed, uint64_t from,
	uint64_t to)
{
	static const struct mbox_events events = {on_begin, on_text, on_end};
	struct reading *reading = xmalloc(sizeof *reading);
	char *block = xmalloc(BLOCK);
	struct mbox_scan scan;
	ssize_t n = 0;

	reading->mbox = mbox;
	reading->trashed = trashed;
	reading->identity = digest_new();
	reading->whole.digest = digest_new();
	reading->without.digest = digest_new();
	mbox_scan_init(&scan, &events, reading, from);
	while ((scan.at < to || !mbox_scan_is_between_lines(&scan)) &&
		(n = read_block(&scan, fd, block, to)) > 0)
		mbox_scan_feed(&scan, block, (size_t)n);
	int saved = errno;

	mbox_scan_end(&scan);
	digest_free(reading->identity);
	digest_free(reading->whole.digest);
	digest_free(reading->without.digest);
	free(reading);
	free(block);
	errno = saved;
	return n >= 0;
}
