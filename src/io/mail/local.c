/* SPDX-License-Identifier: ISC */
#include "io/mail/local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/maildir_name.h"
#include "core/xalloc.h"
#include "io/mail/local_file.h"
#include "io/mail/local_mbox.h"

/* Folders in folders, at most. */
#define DEPTH_MAX 32
/* A reader adds no more than this to the header of a copy. */
#define ADDED_MAX 4096

struct file {
	char *name;	 /* owned; as it is in its directory */
	size_t base;	 /* length of its base name */
	size_t position; /* of its directory */
	bool trashed;
	bool known; /* a record has this name */
};

/* A file whose name no record has: a copy may lie in it that was filed. */
struct stranger {
	size_t file; /* its position */
	uint64_t size;
	struct local_header header;
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
	const struct local_notes *notes; /* borrowed, or NULL */
	struct seen *seen; /* owned; directories, so that none is twice */
	size_t seen_count;
	struct stranger *strangers; /* owned; by header */
	struct stranger **by_id;    /* owned; the same by Message-ID */
	size_t stranger_count;
	/* What could not be looked at: how many, and the first of them. */
	size_t blind_count;
	char *blind; /* owned; "PATH: why", or NULL */
};

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
	local->directory_count = local->count = local->seen_count = 0;
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
	free(local->seen);
	free(local->files);
	free(local->strangers);
	free(local->by_id);
	free(local);
}

static bool failed(const char *path, struct error *err)
{
	return error_set(err, errno == ENOENT ? ERROR_DATA : ERROR_WRITE,
		"cannot look through %s: %s", path, strerror(errno));
}

/*
 * A part that cannot be looked at: what is found elsewhere is there all the
 * same, so only what is found nowhere depends on it.
 */
static bool be_blind(struct local *local, const char *path)
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

/* A signal is no reason to know nothing. */
static DIR *open_directory(const char *path)
{
	DIR *dir;

	do
		dir = opendir(path);
	while (dir == NULL && errno == EINTR);
	return dir;
}

/* The next entry; NULL at the end, or with errno where it cannot be read. */
static struct dirent *next_entry(DIR *dir)
{
	errno = 0;
	return readdir(dir);
}

/* Reads the names in new/ or cur/. */
static bool look_in(struct local *local, const char *path, bool trashed)
{
	DIR *dir = open_directory(path);
	struct dirent *entry;

	if (dir == NULL)
		return be_blind(local, path);
	local->directories = xreallocarray(local->directories,
		local->directory_count + 1, sizeof local->directories[0]);
	local->directories[local->directory_count++] = xstrdup(path);
	while ((entry = next_entry(dir)) != NULL)
		add_file(local, entry->d_name, trashed);
	if (errno != 0)
		be_blind(local, path);
	closedir(dir);
	return true;
}

static bool walk(struct local *local, const char *path, const char *trash,
	bool trashed, unsigned depth);

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
	const char *name, const char *trash, bool trashed, unsigned depth)
{
	struct stat st;

	/* Folders and mboxes may lie elsewhere; a link to nothing is nothing.
	 */
	if (stat(path, &st) < 0)
		return be_blind(local, path);
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return true;
	trashed = trashed || is_trash(name, path, trash);
	if (S_ISREG(st.st_mode))
		return (st.st_size == 0 || !is_first_time(local, &st)) ||
			local_mbox_look(&local->mboxes, path, trashed) ||
			be_blind(local, path);
	if (strcmp(name, "tmp") == 0 || !is_first_time(local, &st))
		return true;
	if (strcmp(name, "new") == 0 || strcmp(name, "cur") == 0)
		return look_in(local, path, trashed);
	return walk(local, path, trash, trashed, depth + 1);
}

static bool walk(struct local *local, const char *path, const char *trash,
	bool trashed, unsigned depth)
{
	DIR *dir = depth <= DEPTH_MAX ? open_directory(path) : NULL;
	struct dirent *entry;

	if (depth > DEPTH_MAX)
		errno = ELOOP;
	if (dir == NULL)
		return be_blind(local, path);
	while ((entry = next_entry(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 &&
			strcmp(entry->d_name, "..") != 0) {
			char *below = xasprintf("%s/%s", path, entry->d_name);

			look_at_entry(local, below, entry->d_name, trash,
				trashed, depth);
			free(below);
		}
	}
	if (errno != 0)
		be_blind(local, path);
	closedir(dir);
	return true;
}

bool local_look(struct local *local, const char *root, const char *trash,
	bool missing_ok, struct error *err)
{
	bool trashed = trash != NULL && strcmp(root, trash) == 0;
	struct stat st;

	if (stat(root, &st) < 0)
		return (errno == ENOENT && missing_ok) || failed(root, err);
	if (!is_first_time(local, &st))
		return true;
	if (S_ISREG(st.st_mode))
		return st.st_size == 0 ||
			local_mbox_look(&local->mboxes, root, trashed) ||
			failed(root, err);
	if (access(root, R_OK | X_OK) < 0)
		return failed(root, err);
	return walk(local, root, trash, trashed, 0);
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
static struct file *find_file(struct local *local, const char *name)
{
	struct file wanted = {.base = strlen(name)};
	struct file *end = local->files + local->count;

	if (local->count == 0 || wanted.base == 0)
		return NULL;
	if (!local->sorted)
		qsort(local->files, local->count, sizeof local->files[0],
			by_base);
	local->sorted = true;
	wanted.name = xstrdup(name);
	struct file *found = bsearch(&wanted, local->files, local->count,
		sizeof local->files[0], by_base);

	while (found != NULL && found > local->files &&
		by_base(found - 1, &wanted) == 0)
		found--;
	for (struct file *next = found;
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

/* Our names begin with the time; another's file says when it was written. */
static int64_t came_at(const struct file *file, const char *path)
{
	struct stat st;

	if (maildir_name_is_ours(file->name))
		return maildir_name_time(file->name);
	return stat(path, &st) == 0 ? (int64_t)st.st_mtim.tv_sec : 0;
}

/* Reads the files that no record knows: all of them, or keepmail's alone. */
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
		char *path = path_of(local, file);

		if (!file->known &&
			(!ours || maildir_name_is_ours(file->name)) &&
			file->base < sizeof letter.name &&
			local_file_read(path, &letter, &plain) == LOCAL_HERE) {
			int64_t since = came_at(file, path);

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

/* Does the file hold this text, but for what readers add to its header? */
static enum local_state compare(const char *path, const struct letter *letter)
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
	const struct file *file = find_file(local, letter->name);

	if (file == NULL)
		return LOCAL_GONE;
	char *path = path_of(local, file);
	enum local_state state = compare(path, letter);

	free(path);
	return state;
}

/* ---- what was filed under another name -----------------------------------
 */

void local_know(struct local *local, const char *name)
{
	struct file *file = find_file(local, name);
	struct file *end = local->files + local->count;
	struct file wanted;

	if (file == NULL)
		return;
	wanted = *file;
	while (file > local->files && by_base(file - 1, &wanted) == 0)
		file--;
	for (; file < end && by_base(file, &wanted) == 0; file++)
		file->known = true;
}

static int by_header(const void *a, const void *b)
{
	const struct stranger *x = a;
	const struct stranger *y = b;

	return memcmp(x->header.sha256, y->header.sha256, LETTER_DIGEST);
}

static int by_id(const void *a, const void *b)
{
	uint64_t x = (*(const struct stranger *const *)a)->header.id_hash;
	uint64_t y = (*(const struct stranger *const *)b)->header.id_hash;

	return x < y ? -1 : x > y;
}

static void sort_strangers(struct local *local)
{
	size_t count = local->stranger_count;

	local->by_id =
		xreallocarray(local->by_id, count + 1, sizeof local->by_id[0]);
	if (count == 0)
		return;
	qsort(local->strangers, count, sizeof local->strangers[0], by_header);
	for (size_t i = 0; i < count; i++)
		local->by_id[i] = &local->strangers[i];
	qsort(local->by_id, count, sizeof local->by_id[0], by_id);
}

static void add_stranger(
	struct local *local, struct local_files *files, size_t position)
{
	const struct file *file = &local->files[position];
	struct stranger stranger = {.file = position};
	char *path = path_of(local, file);
	enum local_state state = LOCAL_HERE;
	struct stat st;

	if (stat(path, &st) < 0) {
		state = errno == ENOENT ? LOCAL_GONE : LOCAL_UNREADABLE;
	} else if (!local_files_recall(
			   files, file->name, &st, &stranger.header)) {
		state = local_file_header(path, &stranger.header);
		if (state == LOCAL_HERE)
			local_files_add(
				files, file->name, &st, &stranger.header);
	}
	if (state == LOCAL_UNREADABLE)
		be_blind(local, path);
	free(path);
	if (state != LOCAL_HERE)
		return;
	stranger.size = (uint64_t)st.st_size;
	local->strangers[local->stranger_count++] = stranger;
}

/* Those of one directory, with its note. */
static void read_directory(struct local *local, size_t directory,
	const size_t *positions, size_t count)
{
	const struct local_notes *notes = local->notes;
	const char *path = local->directories[directory];
	size_t length = 0;
	const void *known = notes == NULL
		? NULL
		: notes->recall(notes->data, path, &length);
	struct local_files *files = local_files_new(known, length);

	for (size_t i = 0; i < count; i++)
		add_stranger(local, files, positions[i]);
	void *note = notes == NULL ? NULL : local_files_note(files, &length);

	if (note != NULL)
		notes->keep(notes->data, path, note, length);
	free(note);
	local_files_free(files);
}

bool local_read_strangers(struct local *local,
	const volatile sig_atomic_t *stop, struct error *err)
{
	size_t *positions = xcalloc(local->count + 1, sizeof positions[0]);

	local->strangers = xreallocarray(
		local->strangers, local->count + 1, sizeof local->strangers[0]);
	local->stranger_count = 0;
	for (size_t k = 0; k < local->directory_count && !*stop; k++) {
		size_t count = 0;

		for (size_t i = 0; i < local->count; i++) {
			if (!local->files[i].known &&
				local->files[i].position == k)
				positions[count++] = i;
		}
		if (count > 0)
			read_directory(local, k, positions, count);
	}
	free(positions);
	if (*stop)
		return error_set(err, ERROR_TEMPORARY, "stopped by a signal");
	sort_strangers(local);
	return true;
}

/* Without a header that tells: is it this very text? */
static bool has_text(struct local *local, const struct stranger *stranger,
	const struct letter *letter)
{
	if (stranger->size < letter->octets ||
		stranger->size > letter->octets + ADDED_MAX)
		return false;
	char *path = path_of(local, &local->files[stranger->file]);
	enum local_state state = compare(path, letter);

	if (state == LOCAL_UNREADABLE)
		be_blind(local, path);
	free(path);
	return state == LOCAL_HERE;
}

/* The better one: it is not trashed. */
static void prefer(const struct file **found, const struct file *file)
{
	if (*found == NULL || ((*found)->trashed && !file->trashed))
		*found = file;
}

/* By the header that was recorded, or by the Message-ID alone. */
static const struct file *find_by_header(
	const struct local *local, const struct letter *letter)
{
	struct stranger wanted = {
		.header.id_hash = local_id_hash(letter->message_id)};
	const struct stranger *key = &wanted;
	const struct stranger *end = local->strangers + local->stranger_count;
	struct stranger *const *last = local->by_id + local->stranger_count;
	const struct file *found = NULL;

	memcpy(wanted.header.sha256, letter->header_sha256, LETTER_DIGEST);
	const struct stranger *one = bsearch(key, local->strangers,
		local->stranger_count, sizeof wanted, by_header);
	struct stranger *const *same = bsearch(
		&key, local->by_id, local->stranger_count, sizeof key, by_id);

	while (one != NULL && one > local->strangers &&
		by_header(one - 1, key) == 0)
		one--;
	for (; one != NULL && one < end && by_header(one, key) == 0; one++) {
		if (one->header.identified)
			prefer(&found, &local->files[one->file]);
	}
	if (wanted.header.id_hash == 0)
		return found;
	while (same != NULL && same > local->by_id &&
		by_id(same - 1, &key) == 0)
		same--;
	for (; same != NULL && same < last && by_id(same, &key) == 0; same++)
		prefer(&found, &local->files[(*same)->file]);
	return found;
}

static const struct file *find_by_text(
	struct local *local, const struct letter *letter)
{
	const struct file *found = NULL;

	for (size_t i = 0; i < local->stranger_count; i++) {
		if (has_text(local, &local->strangers[i], letter))
			prefer(&found, &local->files[local->strangers[i].file]);
	}
	return found;
}

static const struct file *find_stranger(
	struct local *local, const struct letter *letter)
{
	if (local->stranger_count == 0)
		return NULL;
	return letter->identified ? find_by_header(local, letter)
				  : find_by_text(local, letter);
}

enum local_state local_find_filed(
	struct local *local, const struct letter *letter, struct letter *filed)
{
	const struct file *file = find_stranger(local, letter);
	enum local_state state = LOCAL_GONE;

	*filed = *letter;
	if (file != NULL && file->base < sizeof filed->name) {
		memset(filed->name, 0, sizeof filed->name);
		memcpy(filed->name, file->name, file->base);
		filed->offset = filed->length = 0;
	}
	if (file != NULL && !file->trashed)
		return LOCAL_HERE;
	if (local_mbox_has(&local->mboxes, letter, &state)) {
		if (file != NULL && state == LOCAL_TRASHED)
			return state;
		/* An mbox's is known by what is in it, not by a name. */
		filed->name[0] = '\0';
		filed->offset = 0;
		filed->length = letter->octets;
		return state;
	}
	if (file != NULL)
		return LOCAL_TRASHED;
	if (local->blind_count > 0)
		return LOCAL_UNREADABLE;
	return letter->identified ? LOCAL_GONE : LOCAL_UNTRACED;
}
