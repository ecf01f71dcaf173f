/* SPDX-License-Identifier: ISC */
#include "io/store/store_look.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/xalloc.h"
#include "io/store/store_internal.h"
#include "io/store/store_run.h"

/* A run that is ending writes to the file once. */
#define SNAPSHOT_TRIES 20

/*
 * Offset of the two bytes in a database's header that say whether it is in WAL
 * mode (2) or in a rollback journal mode (1).
 */
#define HEADER_MODES 18
#define HEADER_LENGTH 100

static const char counts_sql[] =
	"SELECT count(*) FILTER (WHERE state IN (2, 3)"
	"  AND origin IS NOT 'rebuilt'),"
	" sum(octets) FILTER (WHERE state IN (2, 3)"
	"  AND origin IS NOT 'rebuilt'),"
	" count(*) FILTER (WHERE state = 1"
	"  OR (state = 2 AND vanished_at IS NULL)),"
	" count(*) FILTER (WHERE state IN (0, 2, 4) AND held_at IS NOT NULL),"
	" count(*) FILTER (WHERE missing_at IS NOT NULL"
	"  AND vanished_at IS NULL),"
	" count(*) FILTER (WHERE state = 2 AND vanished_at IS NULL"
	"  AND held_at IS NULL AND kept_at <= ?1),"
	" min(kept_at) FILTER (WHERE state = 2 AND vanished_at IS NULL"
	"  AND held_at IS NULL AND kept_at > ?1),"
	" count(*) FILTER (WHERE state = 4 AND vanished_at IS NULL),"
	" count(*) FILTER (WHERE damaged_at IS NOT NULL"
	"  AND missing_at IS NULL AND sha256 <> x'')"
	" FROM message";

static const char troubles_sql[] =
	"SELECT count(*) FILTER (WHERE quarantined_at IS NULL),"
	" count(quarantined_at), (SELECT count(*) FROM oversize) FROM trouble";

#define RUN_COLUMNS                                                         \
	"SELECT started, ended, status, fetched, octets, erased, \"left\"," \
	" failed, error FROM run "

static const char runs_sql[] = RUN_COLUMNS "ORDER BY id";

static const char last_run_sql[] = RUN_COLUMNS "ORDER BY id DESC LIMIT 1";

static const char last_success_sql[] =
	RUN_COLUMNS "WHERE status = 0 AND ended <= ?1 ORDER BY id DESC LIMIT 1";

static const char messages_sql[] =
	"SELECT uid, ordinal, state, size, first_seen, kept_at, vanished_at,"
	" erased_at, held_at, missing_at, kind, path, name, offset, length,"
	" octets, sha256, message_id, origin, came_sha256, handed FROM message"
	" LEFT JOIN place ON place.id = message.place"
	" WHERE uid = ?1 ORDER BY ordinal";

#define TROUBLE_COLUMNS                                           \
	"SELECT uid, ordinal, tries, first_at, last_at, next_at," \
	" quarantined_at, error FROM trouble "

static const char troubles_of_sql[] =
	TROUBLE_COLUMNS "WHERE uid = ?1 ORDER BY ordinal";

static const char quarantined_sql[] = TROUBLE_COLUMNS
	"WHERE quarantined_at IS NOT NULL ORDER BY quarantined_at";

/* Is there a file with this suffix beside the store, and is it not empty? */
static bool has_beside(const struct store *store, const char *suffix)
{
	char *path = xasprintf("%s%s", store->path, suffix);
	struct stat st;
	bool has = stat(path, &st) == 0 && st.st_size > 0;

	free(path);
	return has;
}

static bool read_all(int fd, unsigned char *bytes, size_t length)
{
	size_t have = 0;

	while (have < length) {
		ssize_t n = pread(fd, bytes + have, length - have, (off_t)have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		have += (size_t)n;
	}
	return true;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size &&
		a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
		a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/*
 * Reads the whole file, as it was at a moment when no run was writing to it,
 * into memory from SQLite's allocator. NULL without an error: a run wrote to it
 * meanwhile.
 */
static unsigned char *read_snapshot(
	struct store *store, sqlite3_int64 *length, struct error *err)
{
	struct stat before;
	struct stat after;

	if (fstat(store->lock, &before) < 0) {
		error_set(err, ERROR_WRITE, "cannot read the store %s: %s",
			store->path, strerror(errno));
		return NULL;
	}
	size_t size = (size_t)before.st_size;
	unsigned char *bytes = sqlite3_malloc64(size + HEADER_LENGTH);

	if (bytes == NULL) {
		error_set(err, ERROR_SOFTWARE,
			"cannot read the store %s: SQLite has no memory",
			store->path);
		return NULL;
	}
	memset(bytes + size, 0, HEADER_LENGTH);
	errno = 0;
	bool whole = read_all(store->lock, bytes, size);
	int code = errno;

	if (!whole && code != 0)
		error_set(err, ERROR_WRITE, "cannot read the store %s: %s",
			store->path, strerror(code));
	if (whole && fstat(store->lock, &after) == 0 &&
		is_same_file(&before, &after) && !has_beside(store, "-wal")) {
		*length = (sqlite3_int64)size;
		return bytes;
	}
	sqlite3_free(bytes);
	return NULL;
}

/* Opens a copy in memory, so that nothing is locked, created or written. */
static bool open_snapshot(struct store *store, unsigned char *bytes,
	sqlite3_int64 length, struct error *err)
{
	/* An in-memory database cannot have a WAL. */
	if (bytes[HEADER_MODES] == 2 && bytes[HEADER_MODES + 1] == 2)
		bytes[HEADER_MODES] = bytes[HEADER_MODES + 1] = 1;
	if (!store_open_database(
		    store, ":memory:", SQLITE_OPEN_READWRITE, err)) {
		sqlite3_free(bytes);
		return false;
	}
	/* It frees the memory, even if it fails. */
	if (sqlite3_deserialize(store->db, "main", bytes, length, length,
		    SQLITE_DESERIALIZE_FREEONCLOSE |
			    SQLITE_DESERIALIZE_RESIZEABLE) != SQLITE_OK)
		return store_failed(store, "read", err);
	return store_make_ready(store, err);
}

/*
 * Copies the database into memory, so that a store of an older keepmail can be
 * upgraded there.
 */
static bool copy_to_memory(struct store *store, struct error *err)
{
	sqlite3 *file = store->db;
	sqlite3_backup *backup = NULL;

	store->db = NULL;
	bool ok = store_open_database(
		store, ":memory:", SQLITE_OPEN_READWRITE, err);

	if (ok)
		backup = sqlite3_backup_init(store->db, "main", file, "main");
	int code =
		backup == NULL ? SQLITE_ERROR : sqlite3_backup_step(backup, -1);

	/* It says nothing of a file that is locked. */
	if (ok &&
		(sqlite3_backup_finish(backup) != SQLITE_OK ||
			code != SQLITE_DONE))
		ok = store_failed(store, "read", err);
	sqlite3_close(file);
	return ok;
}

/* For when a run is active or was killed: SQLite's own locks allow reading. */
static bool open_with_wal(struct store *store, struct error *err)
{
	int64_t version = 0;

	return store_open_database(
		       store, store->path, SQLITE_OPEN_READONLY, err) &&
		store_read_number(
			store, "PRAGMA user_version", &version, err) &&
		(version == store_format() || copy_to_memory(store, err)) &&
		store_make_ready(store, err) &&
		store_run_sql(store, "BEGIN", "read", err);
}

/*
 * If there is a WAL that is not empty, a run is active or was killed, and
 * SQLite's own locks allow reading. Otherwise, the file is complete, but SQLite
 * would create a WAL to read it, so it is copied.
 */
bool store_open_to_look(struct store *store, struct error *err)
{
	struct stat st;

	for (int i = 0; i < SNAPSHOT_TRIES; i++) {
		sqlite3_int64 length = 0;

		if (store->lock < 0 ||
			(fstat(store->lock, &st) == 0 && st.st_size == 0) ||
			/* It is being created, and is still empty. */
			has_beside(store, "-journal"))
			return store_open_database(store,
				       ":memory:", SQLITE_OPEN_READWRITE,
				       err) &&
				store_make_ready(store, err);
		if (has_beside(store, "-wal"))
			return open_with_wal(store, err);
		unsigned char *bytes = read_snapshot(store, &length, err);

		if (bytes != NULL)
			return open_snapshot(store, bytes, length, err);
		if (err->kind != ERROR_NONE)
			return false;
		usleep(10000);
	}
	return error_set(err, ERROR_TEMPORARY,
		"the store %s changes too fast to be read: try again",
		store->path);
}

/* Does a run hold the lock? */
static bool is_at_work(const struct store *store)
{
	struct flock lock = {
		.l_type = F_RDLCK,
		.l_whence = SEEK_SET,
		.l_start = 0,
		.l_len = 1,
	};
#ifdef F_OFD_GETLK
	int command = F_OFD_GETLK;
#else
	int command = F_GETLK;
#endif

	return store->lock >= 0 && fcntl(store->lock, command, &lock) == 0 &&
		lock.l_type != F_UNLCK;
}

static struct store_run run_at(sqlite3_stmt *stmt)
{
	return (struct store_run){
		.started = sqlite3_column_int64(stmt, 0),
		.ended = sqlite3_column_int64(stmt, 1),
		.status = sqlite3_column_int(stmt, 2),
		.fetched = store_count_at(stmt, 3),
		.octets = store_count_at(stmt, 4),
		.erased = store_count_at(stmt, 5),
		.left = store_count_at(stmt, 6),
		.failed = store_count_at(stmt, 7),
		.error = store_text_at(stmt, 8),
	};
}

/* A run, with its own storage for the error. */
struct run_read {
	struct store_run run;
	char error[1200];
};

/* Reads one run with a query; ended stays 0 if there is none. */
static bool read_run(struct store *store, const char *sql,
	struct run_read *read, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, sql, err);
	bool ok = true;

	if (stmt == NULL)
		return false;
	if (sqlite3_bind_parameter_count(stmt) > 0)
		sqlite3_bind_int64(stmt, 1, (int64_t)time(NULL) + CLOCK_DAY);
	if (store_next_row(store, stmt, &ok, err)) {
		read->run = run_at(stmt);
		snprintf(
			read->error, sizeof read->error, "%s", read->run.error);
		read->run.error = read->error;
		sqlite3_reset(stmt);
	}
	return ok;
}

static bool read_counts(struct store *store, int64_t kept_until,
	struct store_overview *overview, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, counts_sql, err);
	bool ok = true;

	if (stmt == NULL)
		return false;
	sqlite3_bind_int64(stmt, 1, kept_until);
	while (store_next_row(store, stmt, &ok, err)) {
		overview->kept = store_count_at(stmt, 0);
		overview->octets = store_count_at(stmt, 1);
		overview->on_server = store_count_at(stmt, 2);
		overview->held = store_count_at(stmt, 3);
		overview->missing = store_count_at(stmt, 4);
		overview->over = store_count_at(stmt, 5);
		overview->oldest_other = sqlite3_column_int64(stmt, 6);
		overview->counted = store_count_at(stmt, 7);
		overview->damaged = store_count_at(stmt, 8);
	}
	return ok;
}

static bool read_troubles(
	struct store *store, struct store_overview *overview, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, troubles_sql, err);
	bool ok = true;

	while (store_next_row(store, stmt, &ok, err)) {
		overview->in_trouble = store_count_at(stmt, 0);
		overview->quarantined = store_count_at(stmt, 1);
		overview->too_large = store_count_at(stmt, 2);
	}
	return ok;
}

bool store_overview(struct store *store, int64_t kept_until,
	struct store_overview *overview, struct error *err)
{
	struct run_read last = {.run.error = ""};
	struct run_read success = {.run.ended = 0};

	*overview = (struct store_overview){
		.known = store->lock >= 0,
		.at_work = is_at_work(store),
	};
	if (!read_counts(store, kept_until, overview, err) ||
		!read_troubles(store, overview, err) ||
		!read_run(store, last_run_sql, &last, err) ||
		!read_run(store, last_success_sql, &success, err))
		return false;
	overview->last = last.run;
	snprintf(overview->last_error, sizeof overview->last_error, "%s",
		last.error);
	overview->last.error = overview->last_error;
	overview->last_success = store->noted_at > success.run.ended
		? store->noted_at
		: success.run.ended;
	return true;
}

int64_t store_noted_run(struct store *store)
{
	struct error ignored = {.kind = ERROR_NONE};
	struct run_read last = {.run.ended = 0};

	if (!read_run(store, last_run_sql, &last, &ignored) ||
		store->noted_at <= last.run.ended)
		return 0;
	return store->noted_at;
}

bool store_each_run(struct store *store, store_run_visitor *visit, void *data,
	struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, runs_sql, err);
	bool ok = true;

	while (store_next_row(store, stmt, &ok, err)) {
		struct store_run run = run_at(stmt);

		visit(&run, data);
	}
	return ok;
}

static const unsigned char *digest_at(sqlite3_stmt *stmt, int column)
{
	return sqlite3_column_bytes(stmt, column) == LETTER_DIGEST
		? sqlite3_column_blob(stmt, column)
		: NULL;
}

static struct store_message message_at(sqlite3_stmt *stmt)
{
	return (struct store_message){
		.uid = store_uid_at(stmt, 0),
		.state = (enum memory_state)sqlite3_column_int(stmt, 2),
		.size = store_size_at(stmt, 3),
		.first_seen = sqlite3_column_int64(stmt, 4),
		.kept_at = sqlite3_column_int64(stmt, 5),
		.vanished_at = sqlite3_column_int64(stmt, 6),
		.erased_at = sqlite3_column_int64(stmt, 7),
		.held_at = sqlite3_column_int64(stmt, 8),
		.missing_at = sqlite3_column_int64(stmt, 9),
		.kind = account_kind_named(store_text_at(stmt, 10)),
		.path = store_text_at(stmt, 11),
		.name = store_text_at(stmt, 12),
		.offset = store_count_at(stmt, 13),
		.length = store_count_at(stmt, 14),
		.octets = store_count_at(stmt, 15),
		.sha256 = digest_at(stmt, 16),
		.came_sha256 = digest_at(stmt, 19),
		.message_id = store_text_at(stmt, 17),
		.origin = store_text_at(stmt, 18),
		.said = sqlite3_column_type(stmt, 20) == SQLITE_NULL
			? NULL
			: store_text_at(stmt, 20),
	};
}

bool store_each_message(struct store *store, struct uid uid,
	store_message_visitor *visit, void *data, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, messages_sql, err);
	bool ok = true;

	if (stmt == NULL)
		return false;
	store_bind_uid(stmt, 1, uid);
	while (store_next_row(store, stmt, &ok, err)) {
		struct store_message message = message_at(stmt);

		visit(&message, data);
	}
	return ok;
}

bool store_each_trouble(struct store *store, const struct uid *uid,
	store_trouble_visitor *visit, void *data, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(
		store, uid == NULL ? quarantined_sql : troubles_of_sql, err);
	bool ok = true;

	if (stmt == NULL)
		return false;
	if (uid != NULL)
		store_bind_uid(stmt, 1, *uid);
	while (store_next_row(store, stmt, &ok, err)) {
		struct store_trouble trouble = {
			.uid = store_uid_at(stmt, 0),
			.tries = store_count_at(stmt, 2),
			.first_at = sqlite3_column_int64(stmt, 3),
			.last_at = sqlite3_column_int64(stmt, 4),
			.next_at = sqlite3_column_int64(stmt, 5),
			.quarantined_at = sqlite3_column_int64(stmt, 6),
			.error = store_text_at(stmt, 7),
		};

		visit(&trouble, data);
	}
	return ok;
}
