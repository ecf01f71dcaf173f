/* SPDX-License-Identifier: ISC */
#include "io/local.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/header.h"
#include "core/xalloc.h"
#include "io/digest.h"
#include "io/local_mbox.h"

#define BLOCK (128 * 1024)
/* Folders in folders, at most. */
#define DEPTH_MAX 32
/* Every name of ours has this (maildir.c). */
#define NAME_MARK "_keepmail."

struct file {
	char *name;	 /* owned; as it is in its directory */
	size_t base;	 /* octets of its base name */
	size_t position; /* of its directory */
	bool trashed;
};

struct seen {
	dev_t device;
	ino_t inode;
};

struct local {
	char **directories; /* owned */
	size_t directory_count;
	struct file *files; /* owned; by base name once they are sorted */
	size_t count;
	size_t room;
	bool sorted;
	struct local_mbox mboxes;
	struct seen *seen; /* owned; directories, so that none is twice */
	size_t seen_count;
};

struct local *local_new(const struct local_notes *notes)
{
	struct local *local = xcalloc(1, sizeof *local);

	local->mboxes.notes = notes;
	return local;
}

void local_forget_notes(struct local *local)
{
	local->mboxes.notes = NULL;
}

void local_free(struct local *local)
{
	if (local == NULL)
		return;
	for (size_t i = 0; i < local->directory_count; i++)
		free(local->directories[i]);
	for (size_t i = 0; i < local->count; i++)
		free(local->files[i].name);
	local_mbox_release(&local->mboxes);
	free(local->directories);
	free(local->seen);
	free(local->files);
	free(local);
}

static bool failed(const char *path, struct error *err)
{
	return error_set(err, errno == ENOENT ? ERROR_DATA : ERROR_WRITE,
		"cannot look through %s: %s", path, strerror(errno));
}

/* Up to the flags: ours have letters, digits, '.', '-' and '_' only. */
static size_t base_length(const char *name)
{
	size_t n = 0;

	while (isalnum((unsigned char)name[n]) || name[n] == '.' ||
		name[n] == '-' || name[n] == '_')
		n++;
	return n;
}

static bool has_trash_flag(const char *flags)
{
	const char *info = strstr(flags, "2,");

	return info != NULL && strchr(info, 'T') != NULL;
}

static void add_file(struct local *local, const char *name, bool trashed)
{
	size_t base = base_length(name);

	if (strstr(name, NAME_MARK) == NULL)
		return;
	if (local->count == local->room) {
		local->room = local->room > 0 ? local->room * 2 : 256;
		local->files = xreallocarray(
			local->files, local->room, sizeof local->files[0]);
	}
	local->files[local->count++] = (struct file){
		.name = xstrdup(name),
		.base = base,
		.position = local->directory_count - 1,
		.trashed = trashed || has_trash_flag(name + base),
	};
	local->sorted = false;
}

static bool is_trash(const char *name, const char *path, const char *trash)
{
	if (trash != NULL)
		return strcmp(path, trash) == 0;
	return strcmp(name, "Trash") == 0 || strcmp(name, ".Trash") == 0;
}

/* A signal is no reason to know nothing. */
static DIR *open_directory(const char *path)
{
	DIR *dir;

	do
		dir = opendir(path);
	while (dir == NULL && errno == EINTR);
	return dir;
}

/* Reads the names in new/ or cur/. */
static bool look_in(
	struct local *local, const char *path, bool trashed, struct error *err)
{
	DIR *dir = open_directory(path);
	struct dirent *entry;

	if (dir == NULL)
		return failed(path, err);
	local->directories = xreallocarray(local->directories,
		local->directory_count + 1, sizeof local->directories[0]);
	local->directories[local->directory_count++] = xstrdup(path);
	errno = 0;
	while ((entry = readdir(dir)) != NULL)
		add_file(local, entry->d_name, trashed);
	bool ok = errno == 0 || failed(path, err);

	closedir(dir);
	return ok;
}

static bool walk(struct local *local, const char *path, const char *trash,
	bool trashed, unsigned depth, struct error *err);

static bool is_first_time(struct local *local, const struct stat *st)
{
	for (size_t i = 0; i < local->seen_count; i++) {
		if (local->seen[i].device == st->st_dev &&
			local->seen[i].inode == st->st_ino)
			return false;
	}
	local->seen = xreallocarray(
		local->seen, local->seen_count + 1, sizeof local->seen[0]);
	local->seen[local->seen_count++] =
		(struct seen){st->st_dev, st->st_ino};
	return true;
}

static bool look_at_entry(struct local *local, const char *path,
	const char *name, const char *trash, bool trashed, unsigned depth,
	struct error *err)
{
	struct stat st;
	bool ok = true;

	if (lstat(path, &st) < 0)
		return errno == ENOENT || failed(path, err);
	/* A folder may lie elsewhere; a link to nothing is nothing. */
	if (S_ISLNK(st.st_mode) && stat(path, &st) < 0)
		return errno == ENOENT || failed(path, err);
	if (S_ISDIR(st.st_mode) && !is_first_time(local, &st))
		return true;
	trashed = trashed || is_trash(name, path, trash);
	if (S_ISREG(st.st_mode))
		ok = local_mbox_look(&local->mboxes, path, trashed, err);
	else if (!S_ISDIR(st.st_mode) || strcmp(name, "tmp") == 0)
		return true;
	else if (strcmp(name, "new") == 0 || strcmp(name, "cur") == 0)
		ok = look_in(local, path, trashed, err);
	else
		ok = walk(local, path, trash, trashed, depth + 1, err);
	return ok;
}

static bool walk(struct local *local, const char *path, const char *trash,
	bool trashed, unsigned depth, struct error *err)
{
	DIR *dir = depth <= DEPTH_MAX ? open_directory(path) : NULL;
	struct dirent *entry;
	bool ok = true;

	if (depth > DEPTH_MAX)
		return error_set(err, ERROR_DATA,
			"%s lies in more than %d folders", path, DEPTH_MAX);
	if (dir == NULL)
		return failed(path, err);
	errno = 0;
	while (ok && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 ||
			strcmp(entry->d_name, "..") == 0)
			continue;
		char *below = xasprintf("%s/%s", path, entry->d_name);

		ok = look_at_entry(local, below, entry->d_name, trash, trashed,
			depth, err);
		free(below);
		errno = 0;
	}
	ok = ok && (errno == 0 || failed(path, err));
	closedir(dir);
	return ok;
}

bool local_look(struct local *local, const char *root, const char *trash,
	bool missing_ok, struct error *err)
{
	bool trashed = trash != NULL && strcmp(root, trash) == 0;
	struct stat st;

	local->seen_count = 0;

	if (stat(root, &st) < 0)
		return (errno == ENOENT && missing_ok) || failed(root, err);
	if (S_ISREG(st.st_mode))
		return local_mbox_look(&local->mboxes, root, trashed, err);
	return walk(local, root, trash, trashed, 0, err);
}

static int by_base(const void *a, const void *b)
{
	const struct file *x = a;
	const struct file *y = b;
	int order = strncmp(
		x->name, y->name, x->base < y->base ? x->base : y->base);

	if (order != 0)
		return order;
	return x->base < y->base ? -1 : x->base > y->base;
}

/* The file with this base name; one that is not trashed, if there are more. */
static const struct file *find_file(struct local *local, const char *name)
{
	struct file wanted = {.base = strlen(name)};
	const struct file *end = local->files + local->count;

	if (local->count == 0 || wanted.base == 0)
		return NULL;
	if (!local->sorted)
		qsort(local->files, local->count, sizeof local->files[0],
			by_base);
	local->sorted = true;
	wanted.name = xstrdup(name);
	const struct file *found = bsearch(&wanted, local->files, local->count,
		sizeof local->files[0], by_base);

	while (found != NULL && found > local->files &&
		by_base(found - 1, &wanted) == 0)
		found--;
	for (const struct file *next = found;
		next != NULL && next < end && by_base(next, &wanted) == 0;
		next++) {
		if (!next->trashed) {
			found = next;
			break;
		}
	}
	free(wanted.name);
	return found;
}

/* An mbox's letter has a From_ line for a name. */
static bool is_in_mbox(const struct letter *letter)
{
	return letter->length > 0;
}

enum local_state local_find(struct local *local, const struct letter *letter)
{
	if (is_in_mbox(letter))
		return local_mbox_find(&local->mboxes, letter);
	const struct file *file = find_file(local, letter->name);

	if (file == NULL)
		return LOCAL_GONE;
	return file->trashed ? LOCAL_TRASHED : LOCAL_HERE;
}

static void hash(void *data, const char *bytes, size_t length)
{
	digest_update(data, bytes, length);
}

static uint64_t count_lines(const char *bytes, size_t length)
{
	const char *end = bytes + length;
	uint64_t lines = 0;

	while ((bytes = memchr(bytes, '\n', (size_t)(end - bytes))) != NULL) {
		lines++;
		bytes++;
	}
	return lines;
}

/* Reads a file: what is in it, as delivery would tell. */
static enum local_state read_file(const char *path, struct letter *letter)
{
	struct header *header;
	struct digest *digest;
	struct digest *identity;
	ssize_t n;
	int fd;

	do
		fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return errno == ENOENT ? LOCAL_GONE : LOCAL_UNREADABLE;
	char *block = xmalloc(BLOCK);

	header = xmalloc(sizeof *header);
	header_init(header);
	digest = digest_new();
	identity = digest_new();
	header->identity = hash;
	header->data = identity;
	do {
		n = read(fd, block, BLOCK);
		if (n <= 0)
			continue;
		digest_update(digest, block, (size_t)n);
		header_feed(header, block, (size_t)n);
		letter->octets += (uint64_t)n;
		letter->lines += count_lines(block, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	header_end(header);
	digest_finish(digest, letter->sha256);
	digest_finish(identity, letter->header_sha256);
	letter->identified = header_is_identity(header);
	memcpy(letter->message_id, header->message_id,
		sizeof letter->message_id);
	digest_free(digest);
	digest_free(identity);
	free(header);
	free(block);
	close(fd);
	return n < 0 ? LOCAL_UNREADABLE : LOCAL_HERE;
}

static char *path_of(const struct local *local, const struct file *file)
{
	return xasprintf(
		"%s/%s", local->directories[file->position], file->name);
}

char *local_path(struct local *local, const struct letter *letter)
{
	const struct file *file =
		is_in_mbox(letter) ? NULL : find_file(local, letter->name);

	return file == NULL ? NULL : path_of(local, file);
}

bool local_has_any(const struct local *local)
{
	return local->count > 0;
}

bool local_read(struct local *local,
	bool (*visit)(void *data, const struct letter *letter, int64_t since,
		struct error *err),
	void *data, const volatile sig_atomic_t *stop, struct error *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < local->count && !*stop; i++) {
		const struct file *file = &local->files[i];
		struct letter letter = {.octets = 0};
		char *path = path_of(local, file);

		if (file->base < sizeof letter.name &&
			read_file(path, &letter) == LOCAL_HERE) {
			memcpy(letter.name, file->name, file->base);
			/* Our names begin with the time. */
			ok = visit(data, &letter,
				(int64_t)strtoll(file->name, NULL, 10), err);
		}
		free(path);
	}
	ok = ok && local_mbox_read(&local->mboxes, visit, data, err);
	if (ok && *stop)
		return error_set(err, ERROR_TEMPORARY, "ended by a signal");
	return ok;
}

enum local_state local_verify(struct local *local, const struct letter *letter)
{
	if (is_in_mbox(letter))
		return local_mbox_verify(&local->mboxes, letter);
	const struct file *file = find_file(local, letter->name);

	if (file == NULL)
		return LOCAL_GONE;
	char *path = path_of(local, file);
	struct letter found = {.octets = 0};
	enum local_state state = read_file(path, &found);

	free(path);
	if (state != LOCAL_HERE)
		return state;
	return memcmp(found.sha256, letter->sha256, LETTER_DIGEST) == 0
		? LOCAL_HERE
		: LOCAL_CHANGED;
}
