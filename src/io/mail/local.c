/* SPDX-License-Identifier: ISC */

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/maildir_name.h"
#include "core/xalloc.h"
#include "io/mail/entries.h"
#include "io/mail/local_internal.h"

/* The deepest nesting of folders that is searched. */
#define DEPTH_MAX 32

struct local *local_new(const struct local_notes *notes)
{
	struct local *local = xcalloc(1, sizeof *local);

	local->mboxes.notes = local->notes = notes;
	return local;
}

void local_look_again(struct local *local, bool use_notes)
{
	for (size_t i = 0; i < local->directory_count; i++)
		free(local->directories[i]);
	for (size_t i = 0; i < local->count; i++)
		free(local->files[i].name);
	local_mbox_release(&local->mboxes);
	local->mboxes.notes = use_notes ? local->notes : NULL;
	local->directory_count = local->count = local->searched_count = 0;
	local->stranger_count = local->blind_count = 0;
	free(local->blind);
	local->blind = NULL;
	local->sorted = false;
}

void local_free(struct local *local)
{
	if (local == NULL)
		return;
	local_look_again(local, false);
	free(local->directories);
	free(local->searched);
	free(local->files);
	free(local->strangers);
	free(local->by_id);
	free(local);
}

static bool failed(const char *path, struct error *err)
{
	return error_set(err, errno == ENOENT ? ERROR_DATA : ERROR_WRITE,
		"cannot read %s: %s", path, strerror(errno));
}

bool local_be_blind(struct local *local, const char *path)
{
	if (errno == ENOENT)
		return true;
	if (local->blind_count++ == 0)
		local->blind = xasprintf("%s: %s", path, strerror(errno));
	return true;
}

const char *local_blind(const struct local *local)
{
	return local->blind;
}

static void add_file(struct local *local, const char *name, bool trashed)
{
	if (!maildir_name_is_message(name))
		return;
	if (local->count == local->room) {
		local->room = local->room > 0 ? local->room * 2 : 256;
		local->files = xreallocarray(
			local->files, local->room, sizeof local->files[0]);
	}
	local->files[local->count++] = (struct file){
		.name = xstrdup(name),
		.base = maildir_name_base(name),
		.position = local->directory_count - 1,
		.trashed = trashed || maildir_name_is_trashed(name),
	};
	local->sorted = false;
}

static bool is_trash(const char *name, const char *path, const char *trash)
{
	if (trash != NULL)
		return strcmp(path, trash) == 0;
	return strcmp(name, "Trash") == 0 || strcmp(name, ".Trash") == 0;
}

/* Retries when interrupted by a signal. */
static DIR *open_directory(const char *path)
{
	DIR *dir;

	do
		dir = opendir(path);
	while (dir == NULL && errno == EINTR);
	return dir;
}

/* Reads the names in new/ or cur/. */
static bool read_names(struct local *local, const char *path, bool trashed)
{
	DIR *dir = open_directory(path);
	struct dirent *entry;

	if (dir == NULL)
		return local_be_blind(local, path);
	local->directories = xreallocarray(local->directories,
		local->directory_count + 1, sizeof local->directories[0]);
	local->directories[local->directory_count++] = xstrdup(path);
	while ((entry = entries_next(dir)) != NULL)
		add_file(local, entry->d_name, trashed);
	if (errno != 0)
		local_be_blind(local, path);
	closedir(dir);
	return true;
}

static bool is_first_time(struct local *local, const struct stat *st)
{
	for (size_t i = 0; i < local->searched_count; i++) {
		if (local->searched[i].device == st->st_dev &&
			local->searched[i].inode == st->st_ino)
			return false;
	}
	local->searched = xreallocarray(local->searched,
		local->searched_count + 1, sizeof local->searched[0]);
	local->searched[local->searched_count++] =
		(struct searched){st->st_dev, st->st_ino};
	return true;
}

/* The state of a search in one directory. */
struct look {
	const char *trash; /* borrowed, or NULL */
	bool trashed;	   /* everything here is trashed */
	unsigned depth;
};

static bool walk(struct local *local, const char *path, struct look look);

static bool look_at_file(struct local *local, const char *path,
	const struct stat *st, bool trashed)
{
	bool empty = st->st_size == 0;

	if ((!empty && !is_first_time(local, st)) ||
		local_mbox_look(&local->mboxes, path, trashed))
		return true;
	/* An empty file holds no mail, whoever may read it. */
	return (empty && errno == EACCES) || local_be_blind(local, path);
}

static bool look_at_entry(struct local *local, const char *path,
	const char *name, struct look look)
{
	struct stat st;

	/* Folders and mboxes may be symbolic links; a dangling one is
	 * ignored. */
	if (stat(path, &st) < 0)
		return local_be_blind(local, path);
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return true;
	look.trashed = look.trashed || is_trash(name, path, look.trash);
	look.depth++;
	if (S_ISREG(st.st_mode))
		return look_at_file(local, path, &st, look.trashed);
	if (strcmp(name, "tmp") == 0 || !is_first_time(local, &st))
		return true;
	if (strcmp(name, "new") == 0 || strcmp(name, "cur") == 0)
		return read_names(local, path, look.trashed);
	return walk(local, path, look);
}

static bool walk(struct local *local, const char *path, struct look look)
{
	DIR *dir = look.depth <= DEPTH_MAX ? open_directory(path) : NULL;
	struct dirent *entry;

	if (look.depth > DEPTH_MAX)
		errno = ELOOP;
	if (dir == NULL)
		return local_be_blind(local, path);
	while ((entry = entries_next(dir)) != NULL) {
		char *below = xasprintf("%s/%s", path, entry->d_name);

		look_at_entry(local, below, entry->d_name, look);
		free(below);
	}
	if (errno != 0)
		local_be_blind(local, path);
	closedir(dir);
	return true;
}

bool local_look(struct local *local, const char *root, const char *trash,
	bool missing_ok, struct error *err)
{
	struct look look = {.trash = trash,
		.trashed = trash != NULL && strcmp(root, trash) == 0};
	struct stat st;

	if (stat(root, &st) < 0)
		return (errno == ENOENT && missing_ok) || failed(root, err);
	if (!is_first_time(local, &st))
		return true;
	if (S_ISREG(st.st_mode))
		return (local_mbox_is_free(root) &&
			       local_mbox_look(
				       &local->mboxes, root, look.trashed)) ||
			failed(root, err);
	if (access(root, R_OK | X_OK) < 0)
		return failed(root, err);
	return walk(local, root, look);
}

int local_by_base(const void *a, const void *b)
{
	const struct file *x = a;
	const struct file *y = b;
	int order = strncmp(
		x->name, y->name, x->base < y->base ? x->base : y->base);

	if (order != 0)
		return order;
	return x->base < y->base ? -1 : x->base > y->base;
}

struct file *local_find_file(struct local *local, const char *name)
{
	struct file wanted = {.base = strlen(name)};
	struct file *end = local->files + local->count;

	if (local->count == 0 || wanted.base == 0)
		return NULL;
	if (!local->sorted)
		qsort(local->files, local->count, sizeof local->files[0],
			local_by_base);
	local->sorted = true;
	wanted.name = xstrdup(name);
	struct file *found = bsearch(&wanted, local->files, local->count,
		sizeof local->files[0], local_by_base);

	while (found != NULL && found > local->files &&
		local_by_base(found - 1, &wanted) == 0)
		found--;
	for (struct file *next = found;
		next != NULL && next < end && local_by_base(next, &wanted) == 0;
		next++) {
		if (!next->trashed) {
			found = next;
			break;
		}
	}
	free(wanted.name);
	return found;
}

/* A letter in an mbox has its From_ line as its name. */
static bool is_in_mbox(const struct letter *letter)
{
	return letter->length > 0;
}

enum local_state local_find(struct local *local, const struct letter *letter)
{
	if (is_in_mbox(letter))
		return local_mbox_find(&local->mboxes, letter);
	const struct file *file = local_find_file(local, letter->name);

	if (file == NULL)
		return LOCAL_GONE;
	return file->trashed ? LOCAL_TRASHED : LOCAL_HERE;
}

char *local_path_of(const struct local *local, const struct file *file)
{
	return xasprintf(
		"%s/%s", local->directories[file->position], file->name);
}

char *local_path(struct local *local, const struct letter *letter)
{
	const struct file *file = is_in_mbox(letter)
		? NULL
		: local_find_file(local, letter->name);

	return file == NULL ? NULL : local_path_of(local, file);
}

bool local_is_empty(const struct local *local)
{
	return local->count == 0 && local->mboxes.count == 0;
}

bool local_has_ours(const struct local *local)
{
	for (size_t i = 0; i < local->count; i++) {
		if (!local->files[i].known &&
			maildir_name_is_ours(local->files[i].name))
			return true;
	}
	return false;
}

/*
 * keepmail's file names begin with the time; for other files, the time of the
 * last write is used.
 */
static int64_t arrival_time(const struct file *file, const char *path)
{
	struct stat st;

	if (maildir_name_is_ours(file->name))
		return maildir_name_time(file->name);
	return stat(path, &st) == 0 ? (int64_t)st.st_mtim.tv_sec : 0;
}

/* Reads the files that no record names: all of them, or only keepmail's own. */
static bool read_unknown(struct local *local, bool ours,
	bool (*visit)(void *data, const struct letter *letter, int64_t since,
		struct error *err),
	void *data, struct error *err)
{
	struct letter plain;
	bool ok = true;

	for (size_t i = 0; ok && i < local->count; i++) {
		const struct file *file = &local->files[i];
		struct letter letter;
		char *path = local_path_of(local, file);

		if (!file->known &&
			(!ours || maildir_name_is_ours(file->name)) &&
			file->base < sizeof letter.name &&
			local_file_read(path, &letter, &plain) == LOCAL_HERE) {
			int64_t since = arrival_time(file, path);

			memcpy(letter.name, file->name, file->base);
			memcpy(plain.name, file->name, file->base);
			ok = visit(data, &letter, since, err) &&
				(plain.octets == letter.octets ||
					visit(data, &plain, since, err));
		}
		free(path);
	}
	return ok;
}

bool local_read(struct local *local,
	bool (*visit)(void *data, const struct letter *letter, int64_t since,
		struct error *err),
	void *data, struct error *err)
{
	return read_unknown(local, false, visit, data, err) &&
		local_mbox_read(&local->mboxes, visit, data, err);
}

bool local_read_ours(struct local *local,
	bool (*visit)(void *data, const struct letter *letter, int64_t since,
		struct error *err),
	void *data, struct error *err)
{
	return read_unknown(local, true, visit, data, err);
}

enum local_state local_compare(const char *path, const struct letter *letter)
{
	struct letter plain;
	struct letter found;
	enum local_state state = local_file_read(path, &found, &plain);

	if (state != LOCAL_HERE)
		return state;
	if (memcmp(found.sha256, letter->sha256, LETTER_DIGEST) == 0 ||
		memcmp(plain.sha256, letter->sha256, LETTER_DIGEST) == 0)
		return LOCAL_HERE;
	return LOCAL_CHANGED;
}

enum local_state local_verify(struct local *local, const struct letter *letter)
{
	if (is_in_mbox(letter))
		return local_mbox_verify(&local->mboxes, letter);
	const struct file *file = local_find_file(local, letter->name);

	if (file == NULL)
		return LOCAL_GONE;
	char *path = local_path_of(local, file);
	enum local_state state = local_compare(path, letter);

	free(path);
	return state;
}
