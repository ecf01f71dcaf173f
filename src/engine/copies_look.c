/* SPDX-License-Identifier: ISC */
/* Searches the places where copies may be. */
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "engine/copies.h"
#include "engine/places.h"
#include "io/mail/local.h"
#include "io/store/store_copy.h"
#include "io/store/store_note.h"

/* What a directory contains; CONTENT_UNKNOWN: it cannot be read. */
enum content { CONTENT_UNKNOWN, CONTENT_NONE, CONTENT_SOME };

static enum content content_of(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	enum content content = CONTENT_NONE;

	if (dir == NULL)
		return CONTENT_UNKNOWN;
	errno = 0;
	while (content == CONTENT_NONE && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 &&
			strcmp(entry->d_name, "..") != 0)
			content = CONTENT_SOME;
	}
	if (content == CONTENT_NONE && errno != 0)
		content = CONTENT_UNKNOWN;
	closedir(dir);
	return content;
}

/* If a disk is not mounted, its mount point is an empty directory. */
static bool is_mounted(const char *root, struct store *store, struct error *err)
{
	bool had = false;

	if (content_of(root) != CONTENT_NONE)
		return true;
	if (!store_had_root(store, root, &had, err))
		return false;
	return !had ||
		error_set(err, ERROR_DATA,
			"%s is empty but was not before (is its disk mounted?)",
			root);
}

bool copies_look(struct local *local, const struct account *account,
	struct store *store, bool missing_ok, struct error *err)
{
	struct places places = {.count = 0};
	bool ok = places_gather(&places, account, store, err) &&
		(missing_ok || account->copies.local == NULL ||
			is_mounted(account->copies.local, store, err));

	for (size_t i = 0; ok && i < places.count; i++)
		ok = local_look(local, places.at[i].path, account->copies.trash,
			missing_ok || places.at[i].may_be_missing, err);
	places_release(&places);
	return ok;
}

static void know_name(void *data, const char *name)
{
	local_know(data, name);
}

bool copies_read_strangers(struct local *local, struct store *store,
	const volatile sig_atomic_t *stop, struct error *err)
{
	return store_names(store, know_name, local, err) &&
		local_read_strangers(local, stop, err);
}

bool copies_record_root(struct mailbox *mailbox, struct error *err)
{
	const char *root = mailbox->account->copies.local;
	enum content content =
		root == NULL ? CONTENT_UNKNOWN : content_of(root);
	bool had = false;

	return content == CONTENT_UNKNOWN ||
		(store_had_root(mailbox->store, root, &had, err) &&
			(had == (content == CONTENT_SOME) ||
				store_record_root(mailbox->store, root,
					content == CONTENT_SOME, err)));
}
