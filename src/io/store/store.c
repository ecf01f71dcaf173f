/* SPDX-License-Identifier: ISC */
#include "io/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/xalloc.h"
#include "io/process/directory.h"
#include "io/store/store_internal.h"

/*
 * The lock is on a byte of the database file that SQLite never locks (its locks
 * begin at 0x40000000). It is an open file description lock, so that no close
 * elsewhere in the process drops it.
 */
static bool take_lock(struct store *store, struct error *err)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = 0,
		.l_len = 1,
	};
#ifdef F_OFD_SETLK
	int command = F_OFD_SETLK;
#else
	int command = F_SETLK;
#endif

	if (fcntl(store->lock, command, &lock) == 0)
		return true;
	if (errno == EAGAIN || errno == EACCES)
		return error_set(err, ERROR_TEMPORARY,
			"another keepmail is working on this account: try again later");
	return error_set(err, ERROR_CREATE, "cannot lock the store %s: %s",
		store->path, strerror(errno));
}

/*
 * Opens and locks the file. A missing file is created for STORE_WRITE, and left
 * missing otherwise.
 */
static bool open_file(
	struct store *store, enum store_mode mode, struct error *err)
{
	int flags = O_CLOEXEC | O_NOFOLLOW | O_NOCTTY;
	struct stat st;

	flags |= mode == STORE_LOOK ? O_RDONLY : O_RDWR;
	if (mode == STORE_WRITE)
		flags |= O_CREAT;
	store->lock = open(store->path, flags, 0600);
	if (store->lock < 0 && errno == ENOENT && mode != STORE_WRITE)
		return true;
	if (store->lock < 0)
		return error_set(err, ERROR_CREATE,
			"cannot open the store %s: %s", store->path,
			strerror(errno));
	if (fstat(store->lock, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set(err, ERROR_DATA,
			"the store %s is not a regular file", store->path);
	store->noted_at = store_open_success(store);
	return mode == STORE_LOOK || take_lock(store, err);
}

bool store_open_database(
	struct store *store, const char *path, int flags, struct error *err)
{
	/* keepmail never asks for memory statistics, and they cost two locks
	 * for each allocation. SQLite refuses this call, which does no harm,
	 * once another store has been opened. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	int code = sqlite3_open_v2(
		path, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL);

	if (store->db == NULL)
		return error_set(err, ERROR_SOFTWARE,
			"cannot open the store %s: SQLite has no memory",
			store->path);
	/* Whoever closes a store locks it briefly. */
	sqlite3_busy_timeout(store->db, 10000);
	return code == SQLITE_OK || store_failed(store, "open", err);
}

bool store_make_ready(struct store *store, struct error *err)
{
	/* Protect SQLite against a damaged file. */
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	return store_run_sql(store,
		       "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY",
		       "open", err) &&
		store_check_format(store, err);
}

/*
 * WAL with synchronous=FULL: every commit is synced before it returns, as the
 * commit ladder requires (WAL with NORMAL lost commits in power cuts). The WAL
 * files are kept, and the log truncated, because the process that closes the
 * store may not remove files from its directory (io/confine), and because this
 * saves time in a poll.
 */
static bool use_wal(struct store *store, struct error *err)
{
	int persist = 1;

	return store_run_sql(store,
		       "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
		       "PRAGMA journal_size_limit = 0",
		       "open", err) &&
		(sqlite3_file_control(store->db, "main",
			 SQLITE_FCNTL_PERSIST_WAL, &persist) == SQLITE_OK ||
			store_failed(store, "open", err));
}

static bool open_database(struct store *store, struct error *err)
{
	bool file = store->lock >= 0;

	if (store->mode != STORE_WRITE)
		return store_open_to_look(store, err);
	return store_open_database(store, file ? store->path : ":memory:",
		       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err) &&
		store_make_ready(store, err) && (!file || use_wal(store, err));
}

struct store *store_open(const char *directory, const char *name,
	enum store_mode mode, struct error *err)
{
	struct store *store = xcalloc(1, sizeof *store);
	struct stat st;

	store->lock = store->success = -1;
	store->mode = mode;
	store->path = xasprintf("%s/%s.db", directory, name);
	if (mode == STORE_WRITE && !directory_make(directory)) {
		error_set(err, ERROR_CREATE,
			"cannot create the state directory %s: %s. Choose another with state or --state-dir",
			directory, strerror(errno));
		goto fail;
	}
	bool is_new = stat(store->path, &st) < 0;

	if (!open_file(store, mode, err) || !open_database(store, err))
		goto fail;
	/* A commit in a new file is durable only once its directory entry
	 * is. */
	if (is_new && store->lock >= 0 && !directory_sync(directory)) {
		error_set(err, ERROR_CREATE,
			"cannot sync the state directory %s: %s", directory,
			strerror(errno));
		goto fail;
	}
	return store;
fail:
	store_close(store);
	return NULL;
}

bool store_exists(const char *directory, const char *name)
{
	char *path = xasprintf("%s/%s.db", directory, name);
	bool exists = access(path, F_OK) == 0;

	free(path);
	return exists;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	for (size_t i = 0; i < store->prepared_count; i++)
		sqlite3_finalize(store->prepared[i].stmt);
	sqlite3_close(store->db);
	if (store->lock >= 0)
		close(store->lock);
	if (store->success >= 0)
		close(store->success);
	free(store->recalled.kept.ids);
	free(store->recalled.vanished.ids);
	free(store->recalled.lost.ids);
	free(store->recalled.taken.ids);
	free(store->place.path);
	free(store->path);
	free(store);
}

/* SQLite's default: the size of a WAL at which it is moved into the database.
 */
#define CHECKPOINT_PAGES 1000

/* Commits of the WAL are synced, as store_open sets it, or not. */
static bool set_synced(struct store *store, bool synced, struct error *err)
{
	if (store->unsynced == !synced)
		return true;
	if (!store_run_sql(store,
		    synced ? "PRAGMA synchronous = FULL"
			   : "PRAGMA synchronous = NORMAL",
		    "write to", err))
		return false;
	store->unsynced = !synced;
	return true;
}

bool store_begin(struct store *store, struct error *err)
{
	return set_synced(store, true, err) &&
		store_run_sql(store, "BEGIN IMMEDIATE", "write to", err);
}

/*
 * Until the WAL is synced, nothing of it is moved into the database: a sync
 * that fails may lose what was written, and a later one would not tell.
 */
bool store_begin_unsynced(struct store *store, struct error *err)
{
	store->pending = true;
	sqlite3_wal_autocheckpoint(store->db, 0);
	return set_synced(store, false, err) &&
		store_run_sql(store, "BEGIN IMMEDIATE", "write to", err);
}

static const char handed_over_sql[] =
	"SELECT 1 FROM place WHERE kind NOT IN ('maildir', 'mbox') LIMIT 1";

/*
 * A commit with FULL would sync the WAL, too, but only if it changes anything,
 * and a checkpoint only if no reader prevents it.
 */
static bool sync_wal(struct store *store, struct error *err)
{
	char *path = xasprintf("%s-wal", store->path);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool ok = fd < 0 ? errno == ENOENT : directory_sync_fd(fd);

	if (!ok)
		error_set(err, ERROR_WRITE,
			"cannot sync %s: %s. Nothing was deleted", path,
			strerror(errno));
	if (fd >= 0)
		close(fd);
	free(path);
	return ok;
}

bool store_sync(struct store *store, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, handed_over_sql, err);
	bool handed;

	return stmt != NULL && store_has_row(store, stmt, &handed, err) &&
		(!handed || sync_wal(store, err));
}

bool store_commit(struct store *store, struct error *err)
{
	if (!store_run_sql(store, "COMMIT", "write to", err))
		return false;
	if (store->pending && !store->unsynced) {
		store->pending = false;
		sqlite3_wal_autocheckpoint(store->db, CHECKPOINT_PAGES);
	}
	return true;
}

const char *store_library(void)
{
	return sqlite3_libversion();
}
