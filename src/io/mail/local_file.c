/* SPDX-License-Identifier: ISC */
#include "io/mail/local_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/hash.h"
#include "core/header.h"
#include "core/maildir_name.h"
#include "core/plain.h"
#include "core/xalloc.h"
#include "io/process/digest.h"

#define BLOCK (128 * 1024)
/* Most headers are shorter than this. */
#define HEADER_BLOCK (16 * 1024)

/*
 * The format of a note, in host byte order. Change it whenever the struct below
 * changes.
 */
#define NOTE_KIND UINT64_C(0x6b6d66696c650001)

/* Seconds; a change within the same clock tick leaves the time unchanged. */
#define SETTLED_AFTER 2

struct entry {
	uint64_t name; /* a hash */
	uint64_t inode;
	uint64_t size;
	int64_t changed[2]; /* mtime: seconds, nanoseconds */
	uint64_t id_hash;
	uint64_t identified;
	unsigned char sha256[LETTER_DIGEST];
};

struct local_files {
	struct entry *known; /* owned; by name */
	size_t known_count;
	struct entry *now; /* owned; recalled or added */
	size_t count;
	size_t room;
	bool news; /* there is something new to note */
};

/* Collisions are harmless: a file is recognised by more than its name. */
static uint64_t hash_text(const char *text, size_t length)
{
	static const uint64_t key[2] = {0x6b656570, 0x6d61696c};

	return hash_octets(key, text, length);
}

uint64_t local_id_hash(const char *message_id)
{
	size_t n = strlen(message_id);
	uint64_t hash = n == 0 ? 0 : hash_text(message_id, n);

	return n > 0 && hash == 0 ? 1 : hash;
}

static void hash(void *data, const char *bytes, size_t length)
{
	digest_update(data, bytes, length);
}

/* Does not block on a FIFO or device. Returns -1 with errno on failure. */
static int open_file(const char *path)
{
	struct stat st;
	int fd;

	do
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	while (fd < 0 && errno == EINTR);
	if (fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)))
		return fd;
	close(fd);
	errno = EINVAL;
	return -1;
}

static ssize_t read_block(int fd, char *block, size_t size)
{
	ssize_t n;

	do
		n = read(fd, block, size);
	while (n < 0 && errno == EINTR);
	return n;
}

uint64_t local_count_lines(const char *bytes, size_t length)
{
	const char *end = bytes + length;
	uint64_t lines = 0;

	while ((bytes = memchr(bytes, '\n', (size_t)(end - bytes))) != NULL) {
		lines++;
		bytes++;
	}
	return lines;
}

/* The state while a file is read. */
struct reading {
	struct header header;
	struct plain plain;
	struct digest *text;	   /* owned; NULL: only the header is read */
	struct digest *plain_text; /* owned */
	uint64_t plain_octets;
	uint64_t plain_lines;
	struct digest *identity; /* owned */
};

static void take_plain(void *data, const char *bytes, size_t length)
{
	struct reading *reading = data;

	digest_update(reading->plain_text, bytes, length);
	reading->plain_octets += length;
	reading->plain_lines += local_count_lines(bytes, length);
}

static void reading_init(struct reading *reading, bool whole)
{
	reading->text = whole ? digest_new() : NULL;
	reading->plain_text = whole ? digest_new() : NULL;
	reading->identity = digest_new();
	header_init(&reading->header);
	reading->header.identity = hash;
	reading->header.data = reading->identity;
	reading->plain_octets = reading->plain_lines = 0;
	plain_init(&reading->plain, take_plain, reading);
}

static void reading_release(struct reading *reading)
{
	digest_free(reading->text);
	digest_free(reading->plain_text);
	digest_free(reading->identity);
	free(reading);
}

enum local_state local_file_read(
	const char *path, struct letter *letter, struct letter *plain)
{
	int fd = open_file(path);
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? LOCAL_GONE : LOCAL_UNREADABLE;
	char *block = xmalloc(BLOCK);
	struct reading *reading = xmalloc(sizeof *reading);

	reading_init(reading, true);
	*letter = (struct letter){.octets = 0};
	while ((n = read_block(fd, block, BLOCK)) > 0) {
		digest_update(reading->text, block, (size_t)n);
		header_feed(&reading->header, block, (size_t)n);
		plain_feed(&reading->plain, block, (size_t)n);
		letter->octets += (uint64_t)n;
		letter->lines += local_count_lines(block, (size_t)n);
	}
	int saved = errno;

	header_end(&reading->header);
	plain_end(&reading->plain);
	digest_finish(reading->text, letter->sha256);
	digest_finish(reading->identity, letter->header_sha256);
	letter->identified = header_is_identity(&reading->header);
	memcpy(letter->message_id, reading->header.message_id,
		sizeof letter->message_id);
	*plain = *letter;
	plain->octets = reading->plain_octets;
	plain->lines = reading->plain_lines;
	digest_finish(reading->plain_text, plain->sha256);
	reading_release(reading);
	free(block);
	close(fd);
	errno = saved;
	return n < 0 ? LOCAL_UNREADABLE : LOCAL_HERE;
}

enum local_state local_file_header(
	const char *path, struct local_header *header)
{
	int fd = open_file(path);
	char block[HEADER_BLOCK];
	ssize_t n = 0;

	if (fd < 0)
		return errno == ENOENT ? LOCAL_GONE : LOCAL_UNREADABLE;
	struct reading *reading = xmalloc(sizeof *reading);

	reading_init(reading, false);
	while (!reading->header.done &&
		(n = read_block(fd, block, sizeof block)) > 0)
		header_feed(&reading->header, block, (size_t)n);
	int saved = errno;

	header_end(&reading->header);
	digest_finish(reading->identity, header->sha256);
	header->identified = header_is_identity(&reading->header);
	header->id_hash = local_id_hash(reading->header.message_id);
	reading_release(reading);
	close(fd);
	errno = saved;
	return n < 0 ? LOCAL_UNREADABLE : LOCAL_HERE;
}

/* ---- notes about a directory --------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	uint64_t x = ((const struct entry *)a)->name;
	uint64_t y = ((const struct entry *)b)->name;

	return x < y ? -1 : x > y;
}

struct local_files *local_files_new(const void *note, size_t length)
{
	struct local_files *files = xcalloc(1, sizeof *files);
	uint64_t kind = 0;

	if (note != NULL && length >= sizeof kind)
		memcpy(&kind, note, sizeof kind);
	length -= length >= sizeof kind ? sizeof kind : length;
	if (kind != NOTE_KIND || length == 0 ||
		length % sizeof files->known[0] != 0)
		return files;
	files->known_count = length / sizeof files->known[0];
	files->known = xcalloc(files->known_count, sizeof files->known[0]);
	memcpy(files->known, (const char *)note + sizeof kind, length);
	/* It was written in this order; but do not rely on that. */
	qsort(files->known, files->known_count, sizeof files->known[0],
		by_name);
	return files;
}

void local_files_free(struct local_files *files)
{
	if (files == NULL)
		return;
	free(files->known);
	free(files->now);
	free(files);
}

static void add_entry(struct local_files *files, const struct entry *entry)
{
	if (files->count == files->room) {
		files->room = files->room > 0 ? files->room * 2 : 64;
		files->now = xreallocarray(
			files->now, files->room, sizeof files->now[0]);
	}
	files->now[files->count++] = *entry;
}

static struct entry entry_of(const char *name, const struct stat *st)
{
	struct entry entry;

	memset(&entry, 0, sizeof entry);
	entry.name = hash_text(name, maildir_name_base(name));
	entry.inode = (uint64_t)st->st_ino;
	entry.size = (uint64_t)st->st_size;
	entry.changed[0] = (int64_t)st->st_mtim.tv_sec;
	entry.changed[1] = (int64_t)st->st_mtim.tv_nsec;
	return entry;
}

bool local_files_recall(struct local_files *files, const char *name,
	const struct stat *st, struct local_header *header)
{
	struct entry now = entry_of(name, st);
	const struct entry *found = files->known_count == 0
		? NULL
		: bsearch(&now, files->known, files->known_count,
			  sizeof files->known[0], by_name);

	if (found == NULL || found->inode != now.inode ||
		found->size != now.size ||
		memcmp(found->changed, now.changed, sizeof now.changed) != 0)
		return false;
	memcpy(header->sha256, found->sha256, sizeof header->sha256);
	header->id_hash = found->id_hash;
	header->identified = found->identified != 0;
	add_entry(files, found);
	return true;
}

void local_files_add(struct local_files *files, const char *name,
	const struct stat *st, const struct local_header *header)
{
	struct entry entry = entry_of(name, st);

	if (st->st_mtim.tv_sec + SETTLED_AFTER > time(NULL))
		return;
	entry.id_hash = header->id_hash;
	entry.identified = header->identified;
	memcpy(entry.sha256, header->sha256, sizeof entry.sha256);
	add_entry(files, &entry);
	files->news = true;
}

void *local_files_note(struct local_files *files, size_t *length)
{
	const uint64_t kind = NOTE_KIND;

	if (!files->news)
		return NULL;
	qsort(files->now, files->count, sizeof files->now[0], by_name);
	*length = sizeof kind + files->count * sizeof files->now[0];
	char *note = xmalloc(*length);

	memcpy(note, &kind, sizeof kind);
	memcpy(note + sizeof kind, files->now,
		files->count * sizeof files->now[0]);
	return note;
}
