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

/* The next entry; NULL at the end, or with errno where it cannot be read. */
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
	/* Where there is no directory, there are no others. */
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
	/* What stands behind an entry that cannot be read is not known. */
	if (goes_on && errno != 0)
		all = false;
	if (dir != NULL)
		closedir(dir);
	return all;
}

/* The path of a file of an account's store. */
static char *file_of(
	const char *directory, const char *name, const char *suffix)
{
	return xasprintf("%s/%s%s", directory, name, suffix);
}

static bool move(const char *directory, const char *from, const char *to,
	const char *suffix)
{
	char *old = file_of(directory, from, suffix);
	char *new = file_of(directory, to, suffix);
	bool ok = rename(old, new) == 0 || errno == ENOENT;

	free(old);
	free(new);
	return ok;
}

/* Under the new name there may be a store that a refused run has begun. */
static bool is_free(const char *directory, const char *name, struct error *err)
{
	struct store *store = store_open(directory, name, STORE_READ, err);
	bool fresh = false;
	bool ok = store != NULL && store_is_fresh(store, &fresh, err);

	store_close(store);
	return ok &&
		(fresh ||
			error_set(err, ERROR_USAGE,
				"the account %s has a store of its own already "
				"(%s/%s.db): nothing was renamed",
				name, directory, name));
}

/*
 * Moves the files of a store that is open and locked. Not before all of it is
 * in the one file: what is in the WAL would stay behind.
 */
static bool move_all(struct store *store, const char *directory,
	const char *from, const char *to, struct error *err)
{
	int persist = 0;

	/* Nothing of it stays under the old name. */
	sqlite3_file_control(
		store->db, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
	if (sqlite3_wal_checkpoint_v2(store->db, NULL,
		    SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) != SQLITE_OK)
		return store_failed(store, "rename", err);
	return (move(directory, from, to, ".db") &&
		       move(directory, from, to, ".last-success") &&
		       directory_sync(directory)) ||
		error_set(err, ERROR_CREATE, "cannot rename the store %s: %s",
			store->path, strerror(errno));
}

bool store_rename(const char *directory, const char *from, const char *to,
	struct error *err)
{
	char *path = file_of(directory, from, ".db");
	struct stat st;
	struct store *store = NULL;
	bool ok = stat(path, &st) == 0 ||
		error_set(err, ERROR_USAGE,
			"there is no store of an account %s (%s): nothing was "
			"renamed",
			from, path);

	/* Opened and locked, so that no run is at work on it; and brought up to
	 * date, so that all of it is in one file once it is closed. */
	ok = ok && is_free(directory, to, err);
	store = ok ? store_open(directory, from, STORE_WRITE, err) : NULL;
	ok = store != NULL && move_all(store, directory, from, to, err);
	store_close(store);
	free(path);
	return ok;
}
