/* SPDX-License-Identifier: ISC */
#include "io/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/xalloc.h"
#include "io/process/directory.h"
#include "io/store/store_internal.h"

/* "keep" in ASCII, in the file's header: this database is ours. */
#define APPLICATION_ID 0x6b656570
#define SCHEMA_VERSION 7

/* migrations[i] leads from user_version i to i + 1. */
static const char *const migrations[SCHEMA_VERSION] = {
	/* Whose uids these are: one row. */
	"CREATE TABLE mailbox (server TEXT NOT NULL, user TEXT NOT NULL);"
	/* Where mail was put. */
	"CREATE TABLE place ("
	" id INTEGER PRIMARY KEY,"
	" kind TEXT NOT NULL,"
	" path TEXT NOT NULL,"
	" UNIQUE (kind, path));"
	/* Hot columns first: a poll reads those of every row. */
	"CREATE TABLE message ("
	" id INTEGER PRIMARY KEY,"
	" uid BLOB NOT NULL,"
	" ordinal INTEGER NOT NULL," /* among messages with the same uid */
	" state INTEGER NOT NULL,"   /* enum memory_state */
	" size INTEGER,"	     /* as LIST told it */
	" kept_at INTEGER,"	     /* times: seconds since 1970 */
	" vanished_at INTEGER,"
	" erased_at INTEGER,"
	" first_seen INTEGER NOT NULL,"
	" place INTEGER NOT NULL REFERENCES place,"
	" name TEXT NOT NULL," /* Maildir base name, mbox From_ line */
	" offset INTEGER,"     /* in an mbox */
	" length INTEGER,"
	" octets INTEGER NOT NULL," /* of the message as it lies here */
	" sha256 BLOB NOT NULL,"
	" message_id TEXT);"
	"CREATE UNIQUE INDEX message_uid ON message (uid, ordinal);"
	"CREATE INDEX message_arriving ON message (id) WHERE state = 1;"
	"CREATE INDEX message_vanished ON message (vanished_at)"
	" WHERE vanished_at IS NOT NULL;"
	"CREATE TABLE run ("
	" id INTEGER PRIMARY KEY,"
	" started INTEGER NOT NULL,"
	" ended INTEGER NOT NULL,"
	" status INTEGER NOT NULL,"
	" fetched INTEGER NOT NULL,"
	" octets INTEGER NOT NULL,"
	" erased INTEGER NOT NULL,"
	" \"left\" INTEGER NOT NULL,"
	" failed INTEGER NOT NULL,"
	" error TEXT);",
	/* When the server's answers did not match the commands, at last. */
	"ALTER TABLE mailbox ADD COLUMN out_of_step_at INTEGER;",
	/* The listing that nothing came of, as long as all stays as it is. */
	"CREATE TABLE quiet ("
	" listing BLOB NOT NULL,"
	" policy TEXT NOT NULL,"
	" until INTEGER NOT NULL);"
	"CREATE TRIGGER message_inserted AFTER INSERT ON message"
	" BEGIN DELETE FROM quiet; END;"
	"CREATE TRIGGER message_updated AFTER UPDATE ON message"
	" BEGIN DELETE FROM quiet; END;"
	"CREATE TRIGGER message_deleted AFTER DELETE ON message"
	" BEGIN DELETE FROM quiet; END;",
	/* What is known without having been fetched; holds; what is missing
	 * here; headers; and what fails again and again. */
	"ALTER TABLE message ADD COLUMN header_sha256 BLOB;"
	"ALTER TABLE message ADD COLUMN held_at INTEGER;"
	"ALTER TABLE message ADD COLUMN missing_at INTEGER;"
	/* NULL: fetched; else who said that it was seen. */
	"ALTER TABLE message ADD COLUMN origin TEXT;"
	"CREATE TABLE trouble ("
	" uid BLOB NOT NULL,"
	" ordinal INTEGER NOT NULL,"
	" tries INTEGER NOT NULL,"
	" first_at INTEGER NOT NULL,"
	" last_at INTEGER NOT NULL,"
	" next_at INTEGER NOT NULL," /* not before */
	" quarantined_at INTEGER,"   /* not at all any more */
	" error TEXT NOT NULL,"
	" PRIMARY KEY (uid, ordinal)) WITHOUT ROWID;"
	"CREATE TRIGGER trouble_updated AFTER UPDATE ON trouble"
	" BEGIN DELETE FROM quiet; END;"
	"CREATE TRIGGER trouble_deleted AFTER DELETE ON trouble"
	" BEGIN DELETE FROM quiet; END;"
	"CREATE INDEX message_sha256 ON message (sha256);",
	/* When a message was listed again after the server confirmed that it
	 * was erased, and was the same; when sizes were told otherwise of what
	 * was the same. */
	"ALTER TABLE message ADD COLUMN returned_at INTEGER;"
	/* When a kept message was listed again after it had vanished, and no
	 * header proved that it is the same. */
	"ALTER TABLE message ADD COLUMN doubtful_at INTEGER;"
	"ALTER TABLE mailbox ADD COLUMN loose_sizes_at INTEGER;"
	/* What was noticed of this server, and said once. */
	"ALTER TABLE mailbox ADD COLUMN said INTEGER NOT NULL DEFAULT 0;"
	/* What mboxes held when they were read last (local_note.c). */
	"CREATE TABLE note ("
	" id INTEGER PRIMARY KEY,"
	" path TEXT NOT NULL UNIQUE,"
	" note BLOB NOT NULL);"
	/* Directories that had mail when they were looked at. */
	"CREATE TABLE root (path TEXT PRIMARY KEY) WITHOUT ROWID;",
	/* What time it was, as far as that is known: one row (core/clock.h). */
	"CREATE TABLE clock ("
	" sure_at INTEGER NOT NULL,"
	" evidence_at INTEGER NOT NULL,"
	" leapt_at INTEGER NOT NULL);"
	/* Which directory the mail was put into: another one may take its
	 * name. */
	"ALTER TABLE place ADD COLUMN born INTEGER;"
	"ALTER TABLE place ADD COLUMN inode INTEGER;"
	/* The header as it was written, to tell our torn end of an mbox. */
	"ALTER TABLE message ADD COLUMN head_octets INTEGER;"
	"ALTER TABLE message ADD COLUMN head_sha256 BLOB;"
	/* How the server answers UIDL with a number (enum pop3_uidl_form). */
	"ALTER TABLE mailbox ADD COLUMN proof_form INTEGER NOT NULL DEFAULT 0;"
	/* Messages found to be larger than LIST says, and over max-size. */
	"CREATE TABLE oversize ("
	" uid BLOB NOT NULL,"
	" ordinal INTEGER NOT NULL,"
	" size INTEGER NOT NULL,"
	" PRIMARY KEY (uid, ordinal)) WITHOUT ROWID;"
	/* Blanks around a uid were a part of it; what had one with and without
	 * counts as gone and new. */
	"UPDATE OR IGNORE message SET"
	" uid = CAST(trim(CAST(uid AS TEXT), ' ' || char(9)) AS BLOB)"
	" WHERE substr(uid, 1, 1) IN (x'20', x'09')"
	" OR substr(uid, -1) IN (x'20', x'09');"
	"UPDATE OR IGNORE trouble SET"
	" uid = CAST(trim(CAST(uid AS TEXT), ' ' || char(9)) AS BLOB)"
	" WHERE substr(uid, 1, 1) IN (x'20', x'09')"
	" OR substr(uid, -1) IN (x'20', x'09');",
	/* What was listed last: whatever a run asks of the messages that are
	 * on the server goes by it (store_recall.c), and no step of the commit
	 * ladder but the first writes to it. */
	"CREATE INDEX message_present ON message (place)"
	" WHERE vanished_at IS NULL;",
};

/* What can be done about it: a sentence. */
static const char *advice(int code, int error)
{
	if (code == SQLITE_FULL || error == ENOSPC || error == EDQUOT)
		return "Make room and run it again; nothing is lost";
	if (code == SQLITE_READONLY || code == SQLITE_PERM ||
		code == SQLITE_CANTOPEN || error == EACCES || error == EROFS)
		return "Nothing is lost: check who owns it, its permissions and those of its directory, and run it again";
	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		return "Nothing is lost: another program uses it; run it again once that has ended";
	return "Nothing is lost; run it again once that is fixed";
}

/* The system's error behind SQLite's; 0: it does not say. */
static int system_error(struct store *store)
{
	sqlite3_file *wal = NULL;
	int error = sqlite3_system_errno(store->db);

	/* What a commit fails of is known to the file of the WAL alone. */
	if (error == 0 &&
		sqlite3_file_control(store->db, "main",
			SQLITE_FCNTL_JOURNAL_POINTER, &wal) == SQLITE_OK &&
		wal != NULL && wal->pMethods != NULL)
		wal->pMethods->xFileControl(
			wal, SQLITE_FCNTL_LAST_ERRNO, &error);
	return error;
}

static void report(struct store *store, const char *what, struct error *err)
{
	int code = sqlite3_errcode(store->db);
	int error = code == SQLITE_IOERR || code == SQLITE_CANTOPEN
		? system_error(store)
		: 0;
	const char *says = sqlite3_errmsg(store->db);

	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		error_set(err, ERROR_DATA,
			"the store %s is damaged: %s. Nothing was fetched or "
			"erased. Restore it from a backup, or see what "
			"\"sqlite3 '%s' .recover\" saves; without a store all "
			"mail on the server counts as new",
			store->path, says, store->path);
	else
		error_set(err, ERROR_WRITE,
			"cannot %s the store %s: %s%s%s%s. %s", what,
			store->path,
			code == SQLITE_FULL ? "the disk is full" : says,
			error != 0 ? " (" : "",
			error != 0 ? strerror(error) : "",
			error != 0 ? ")" : "", advice(code, error));
}

bool store_failed(struct store *store, const char *what, struct error *err)
{
	report(store, what, err);
	if (!sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return false;
}

bool store_run_sql(struct store *store, const char *sql, const char *what,
	struct error *err)
{
	if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return true;
	return store_failed(store, what, err);
}

sqlite3_stmt *store_statement(
	struct store *store, const char *sql, struct error *err)
{
	size_t i = 0;

	while (i < store->prepared_count && store->prepared[i].sql != sql)
		i++;
	if (i < store->prepared_count)
		return store->prepared[i].stmt;
	sqlite3_stmt *stmt = NULL;

	if (i == STATEMENTS_MAX) {
		error_set(err, ERROR_SOFTWARE,
			"more than %d statements for the store %s",
			STATEMENTS_MAX, store->path);
		return NULL;
	}
	if (sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
		    &stmt, NULL) != SQLITE_OK) {
		store_failed(store, "read", err);
		return NULL;
	}
	store->prepared[i].sql = sql;
	store->prepared[i].stmt = stmt;
	store->prepared_count++;
	return stmt;
}

void store_bind_uid(sqlite3_stmt *stmt, int column, struct uid uid)
{
	sqlite3_bind_blob(
		stmt, column, uid.bytes, (int)uid.length, SQLITE_STATIC);
	if (column < sqlite3_bind_parameter_count(stmt))
		sqlite3_bind_int64(stmt, column + 1, uid.ordinal);
}

void store_bind_size(sqlite3_stmt *stmt, int column, uint64_t size)
{
	if (size == MAILDROP_SIZE_UNKNOWN)
		sqlite3_bind_null(stmt, column);
	else
		sqlite3_bind_int64(stmt, column, (sqlite3_int64)size);
}

void store_bind_digest(sqlite3_stmt *stmt, int column,
	const unsigned char sha256[LETTER_DIGEST])
{
	sqlite3_bind_blob(stmt, column, sha256, LETTER_DIGEST, SQLITE_STATIC);
}

void store_bind_text(sqlite3_stmt *stmt, int column, const char *text)
{
	if (text[0] == '\0')
		sqlite3_bind_null(stmt, column);
	else
		sqlite3_bind_text(stmt, column, text, -1, SQLITE_STATIC);
}

void store_bind_place(
	sqlite3_stmt *stmt, int column, const struct store_place *place)
{
	sqlite3_bind_text(
		stmt, column, store_kind_name(place->kind), -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, column + 1, place->path, -1, SQLITE_STATIC);
}

struct uid store_uid_at(sqlite3_stmt *row, int column)
{
	const char *bytes = sqlite3_column_blob(row, column);

	return (struct uid){
		.bytes = bytes == NULL ? "" : bytes,
		.length = (size_t)sqlite3_column_bytes(row, column),
		.ordinal = (uint32_t)sqlite3_column_int64(row, column + 1),
	};
}

const char *store_text_at(sqlite3_stmt *row, int column)
{
	const unsigned char *text = sqlite3_column_text(row, column);

	return text == NULL ? "" : (const char *)text;
}

uint64_t store_count_at(sqlite3_stmt *row, int column)
{
	return (uint64_t)sqlite3_column_int64(row, column);
}

bool store_digest_at(
	sqlite3_stmt *row, int column, unsigned char sha256[LETTER_DIGEST])
{
	const void *bytes = sqlite3_column_blob(row, column);

	if (bytes == NULL || sqlite3_column_bytes(row, column) != LETTER_DIGEST)
		return false;
	memcpy(sha256, bytes, LETTER_DIGEST);
	return true;
}

uint64_t store_size_at(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL
		? MAILDROP_SIZE_UNKNOWN
		: store_count_at(row, column);
}

bool store_next_row(
	struct store *store, sqlite3_stmt *stmt, bool *ok, struct error *err)
{
	int code = stmt == NULL ? SQLITE_MISUSE : sqlite3_step(stmt);

	if (code == SQLITE_ROW)
		return true;
	if (code != SQLITE_DONE)
		*ok = stmt != NULL && store_failed(store, "read", err);
	sqlite3_reset(stmt);
	return false;
}

bool store_finish(struct store *store, sqlite3_stmt *stmt, const char *what,
	struct error *err)
{
	int code = sqlite3_step(stmt);
	bool ok = code == SQLITE_DONE || code == SQLITE_ROW ||
		store_failed(store, what, err);

	sqlite3_reset(stmt);
	return ok;
}

bool store_add(struct store *store, sqlite3_stmt *stmt, int64_t *row,
	struct error *err)
{
	int code = sqlite3_step(stmt);
	bool ok = code == SQLITE_ROW || code == SQLITE_DONE ||
		store_failed(store, "write to", err);

	if (ok)
		*row = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
	sqlite3_reset(stmt);
	return ok;
}

bool store_has_row(
	struct store *store, sqlite3_stmt *stmt, bool *has, struct error *err)
{
	bool ok = true;

	*has = store_next_row(store, stmt, &ok, err);
	sqlite3_reset(stmt);
	return ok;
}

/*
 * The lock is on an octet of the database file that SQLite never locks (it
 * locks at 0x40000000). An open file description lock, so that no close
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

/* Opens and locks the file; a missing one is made, or left missing to read. */
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

bool store_read_number(struct store *store, const char *sql, int64_t *number,
	struct error *err)
{
	sqlite3_stmt *stmt = NULL;
	bool ok = sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) ==
			SQLITE_OK &&
		sqlite3_step(stmt) == SQLITE_ROW;

	if (ok)
		*number = sqlite3_column_int64(stmt, 0);
	else
		store_failed(store, "read", err);
	sqlite3_finalize(stmt);
	return ok;
}

bool store_change_row(struct store *store, const char *sql, int64_t row,
	int64_t now, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, sql, err);

	if (stmt == NULL)
		return false;
	sqlite3_bind_int64(stmt, 1, row);
	if (sqlite3_bind_parameter_count(stmt) > 1)
		sqlite3_bind_int64(stmt, 2, now);
	return store_finish(store, stmt, "write to", err);
}

int64_t store_format(void)
{
	return SCHEMA_VERSION;
}

static bool migrate(struct store *store, int64_t version, struct error *err)
{
	char sql[128];

	if (!store_run_sql(store, "BEGIN IMMEDIATE", "write to", err))
		return false;
	for (int64_t i = version; i < SCHEMA_VERSION; i++) {
		if (!store_run_sql(store, migrations[i], "write to", err))
			return false;
	}
	snprintf(sql, sizeof sql,
		"PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
		APPLICATION_ID, SCHEMA_VERSION);
	return store_run_sql(store, sql, "write to", err);
}

/* Is it ours, and of a version that we know? An empty file becomes ours. */
static bool check_identity(struct store *store, struct error *err)
{
	int64_t application;
	int64_t version;
	int64_t tables;

	if (!store_read_number(
		    store, "PRAGMA application_id", &application, err) ||
		!store_read_number(
			store, "PRAGMA user_version", &version, err) ||
		!store_read_number(store, "SELECT count(*) FROM sqlite_schema",
			&tables, err))
		return false;
	if (application != APPLICATION_ID && (application != 0 || tables > 0))
		return error_set(err, ERROR_DATA,
			"%s is a database, but none of keepmail's: it is left "
			"as it is. Choose another directory with state or "
			"--state-dir",
			store->path);
	if (version > SCHEMA_VERSION)
		return error_set(err, ERROR_DATA,
			"the store %s was written by a newer keepmail (format "
			"%lld, this one knows %d): use that one",
			store->path, (long long)version, SCHEMA_VERSION);
	if (version == SCHEMA_VERSION)
		return true;
	if (sqlite3_db_readonly(store->db, "main") == 1)
		return error_set(err, ERROR_TEMPORARY,
			"the store %s is of an older keepmail, and in use: the "
			"next fetch brings it up to date",
			store->path);
	return migrate(store, version, err);
}

bool store_open_database(
	struct store *store, const char *path, int flags, struct error *err)
{
	/* Nobody asks how much memory it has, which costs two locks for each
	 * piece. Refused, and no harm, once another store was opened. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	int code = sqlite3_open_v2(
		path, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL);

	if (store->db == NULL)
		return error_set(err, ERROR_SOFTWARE,
			"cannot open the store %s: SQLite has no memory",
			store->path);
	/* Whoever closes a store locks it for a moment. */
	sqlite3_busy_timeout(store->db, 10000);
	return code == SQLITE_OK || store_failed(store, "open", err);
}

bool store_make_ready(struct store *store, struct error *err)
{
	/* A damaged file must not lead SQLite anywhere. */
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	return store_run_sql(store,
		       "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY",
		       "open", err) &&
		check_identity(store, err);
}

/*
 * WAL with synchronous=FULL: every commit is synced before it returns, which
 * the commit ladder stands on (WAL+NORMAL lost commits in power cuts). The
 * files of the WAL stay, the log emptied, since whoever closes the store may
 * not remove files from its directory (io/confine), and since it costs a poll
 * less.
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
			"cannot make the state directory %s: %s. Choose "
			"another with state or --state-dir",
			directory, strerror(errno));
		goto fail;
	}
	bool is_new = stat(store->path, &st) < 0;

	if (!open_file(store, mode, err) || !open_database(store, err))
		goto fail;
	/* A commit in a new file is durable only once its entry is. */
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
	free(store->kept.ids);
	free(store->vanished.ids);
	free(store->lost.ids);
	free(store->taken.ids);
	free(store->place_path);
	free(store->path);
	free(store);
}

bool store_begin(struct store *store, struct error *err)
{
	return store_run_sql(store, "BEGIN IMMEDIATE", "write to", err);
}

bool store_commit(struct store *store, struct error *err)
{
	return store_run_sql(store, "COMMIT", "write to", err);
}
