/* SPDX-License-Identifier: ISC */
#include "maildrops.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Octets with CRLF line ends, the last one included. */
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
	drops->entries = realloc(
		drops->entries, (drops->count + 1) * sizeof drops->entries[0]);
	if (drops->entries == NULL)
		abort();
	drops->entries[drops->count++] = *entry;
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
		struct entry entry = {.deleted = false};
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
}

static int head(char *text, size_t size, long number)
{
	return snprintf(text, size,
		"Return-Path: <alice@example.org>\r\n"
		"Message-ID: <%09ld@example.org>\r\n"
		"From: Alice <alice@example.org>\r\n"
		"Subject: made-up message %09ld\r\n"
		"\r\n",
		number, number);
}

static void make_up(struct maildrops *drops, long count, size_t size)
{
	static const char dot[] = "..a line that begins with a dot\r\n";
	static const char from[] =
		"From here on mbox writers have to quote\r\n";
	char text[1024];
	size_t used = (size_t)head(text, sizeof text, 1);

	drops->body = malloc(size + 4096);
	if (drops->body == NULL)
		abort();
	memcpy(drops->body, dot, sizeof dot - 1);
	memcpy(drops->body + sizeof dot - 1, from, sizeof from - 1);
	drops->body_length = sizeof dot + sizeof from - 2;
	for (long line = 0; drops->body_length + used < size; line++)
		drops->body_length += (size_t)snprintf(
			drops->body + drops->body_length, 128,
			"line %07ld the quick brown fox jumps over the lazy "
			"dog 0123456789\r\n",
			line);
	drops->body_size = drops->body_length - 1;
	for (long i = 1; i <= count; i++) {
		struct entry entry = {.synthetic = i};

		snprintf(text, sizeof text, "%08lx6553f100", (unsigned long)i);
		entry.uid = strdup(text);
		entry.size = used + drops->body_size;
		add(drops, &entry);
	}
}

void maildrops_open(struct maildrops *drops, const char *folder, long count,
	size_t size, bool twice)
{
	memset(drops, 0, sizeof *drops);
	if (folder != NULL)
		open_folder(drops, folder);
	else
		make_up(drops, count, size);
	for (size_t i = 1; twice && i < drops->count; i += 2) {
		free(drops->entries[i].uid);
		drops->entries[i].uid = strdup(drops->entries[i - 1].uid);
	}
}

void maildrops_close(struct maildrops *drops)
{
	for (size_t i = 0; i < drops->count; i++) {
		free(drops->entries[i].uid);
		free(drops->entries[i].path);
	}
	free(drops->entries);
	free(drops->body);
}

static bool send_file(const struct entry *entry, struct wire *wire, long top)
{
	size_t length;
	char *bytes = read_file(entry->path, &length);
	bool in_body = false;
	bool ok = true;

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

bool maildrops_send(struct maildrops *drops, const struct entry *entry,
	struct wire *wire, long top)
{
	char text[1024];

	if (entry->path != NULL)
		return send_file(entry, wire, top);
	int n = head(text, sizeof text, entry->synthetic);

	return wire_put(wire, text, (size_t)n) &&
		(top >= 0 || wire_put(wire, drops->body, drops->body_length)) &&
		wire_put(wire, ".\r\n", 3);
}
