/* SPDX-License-Identifier: ISC */
#include "maildrops.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *read_file(const char *path, size_t *length)
{
	FILE *file = fopen(path, "rb");
	size_t room = 1 << 16;
	char *bytes = malloc(room);
	size_t n;

	*length = 0;
	if (file == NULL || bytes == NULL) {
		perror(path);
		exit(1);
	}
	while ((n = fread(bytes + *length, 1, room - *length, file)) > 0) {
		*length += n;
		if (*length < room)
			continue;
		char *larger = realloc(bytes, room *= 2);

		if (larger == NULL)
			abort();
		bytes = larger;
	}
	fclose(file);
	return bytes;
}

/* The number of bytes with CRLF line ends, the last one included. */
static size_t wire_size(const char *bytes, size_t length)
{
	size_t size = length;

	for (size_t i = 0; i < length; i++)
		size += bytes[i] == '\n' && (i == 0 || bytes[i - 1] != '\r');
	if (length > 0 && bytes[length - 1] != '\n')
		size += 2;
	return size;
}

static int by_uid(const void *a, const void *b)
{
	return strcmp(
		((const struct entry *)a)->uid, ((const struct entry *)b)->uid);
}

static void add(struct maildrops *drops, const struct entry *entry)
{
	/* Room for 16, and twice as much each time a power of two is full. */
	if (drops->count == 0 ||
		(drops->count >= 16 &&
			(drops->count & (drops->count - 1)) == 0)) {
		size_t room = drops->count > 0 ? drops->count * 2 : 16;

		drops->entries = realloc(
			drops->entries, room * sizeof drops->entries[0]);
		if (drops->entries == NULL)
			abort();
	}
	drops->entries[drops->count++] = *entry;
	drops->octets += entry->size;
}

static void open_folder(struct maildrops *drops, const char *folder)
{
	DIR *dir = opendir(folder);
	char path[4096];

	if (dir == NULL) {
		perror(folder);
		exit(1);
	}
	for (struct dirent *file; (file = readdir(dir)) != NULL;) {
		struct entry entry;
		size_t length;

		if (file->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, file->d_name);
		char *bytes = read_file(path, &length);

		entry.uid = strdup(file->d_name);
		entry.path = strdup(path);
		entry.size = wire_size(bytes, length);
		free(bytes);
		add(drops, &entry);
	}
	closedir(dir);
	if (drops->count > 0)
		qsort(drops->entries, drops->count, sizeof drops->entries[0],
			by_uid);
	for (size_t i = 1; drops->twice && i < drops->count; i += 2) {
		free(drops->entries[i].uid);
		drops->entries[i].uid = strdup(drops->entries[i - 1].uid);
	}
}

static char *make_room(size_t size)
{
	char *bytes = malloc(size);

	if (bytes == NULL)
		abort();
	return bytes;
}

#define HEAD                                      \
	"Return-Path: <alice@example.org>\r\n"    \
	"Message-ID: <000000000@example.org>\r\n" \
	"From: Alice <alice@example.org>\r\n"     \
	"Subject: made-up message 000000000\r\n"  \
	"\r\n"
#define NUMBER "000000000"

/* Makes the message of which all others are copies, of about this size. */
static void make_message(struct maildrops *drops, size_t size)
{
	static const char start[] =
		"..a line that begins with a dot\r\n"
		"From here on mbox writers have to quote\r\n";
	char *body = make_room(size + 4096);
	size_t length = sizeof start - 1;

	memcpy(body, start, length);
	for (long line = 0; length + sizeof HEAD - 1 < size; line++)
		length += (size_t)snprintf(body + length, 128,
			"line %07ld the quick brown fox jumps over the lazy "
			"dog 0123456789\r\n",
			line);
	drops->size = sizeof HEAD - 1 + length - 1;
	struct made *message = &drops->message;

	message->bytes = make_room(length + 4096);
	drops->head_at = (size_t)snprintf(
		message->bytes, 4096, "+OK %zu octets\r\n", drops->size);
	drops->body_at = drops->head_at + sizeof HEAD - 1;
	memcpy(message->bytes + drops->head_at, HEAD, sizeof HEAD);
	for (size_t i = 0, from = drops->head_at; i < 2; i++) {
		drops->numbers[i] =
			(size_t)(strstr(message->bytes + from, NUMBER) -
				message->bytes);
		from = drops->numbers[i] + 1;
	}
	memcpy(message->bytes + drops->body_at, body, length);
	memcpy(message->bytes + drops->body_at + length, ".\r\n", 3);
	message->length = drops->body_at + length + 3;
	free(body);
}

static void make_up(struct maildrops *drops, size_t count, size_t size)
{
	char uid[MAILDROPS_UID_MAX];

	make_message(drops, size);
	drops->count = count;
	drops->octets = count * drops->size;
	drops->uidl.bytes = make_room(count * 32 + 16);
	drops->list.bytes = make_room(count * 48 + 16);
	drops->uidl.length = drops->list.length = 5;
	memcpy(drops->uidl.bytes, "+OK\r\n", 5);
	memcpy(drops->list.bytes, "+OK\r\n", 5);
	for (size_t i = 0; i < count; i++) {
		drops->uidl.length += (size_t)snprintf(
			drops->uidl.bytes + drops->uidl.length, 32,
			"%zu %s\r\n", i + 1, maildrops_uid(drops, i, uid));
		drops->list.length +=
			(size_t)snprintf(drops->list.bytes + drops->list.length,
				48, "%zu %zu\r\n", i + 1, drops->size);
	}
	memcpy(drops->uidl.bytes + drops->uidl.length, ".\r\n", 3);
	memcpy(drops->list.bytes + drops->list.length, ".\r\n", 3);
	drops->uidl.length += 3;
	drops->list.length += 3;
}

void maildrops_open(struct maildrops *drops, const char *folder, size_t count,
	size_t size, bool twice)
{
	memset(drops, 0, sizeof *drops);
	drops->twice = twice;
	if (folder != NULL)
		open_folder(drops, folder);
	else
		make_up(drops, count, size);
}

void maildrops_show(struct maildrops *drops, const char *hidden, size_t count)
{
	char path[4096];
	size_t shown = 0;

	drops->octets = 0;
	for (size_t i = 0; i < drops->count; i++) {
		struct entry *entry = &drops->entries[i];

		snprintf(path, sizeof path, "%s/%s", hidden, entry->uid);
		if (shown < count && access(path, F_OK) != 0) {
			drops->octets += entry->size;
			drops->entries[shown++] = *entry;
		} else {
			free(entry->uid);
			free(entry->path);
		}
	}
	drops->count = shown;
}

void maildrops_close(struct maildrops *drops)
{
	for (size_t i = 0; drops->entries != NULL && i < drops->count; i++) {
		free(drops->entries[i].uid);
		free(drops->entries[i].path);
	}
	free(drops->entries);
	free(drops->message.bytes);
	free(drops->uidl.bytes);
	free(drops->list.bytes);
}

const char *maildrops_uid(const struct maildrops *drops, size_t position,
	char room[MAILDROPS_UID_MAX])
{
	static const char digits[] = "0123456789abcdef";
	size_t number = position + 1;

	if (drops->entries != NULL)
		return drops->entries[position].uid;
	if (drops->twice && position % 2 == 1)
		number--;
	for (int i = 7; i >= 0; i--, number /= 16)
		room[i] = digits[number % 16];
	memcpy(room + 8, "6553f100", 9);
	return room;
}

size_t maildrops_size(const struct maildrops *drops, size_t position)
{
	return drops->entries != NULL ? drops->entries[position].size
				      : drops->size;
}

bool maildrops_list(const struct maildrops *drops, const bool *deleted,
	bool uids, struct wire *wire)
{
	const struct made *made = uids ? &drops->uidl : &drops->list;
	char uid[MAILDROPS_UID_MAX];

	if (made->bytes != NULL && deleted == NULL)
		return wire_put(wire, made->bytes, made->length);
	bool ok = wire_printf(wire, "+OK\r\n");

	for (size_t i = 0; ok && i < drops->count; i++) {
		if (deleted != NULL && deleted[i])
			continue;
		if (uids)
			ok = wire_printf(wire, "%zu %s\r\n", i + 1,
				maildrops_uid(drops, i, uid));
		else
			ok = wire_printf(wire, "%zu %zu\r\n", i + 1,
				maildrops_size(drops, i));
	}
	return ok && wire_put(wire, ".\r\n", 3);
}

static bool send_file(const struct entry *entry, struct wire *wire, long top)
{
	size_t length;
	char *bytes = read_file(entry->path, &length);
	bool in_body = false;
	bool ok = wire_printf(wire, "+OK %zu octets\r\n", entry->size);

	for (size_t i = 0; ok && i < length;) {
		const char *line = bytes + i;
		const char *lf = memchr(line, '\n', length - i);
		size_t n = lf == NULL ? length - i : (size_t)(lf - line);
		size_t text = n > 0 && line[n - 1] == '\r' ? n - 1 : n;

		if (in_body && top >= 0 && top-- == 0)
			break;
		in_body = in_body || text == 0;
		ok = (line[0] != '.' || text == 0 || wire_put(wire, ".", 1)) &&
			wire_put(wire, line, lf == NULL ? n : text) &&
			wire_put(wire, "\r\n", 2);
		i += n + 1;
	}
	free(bytes);
	return ok && wire_put(wire, ".\r\n", 3);
}

/* Writes a number in nine digits, without the cost of printf. */
static void write_number(char *to, size_t number)
{
	for (int i = 8; i >= 0; i--, number /= 10)
		to[i] = (char)('0' + number % 10);
}

bool maildrops_send(const struct maildrops *drops, size_t position,
	struct wire *wire, long top)
{
	const struct made *message = &drops->message;

	if (drops->entries != NULL)
		return send_file(&drops->entries[position], wire, top);
	/* Touches the page, so that this process has its own copy after the
	 * fork. */
	for (int i = 0; i < 2; i++)
		write_number(message->bytes + drops->numbers[i], position + 1);
	if (top < 0)
		return wire_put(wire, message->bytes, message->length);
	return wire_put(wire, message->bytes, drops->body_at) &&
		wire_put(wire, ".\r\n", 3);
}
