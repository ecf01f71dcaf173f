/* SPDX-License-Identifier: ISC */
#include "io/mail/delivery.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/date.h"
#include "core/header.h"
#include "core/xalloc.h"
#include "io/mail/maildir.h"
#include "io/mail/mbox.h"
#include "io/process/digest.h"

/* Text is collected up to this, so that most messages are written at once. */
#define BLOCK (128 * 1024)

struct delivery {
	struct maildir *maildir; /* one of the two is there */
	struct mbox *mbox;
	struct digest *digest;
	struct digest *identity; /* of the header */
	struct digest *head;	 /* of all of it, for an mbox */
	struct header header;
	struct date_scan dates;
	bool reads_dates;
	uint64_t octets;
	bool writing; /* between begin and end */
	size_t used;
	char block[BLOCK];
};

struct delivery *delivery_open(enum destination_kind kind, const char *path,
	const char *spool_directory, struct error *err)
{
	struct delivery *delivery = xmalloc(sizeof *delivery);

	delivery->maildir = NULL;
	delivery->mbox = NULL;
	delivery->digest = delivery->identity = delivery->head = NULL;
	delivery->writing = delivery->reads_dates = false;
	switch (kind) {
	case DESTINATION_NONE:
		error_set(err, ERROR_CREATE, "no destination is set");
		break;
	case DESTINATION_MAILDIR:
		delivery->maildir = maildir_open(path, err);
		break;
	case DESTINATION_MBOX:
		delivery->mbox = mbox_open(path, spool_directory, err);
		break;
	}
	if (delivery->maildir == NULL && delivery->mbox == NULL) {
		free(delivery);
		return NULL;
	}
	delivery->digest = digest_new();
	delivery->identity = digest_new();
	delivery->head = digest_new();
	return delivery;
}

void delivery_close(struct delivery *delivery)
{
	if (delivery == NULL)
		return;
	maildir_close(delivery->maildir);
	mbox_close(delivery->mbox);
	digest_free(delivery->digest);
	digest_free(delivery->identity);
	digest_free(delivery->head);
	free(delivery);
}

void delivery_sweep(struct delivery *delivery)
{
	if (delivery->maildir != NULL)
		maildir_sweep(delivery->maildir);
}

void delivery_read_dates(struct delivery *delivery)
{
	delivery->reads_dates = true;
}

static void hash(void *data, const char *bytes, size_t length)
{
	digest_update(data, bytes, length);
}

bool delivery_begin(struct delivery *delivery, struct error *err)
{
	header_init(&delivery->header);
	if (delivery->reads_dates)
		date_scan_init(&delivery->dates);
	delivery->header.identity = hash;
	delivery->header.data = delivery->identity;
	digest_restart(delivery->digest);
	digest_restart(delivery->identity);
	digest_restart(delivery->head);
	delivery->octets = 0;
	delivery->used = 0;
	if (delivery->mbox != NULL)
		mbox_begin(delivery->mbox);
	else if (!maildir_begin(delivery->maildir, err))
		return false;
	delivery->writing = true;
	return true;
}

static bool pass_on(struct delivery *delivery, const char *bytes, size_t length,
	struct error *err)
{
	if (delivery->mbox != NULL)
		return mbox_write(delivery->mbox, bytes, length, err);
	return maildir_write(delivery->maildir, bytes, length, err);
}

/* head: of the header as it is; NULL: nobody needs it. */
static void feed_header(struct header *header, struct digest *head,
	const char *text, size_t length)
{
	uint64_t before = header->octets;

	header_feed(header, text, length);
	if (head != NULL)
		digest_update(head, text, (size_t)(header->octets - before));
}

bool delivery_write(struct delivery *delivery, const char *text, size_t length,
	struct error *err)
{
	digest_update(delivery->digest, text, length);
	if (delivery->reads_dates && !delivery->header.done)
		date_scan_feed(&delivery->dates, text, length);
	feed_header(&delivery->header,
		delivery->mbox == NULL ? NULL : delivery->head, text, length);
	delivery->octets += length;
	if (delivery->used + length > BLOCK) {
		if (!pass_on(delivery, delivery->block, delivery->used, err))
			return false;
		delivery->used = 0;
	}
	if (length > BLOCK)
		return pass_on(delivery, text, length, err);
	memcpy(delivery->block + delivery->used, text, length);
	delivery->used += length;
	return true;
}

bool delivery_end(struct delivery *delivery, int64_t now, struct letter *letter,
	struct error *err)
{
	struct header *header = &delivery->header;

	header_end(header);
	*letter = (struct letter){.octets = delivery->octets,
		.identified = header_is_identity(header)};
	if (delivery->reads_dates)
		date_scan_end(&delivery->dates, &letter->received);
	digest_finish(delivery->digest, letter->sha256);
	digest_finish(delivery->identity, letter->header_sha256);
	if (delivery->mbox != NULL) {
		letter->head_octets = header->octets;
		digest_finish(delivery->head, letter->head_sha256);
	}
	memcpy(letter->message_id, header->message_id,
		sizeof letter->message_id);
	if (!pass_on(delivery, delivery->block, delivery->used, err))
		return false;
	if (delivery->mbox != NULL
			? !mbox_end(delivery->mbox, header->return_path, now,
				  letter, err)
			: !maildir_end(delivery->maildir, letter, err))
		return false;
	delivery->writing = false;
	return true;
}

void delivery_drop(struct delivery *delivery)
{
	if (!delivery->writing)
		return;
	if (delivery->mbox != NULL)
		mbox_drop(delivery->mbox);
	else
		maildir_drop(delivery->maildir);
	delivery->writing = false;
}

void delivery_drop_last(struct delivery *delivery, size_t count)
{
	if (delivery->mbox != NULL)
		mbox_drop_last(delivery->mbox, count);
	else
		maildir_drop_last(delivery->maildir, count);
}

void delivery_turn(struct delivery *delivery)
{
	if (delivery->mbox != NULL)
		mbox_turn(delivery->mbox);
	else
		maildir_turn(delivery->maildir);
}

void delivery_forgo(struct delivery *delivery, size_t i)
{
	if (delivery->mbox != NULL)
		mbox_forgo(delivery->mbox, i);
	else
		maildir_forgo(delivery->maildir, i);
}

bool delivery_seal(struct delivery *delivery, struct letter *letters,
	size_t count, struct error *err)
{
	if (delivery->mbox != NULL)
		return mbox_seal(delivery->mbox, letters, count, err);
	return maildir_seal(delivery->maildir, err);
}

bool delivery_publish(struct delivery *delivery, struct error *err)
{
	if (delivery->mbox != NULL)
		return mbox_publish(delivery->mbox, err);
	return maildir_publish(delivery->maildir, err);
}

void delivery_abandon(struct delivery *delivery)
{
	if (delivery->mbox != NULL)
		mbox_abandon(delivery->mbox);
	else
		maildir_abandon(delivery->maildir);
}

static bool digest_is(struct delivery *delivery, const struct letter *letter)
{
	unsigned char sha256[DIGEST_LENGTH];

	digest_finish(delivery->digest, sha256);
	return memcmp(sha256, letter->sha256, sizeof sha256) == 0;
}

/* An mbox is read under its lock; its digests are made with one of their own.
 */
static bool mbox_has(struct mbox *mbox, const struct letter *letters,
	size_t count, bool *there, struct error *err)
{
	struct digest *digest = digest_new();
	unsigned char sha256[DIGEST_LENGTH];
	bool ok = mbox_lock(mbox, err);

	for (size_t i = 0; ok && i < count; i++) {
		if (!there[i])
			continue;
		digest_restart(digest);
		there[i] = mbox_read(mbox, &letters[i], hash, digest) ==
			MBOX_WHOLE;
		digest_finish(digest, sha256);
		there[i] = there[i] &&
			memcmp(sha256, letters[i].sha256, sizeof sha256) == 0;
	}
	mbox_unlock(mbox);
	digest_free(digest);
	return ok;
}

/* Is what the open file holds, which is closed, what the letter says? */
static bool holds(int fd, const struct letter *letter)
{
	struct digest *digest = digest_new();
	unsigned char sha256[DIGEST_LENGTH];
	char *block = xmalloc(BLOCK);
	ssize_t n;

	do {
		n = read(fd, block, BLOCK);
		if (n > 0)
			digest_update(digest, block, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	digest_finish(digest, sha256);
	digest_free(digest);
	free(block);
	close(fd);
	return n == 0 && memcmp(sha256, letter->sha256, sizeof sha256) == 0;
}

/* So many at once: each is open for a moment. */
#define FOUND_MAX 32

static bool maildir_has(struct maildir *maildir, const struct letter *letters,
	size_t count, bool *there, struct error *err)
{
	struct letter wanted[FOUND_MAX];
	size_t at[FOUND_MAX];
	int fds[FOUND_MAX];
	size_t n = 0;
	bool ok = true;

	for (size_t i = 0; ok && i < count; i++) {
		if (there[i]) {
			wanted[n] = letters[i];
			at[n++] = i;
		}
		if (n == 0 || (n < FOUND_MAX && i + 1 < count))
			continue;
		ok = maildir_open_found(maildir, wanted, n, fds, err);
		for (size_t k = 0; k < n; k++)
			there[at[k]] = fds[k] >= 0 && holds(fds[k], &wanted[k]);
		n = 0;
	}
	return ok;
}

bool delivery_has(struct delivery *delivery, const struct letter *letters,
	size_t count, bool *there, struct error *err)
{
	if (delivery->mbox != NULL)
		return mbox_has(delivery->mbox, letters, count, there, err);
	return maildir_has(delivery->maildir, letters, count, there, err);
}

/* Is the file in tmp/ what the store says it is? */
static bool file_matches(struct delivery *delivery, const struct letter *letter)
{
	int fd = maildir_read(delivery->maildir, letter);

	return fd >= 0 && holds(fd, letter);
}

/* Is it the file of a letter before it, too? */
static bool is_named_before(const struct letter *letters, size_t i)
{
	size_t k = 0;

	while (strcmp(letters[k].name, letters[i].name) != 0)
		k++;
	return k < i;
}

static bool recover_maildir(struct delivery *delivery,
	const struct letter *letters, size_t count, bool *arrived,
	struct error *err)
{
	struct maildir *maildir = delivery->maildir;
	enum maildir_found *found = xcalloc(count, sizeof found[0]);
	bool ok = maildir_locate(maildir, letters, count, found, err);

	for (size_t i = 0; ok && i < count; i++) {
		switch (found[i]) {
		case MAILDIR_GONE:
			arrived[i] = false;
			break;
		case MAILDIR_ARRIVED:
			arrived[i] = true;
			break;
		case MAILDIR_WAITING:
			arrived[i] = file_matches(delivery, &letters[i]);
			/* Of two of the same text, one file was made. */
			if (is_named_before(letters, i))
				break;
			if (arrived[i])
				maildir_resume(maildir, &letters[i]);
			else
				maildir_discard(maildir, &letters[i]);
			break;
		}
	}
	free(found);
	return ok && maildir_publish(maildir, err);
}

struct tail {
	struct header header;
	struct digest *head;
};

static void take_tail(void *data, const char *bytes, size_t length)
{
	struct tail *tail = data;

	feed_header(&tail->header, tail->head, bytes, length);
}

/*
 * Is what lies at the end of the mbox, from the letter's place on, the letter's
 * torn beginning? Another account's keepmail may have appended mail of the same
 * sender in the same second, so that its From_ line proves nothing: its header
 * must be the letter's, or be torn itself. An empty message has none. When in
 * doubt it is not.
 */
static bool is_torn(struct delivery *delivery, const struct letter *letter)
{
	struct tail *tail;
	unsigned char sha256[DIGEST_LENGTH];

	if ((letter->head_octets == 0 && letter->octets > 0) ||
		!mbox_is_torn(delivery->mbox, letter))
		return false;
	tail = xmalloc(sizeof *tail);
	header_init(&tail->header);
	tail->head = delivery->head;
	digest_restart(tail->head);
	mbox_read(delivery->mbox, letter, take_tail, tail);
	digest_finish(tail->head, sha256);
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
static bool recover_mbox(struct delivery *delivery,
	const struct letter *letters, size_t count, bool *arrived,
	struct error *err)
{
	struct mbox *mbox = delivery->mbox;
	bool ok = mbox_lock(mbox, err);

	for (size_t i = 0; ok && i < count; i++) {
		digest_restart(delivery->digest);
		arrived[i] = mbox_read(mbox, &letters[i], hash,
				     delivery->digest) == MBOX_WHOLE &&
			digest_is(delivery, &letters[i]);
		if (arrived[i] || !is_torn(delivery, &letters[i]))
			continue;
		ok = mbox_cut(mbox, letters[i].offset, err);
	}
	/* What a killed run wrote may not be durable yet. */
	ok = ok && mbox_sync(mbox, err);
	mbox_unlock(mbox);
	return ok;
}

bool delivery_recover(struct delivery *delivery, const struct letter *letters,
	size_t count, bool *arrived, struct error *err)
{
	if (count == 0)
		return true;
	if (delivery->mbox != NULL)
		return recover_mbox(delivery, letters, count, arrived, err);
	return recover_maildir(delivery, letters, count, arrived, err);
}
