/* SPDX-License-Identifier: ISC */
/* The part of local that finds copies that were moved to another name. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/xalloc.h"
#include "io/mail/local_internal.h"

/* The most bytes that mail readers add to the header of a copy. */
#define ADDED_MAX 4096

void local_know(struct local *local, const char *name)
{
	struct file *file = local_find_file(local, name);
	struct file *end = local->files + local->count;
	struct file wanted;

	if (file == NULL)
		return;
	wanted = *file;
	while (file > local->files && local_by_base(file - 1, &wanted) == 0)
		file--;
	for (; file < end && local_by_base(file, &wanted) == 0; file++)
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
	char *path = local_path_of(local, file);
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
		local_be_blind(local, path);
	free(path);
	if (state != LOCAL_HERE)
		return;
	stranger.size = (uint64_t)st.st_size;
	local->strangers[local->stranger_count++] = stranger;
}

/* Reads the files of one directory, using and updating its note. */
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

/*
 * For letters that no header identifies: does the file have exactly this text?
 */
static bool has_text(struct local *local, const struct stranger *stranger,
	const struct letter *letter)
{
	if (stranger->size < letter->octets ||
		stranger->size > letter->octets + ADDED_MAX)
		return false;
	char *path = local_path_of(local, &local->files[stranger->file]);
	enum local_state state = local_compare(path, letter);

	if (state == LOCAL_UNREADABLE)
		local_be_blind(local, path);
	free(path);
	return state == LOCAL_HERE;
}

/* Prefers a file that is not trashed. */
static void prefer(const struct file **found, const struct file *file)
{
	if (*found == NULL || ((*found)->trashed && !file->trashed))
		*found = file;
}

/* Finds a file by the recorded header digest, or by the Message-ID alone. */
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
		/* In an mbox, a copy is found by its contents, not by a
		 * name. */
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
