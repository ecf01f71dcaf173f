/* SPDX-License-Identifier: ISC */
#include "io/store/store_others.h"

#include <dirent.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/xalloc.h"
#include "io/process/directory.h"
#include "io/store/store_internal.h"
#include "io/store/store_seen.h"

/*
 * Returns the next entry; NULL at the end, or with errno set if it cannot be
 * read.
 */
static struct dirent *next_entry(DIR *dir)
{
	errno = 0;
	return readdir(dir);
}

bool store_each_other(const char *directory, const char *name,
	bool (*visit)(void *data, const char *other, struct store *store),
	void *data)
{
	DIR *dir = opendir(directory);
	struct dirent *entry = NULL;
	bool goes_on = dir != NULL;
	/* If there is no directory, there are no others. */
	bool all = dir != NULL || errno == ENOENT;

	while (goes_on && (entry = next_entry(dir)) != NULL) {
		struct error ignored = {.kind = ERROR_NONE};
		size_t n = strlen(entry->d_name);

		if (n < 4 || strcmp(entry->d_name + n - 3, ".db") != 0)
			continue;
		char *other = xasprintf("%.*s", (int)(n - 3), entry->d_name);
		bool own = strcmp(other, name) == 0;
		struct store *store = own
			? NULL
			: store_open(directory, other, STORE_LOOK, &ignored);

		goes_on = store == NULL || visit(data, other, store);
		all = all && goes_on && (own || store != NULL);
		store_close(store);
		free(other);
	}
	/* If an entry cannot be read, the rest of the directory is unknown. */
	if (goes_on && errno != 0)
		all = false;
	if (dir != NULL)
		closedir(dir);
	return all;
}

/* Returns the path of a file of an account's store. */
static char *file_path(
	const char *directory, const char *name, const char *suffix)
{
	return xasprintf("%s/%s%s", directory, name, suffix);
}

static bool rename_file(const char *directory, const char *from, const char *to,
	const char *suffix)
{
	char *old = file_path(directory, from, suffix);
	char *new = file_path(directory, to, suffix);
	bool ok = rename(old, new) == 0 || errno == ENOENT;

	free(old);
	free(new);
	return ok;
}

/* A run that was refused may have created a store under the new name. */
static bool is_free(const char *directory, const char *name, struct error *err)
{
	struct store *store = store_open(directory, name, STORE_READ, err);
	bool fresh = false;
	bool ok = store != NULL && store_is_fresh(store, &fresh, err);

	store_close(store);
	return ok &&
		(fresh ||
			error_set(err, ERROR_USAGE,
				"account %s already has a store (%s/%s.db): nothing was renamed",
				name, directory, name));
}

/*
 * Moves the files of an open and locked store, after a checkpoint: what is in
 * the WAL would be left behind.
 */
static bool rename_files(struct store *store, const char *directory,
	const char *from, const char *to, struct error *err)
{
	int persist = 0;

	/* Leave no WAL under the old name. */
	sqlite3_file_control(
		store->db, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
	if (sqlite3_wal_checkpoint_v2(store->db, NULL,
		    SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) != SQLITE_OK)
		return store_failed(store, "rename", err);
	return (rename_file(directory, from, to, ".db") &&
		       rename_file(directory, from, to, ".last-success") &&
		       directory_sync(directory)) ||
		error_set(err, ERROR_CREATE, "cannot rename the store %s: %s",
			store->path, strerror(errno));
}

bool store_rename(const char *directory, const char *from, const char *to,
	struct error *err)
{
	char *path = file_path(directory, from, ".db");
	struct stat st;
	struct store *store = NULL;
	bool ok = stat(path, &st) == 0 ||
		error_set(err, ERROR_USAGE,
			"account %s has no store (%s): nothing was renamed",
			from, path);

	/* Opened and locked, so that no run is using it, and upgraded, so that
	 * everything is in one file once it is closed. */
	ok = ok && is_free(directory, to, err);
	store = ok ? store_open(directory, from, STORE_WRITE, err) : NULL;
	ok = store != NULL && rename_files(store, directory, from, to, err);
	store_close(store);
	free(path);
	return ok;
}
