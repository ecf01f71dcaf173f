/* SPDX-License-Identifier: ISC */
#include "io/mail/local_note.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/xalloc.h"
#include "io/process/digest.h"

/*
 * The format of a note, in host byte order, because notes are not shared
 * between machines. Change it whenever the structs change.
 */
#define NOTE_KIND UINT64_C(0x6b6d626f78000002)

/* Seconds; a change within the same clock tick leaves the time unchanged. */
#define SETTLED_AFTER 2

struct stamp {
	uint64_t kind;
	uint64_t device;
	uint64_t inode;
	uint64_t size;
	int64_t changed[4]; /* mtime and ctime: seconds, nanoseconds */
	uint64_t count;
	/* The digest of the last message's bytes in the file. */
	unsigned char last_sha256[DIGEST_LENGTH];
};

struct entry {
	uint64_t at;
	uint64_t length;
	int64_t since;
	unsigned char header_sha256[DIGEST_LENGTH];
	uint64_t id_hash;
	uint64_t identified; /* if false, its texts follow */
};

#define TEXTS_LENGTH (LOCAL_TEXTS * LETTER_DIGEST)

static struct stamp stamp_of(const struct stat *st)
{
	struct stamp stamp;

	memset(&stamp, 0, sizeof stamp);
	stamp.kind = NOTE_KIND;
	stamp.device = (uint64_t)st->st_dev;
	stamp.inode = (uint64_t)st->st_ino;
	stamp.size = (uint64_t)st->st_size;
	stamp.changed[0] = (int64_t)st->st_mtim.tv_sec;
	stamp.changed[1] = (int64_t)st->st_mtim.tv_nsec;
	stamp.changed[2] = (int64_t)st->st_ctim.tv_sec;
	stamp.changed[3] = (int64_t)st->st_ctim.tv_nsec;
	return stamp;
}

/* Returns the digest of a part of the file; false if the file is shorter. */
static bool digest_part(int fd, uint64_t at, uint64_t length,
	unsigned char sha256[DIGEST_LENGTH])
{
	struct digest *digest = digest_new();
	char block[8192];

	while (length > 0) {
		size_t want = length < sizeof block ? length : sizeof block;
		ssize_t n = pread(fd, block, want, (off_t)at);

		if (n <= 0)
			break;
		digest_update(digest, block, (size_t)n);
		at += (uint64_t)n;
		length -= (uint64_t)n;
	}
	digest_finish(digest, sha256);
	digest_free(digest);
	return length == 0;
}

static char *append_bytes(char *to, const void *bytes, size_t length)
{
	memcpy(to, bytes, length);
	return to + length;
}

void *local_note_make(int fd, const struct local_message *messages,
	size_t count, size_t *length)
{
	const struct local_message *last = &messages[count - 1];
	size_t texts = 0;
	struct stat st;

	if (fstat(fd, &st) < 0 ||
		st.st_mtim.tv_sec + SETTLED_AFTER > time(NULL) ||
		st.st_ctim.tv_sec + SETTLED_AFTER > time(NULL) ||
		last->at + last->length != (uint64_t)st.st_size)
		return NULL;
	struct stamp stamp = stamp_of(&st);

	if (!digest_part(fd, last->at, last->length, stamp.last_sha256))
		return NULL;
	stamp.count = count;
	for (size_t i = 0; i < count; i++)
		texts += !messages[i].identified;
	*length = sizeof stamp + count * sizeof(struct entry) +
		texts * TEXTS_LENGTH;
	char *note = xmalloc(*length);
	char *to = append_bytes(note, &stamp, sizeof stamp);

	for (size_t i = 0; i < count; i++) {
		const struct local_message *message = &messages[i];
		struct entry entry = {
			.at = message->at,
			.length = message->length,
			.since = message->since,
			.id_hash = message->id_hash,
			.identified = message->identified,
		};

		memcpy(entry.header_sha256, message->header_sha256,
			sizeof entry.header_sha256);
		to = append_bytes(to, &entry, sizeof entry);
		if (!message->identified)
			to = append_bytes(to, message->texts, TEXTS_LENGTH);
	}
	return note;
}

/* Reads a number of bytes from the note, if it has that many. */
static bool read_bytes(
	const char **note, size_t *length, void *to, size_t wanted)
{
	if (*length < wanted)
		return false;
	memcpy(to, *note, wanted);
	*note += wanted;
	*length -= wanted;
	return true;
}

/* The messages must be in order, and within the size that the file had. */
static struct local_message *read_entries(
	const char *note, size_t length, const struct stamp *stamp)
{
	struct local_message *messages =
		xcalloc(stamp->count, sizeof messages[0]);
	uint64_t end = 0;
	bool ok = true;

	for (size_t i = 0; ok && i < stamp->count; i++) {
		struct local_message *message = &messages[i];
		struct entry entry;

		ok = read_bytes(&note, &length, &entry, sizeof entry) &&
			entry.at >= end && entry.length > 0 &&
			entry.length <= stamp->size &&
			entry.at <= stamp->size - entry.length;
		if (!ok)
			break;
		end = entry.at + entry.length;
		message->at = entry.at;
		message->length = entry.length;
		message->since = entry.since;
		message->id_hash = entry.id_hash;
		message->identified = entry.identified != 0;
		memcpy(message->header_sha256, entry.header_sha256,
			LETTER_DIGEST);
		ok = message->identified ||
			read_bytes(
				&note, &length, message->texts, TEXTS_LENGTH);
	}
	if (ok && end == stamp->size && length == 0)
		return messages;
	free(messages);
	return NULL;
}

static bool is_same_file(const struct stamp *then, const struct stamp *now)
{
	return then->kind == now->kind && then->device == now->device &&
		then->inode == now->inode;
}

struct local_message *local_note_read(
	int fd, const void *note, size_t length, size_t *count, uint64_t *from)
{
	const char *at = note;
	unsigned char sha256[DIGEST_LENGTH];
	struct stamp then;
	struct stat st;

	if (fstat(fd, &st) < 0 || !read_bytes(&at, &length, &then, sizeof then))
		return NULL;
	struct stamp now = stamp_of(&st);
	bool same = then.size == now.size &&
		memcmp(then.changed, now.changed, sizeof now.changed) == 0;

	if (!is_same_file(&then, &now) || then.count == 0 ||
		then.count > length / sizeof(struct entry) ||
		(!same && now.size <= then.size))
		return NULL;
	struct local_message *messages = read_entries(at, length, &then);

	*count = then.count;
	*from = now.size;
	if (same || messages == NULL)
		return messages;
	/* If the last message is where it was, so are the others: a mail reader
	 * that removes a message moves all those after it. The last message may
	 * have grown. */
	const struct local_message *last = &messages[--*count];

	*from = last->at;
	if (digest_part(fd, last->at, last->length, sha256) &&
		memcmp(sha256, then.last_sha256, sizeof sha256) == 0)
		return messages;
	free(messages);
	return NULL;
}
