/* SPDX-License-Identifier: ISC */
#include "io/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/xalloc.h"
#include "io/directory.h"

/* "keep" in ASCII, in the file's header: this database is ours. */
#define APPLICATION_ID 0x6b656570
#define SCHEMA_VERSION 3
/* So many runs are on record. */
#define RUNS_MAX 1000
/* What vanished is remembered so long: some servers list only a window. */
#define FORGET_AFTER (INT64_C(366) * 86400)

/* A server may have been mended by then. */
#define OUT_OF_STEP_FOR (INT64_C(31) * 86400)

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
	" state INTEGER NOT NULL,"   /* 1 arriving, 2 kept, 3 erased */
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
};

enum statement {
	MAILBOX,
	MAILBOX_FORGET,
	MAILBOX_ADD,
	OUT_OF_STEP,
	RECALL,
	PLACE_ADD,
	PLACE_FIND,
	ARRIVING_ADD,
	ARRIVING_LIST,
	ARRIVING_FORGET,
	KEPT,
	ERASED,
	VANISHED,
	RETURNED,
	FORGET,
	QUIET,
	QUIET_FORGET,
	QUIET_ADD,
	RUN_ADD,
	RUN_FORGET,
	STATEMENT_COUNT,
};

static const char *const statements[STATEMENT_COUNT] = {
	[MAILBOX] = "SELECT server, user, out_of_step_at FROM mailbox",
	[MAILBOX_FORGET] = "DELETE FROM mailbox",
	[MAILBOX_ADD] = "INSERT INTO mailbox (server, user) VALUES (?1, ?2)",
	[OUT_OF_STEP] = "UPDATE mailbox SET out_of_step_at = ?1",

	[RECALL] = "SELECT id, uid, ordinal, state, size, kept_at,"
		   " vanished_at IS NOT NULL FROM message",
	[PLACE_ADD] = "INSERT OR IGNORE INTO place (kind, path)"
		      " VALUES (?1, ?2)",
	[PLACE_FIND] = "SELECT id FROM place WHERE kind = ?1 AND path = ?2",
	[ARRIVING_ADD] =
		"INSERT INTO message (uid, ordinal, state, size, first_seen,"
		" place, name, offset, length, octets, sha256, message_id)"
		" VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
		" ON CONFLICT (uid, ordinal) DO UPDATE SET state = 1,"
		" size = excluded.size, kept_at = NULL, vanished_at = NULL,"
		" erased_at = NULL, first_seen = excluded.first_seen,"
		" place = excluded.place, name = excluded.name,"
		" offset = excluded.offset, length = excluded.length,"
		" octets = excluded.octets, sha256 = excluded.sha256,"
		" message_id = excluded.message_id"
		" WHERE state <> 2 OR vanished_at IS NOT NULL"
		" RETURNING id",
	[ARRIVING_LIST] =
		"SELECT message.id, kind, path, name, offset, length, octets,"
		" sha256 FROM message JOIN place ON place.id = message.place"
		" WHERE state = 1 ORDER BY place.id, offset, message.id",
	[ARRIVING_FORGET] = "DELETE FROM message WHERE id = ?1 AND state = 1",
	[KEPT] = "UPDATE message SET state = 2, kept_at = ?2 WHERE id = ?1",
	[ERASED] = "UPDATE message SET state = 3, erased_at = ?2 WHERE id = ?1",
	[VANISHED] = "UPDATE message SET vanished_at = ?2 WHERE id = ?1",
	[RETURNED] = "UPDATE message SET vanished_at = NULL WHERE id = ?1",
	[FORGET] = "DELETE FROM message WHERE vanished_at < ?1",
	[QUIET] = "SELECT 1 FROM quiet WHERE listing = ?1 AND policy = ?2"
		  " AND until > ?3",
	[QUIET_FORGET] = "DELETE FROM quiet",
	[QUIET_ADD] = "INSERT INTO quiet (listing, policy, until)"
		      " VALUES (?1, ?2, ?3)",
	[RUN_FORGET] = "DELETE FROM run WHERE id <= ?1",
	[RUN_ADD] = "INSERT INTO run (started, ended, status, fetched, octets,"
		    " erased, \"left\", failed, error)"
		    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
};

/* Row ids, growing. */
struct rows {
	int64_t *ids; /* owned */
	size_t count;
	size_t room;
};

struct store {
	char *path; /* owned */
	enum store_mode mode;
	int lock;    /* the file itself, locked; -1: there is no file */
	sqlite3 *db; /* owned */
	sqlite3_stmt *prepared[STATEMENT_COUNT];
	int64_t out_of_step_at; /* 0: never */
	struct rows vanished;	/* known, and not in the listing now */
	struct rows returned;
	int64_t place; /* the row of the place below, 0: none yet */
	enum destination_kind place_kind;
	char *place_path; /* owned */
};

static void rows_add(struct rows *rows, int64_t id)
{
	if (rows->count == rows->room) {
		rows->room = rows->room > 0 ? rows->room * 2 : 64;
		rows->ids = xreallocarray(
			rows->ids, rows->room, sizeof rows->ids[0]);
	}
	rows->ids[rows->count++] = id;
}

static void tell(struct store *store, const char *what, struct error *err)
{
	int code = sqlite3_errcode(store->db);
	const char *says = sqlite3_errmsg(store->db);

	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		error_set(err, ERROR_DATA,
			"the store %s is damaged: %s. Nothing was fetched or "
			"erased. Restore it from a backup, or see what "
			"\"sqlite3 '%s' .recover\" saves; without a store all "
			"mail on the server counts as new",
			store->path, says, store->path);
	else if (code == SQLITE_FULL)
		error_set(err, ERROR_WRITE,
			"cannot %s the store %s: the disk is full. Make room "
			"and run it again; nothing is lost",
			what, store->path);
	else
		error_set(err, ERROR_WRITE,
			"cannot %s the store %s: %s (%s). Nothing is lost; run "
			"it again once that is mended",
			what, store->path, says, sqlite3_errstr(code));
}

/* Says what failed, and undoes the transaction that it belonged to. */
static bool failed(struct store *store, const char *what, struct error *err)
{
	tell(store, what, err);
	if (!sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return false;
}

static bool run_sql(struct store *store, const char *sql, const char *what,
	struct error *err)
{
	if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return true;
	return failed(store, what, err);
}

/* The prepared statement, ready for its values. */
static sqlite3_stmt *statement(
	struct store *store, enum statement which, struct error *err)
{
	sqlite3_stmt **at = &store->prepared[which];

	if (*at == NULL &&
		sqlite3_prepare_v3(store->db, statements[which], -1,
			SQLITE_PREPARE_PERSISTENT, at, NULL) != SQLITE_OK) {
		failed(store, "read", err);
		return NULL;
	}
	return *at;
}

/* Runs a statement that yields no rows, and makes it ready for the next. */
static bool finish(struct store *store, sqlite3_stmt *stmt, const char *what,
	struct error *err)
{
	int code = sqlite3_step(stmt);
	bool ok = code == SQLITE_DONE || code == SQLITE_ROW ||
		failed(store, what, err);

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
			"another keepmail is at work on this account: nothing "
			"to do here, or try again later");
	return error_set(err, ERROR_CREATE, "cannot lock the store %s: %s",
		store->path, strerror(errno));
}

/* Opens and locks the file; a missing one is made, or left missing to read. */
static bool open_file(
	struct store *store, enum store_mode mode, struct error *err)
{
	int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY;
	struct stat st;

	if (mode == STORE_WRITE)
		flags |= O_CREAT;
	store->lock = open(store->path, flags, 0600);
	if (store->lock < 0 && errno == ENOENT && mode == STORE_READ)
		return true;
	if (store->lock < 0)
		return error_set(err, ERROR_CREATE,
			"cannot open the store %s: %s", store->path,
			strerror(errno));
	if (fstat(store->lock, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set(err, ERROR_DATA,
			"the store %s is not a regular file", store->path);
	return take_lock(store, err);
}

static bool read_number(struct store *store, const char *sql, int64_t *number,
	struct error *err)
{
	sqlite3_stmt *stmt = NULL;
	bool ok = sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) ==
			SQLITE_OK &&
		sqlite3_step(stmt) == SQLITE_ROW;

	if (ok)
		*number = sqlite3_column_int64(stmt, 0);
	else
		failed(store, "read", err);
	sqlite3_finalize(stmt);
	return ok;
}

static bool migrate(struct store *store, int64_t version, struct error *err)
{
	char sql[128];

	if (!run_sql(store, "BEGIN IMMEDIATE", "write to", err))
		return false;
	for (int64_t i = version; i < SCHEMA_VERSION; i++) {
		if (!run_sql(store, migrations[i], "write to", err))
			return false;
	}
	snprintf(sql, sizeof sql,
		"PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
		APPLICATION_ID, SCHEMA_VERSION);
	return run_sql(store, sql, "write to", err);
}

/* Is it ours, and of a version that we know? An empty file becomes ours. */
static bool check_identity(struct store *store, struct error *err)
{
	int64_t application;
	int64_t version;
	int64_t tables;

	if (!read_number(store, "PRAGMA application_id", &application, err) ||
		!read_number(store, "PRAGMA user_version", &version, err) ||
		!read_number(store, "SELECT count(*) FROM sqlite_schema",
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
	if (version < SCHEMA_VERSION)
		return migrate(store, version, err);
	return true;
}

/*
 * WAL with synchronous=FULL: every commit is synced before it returns, which
 * the commit ladder stands on (WAL+NORMAL lost commits in power cuts).
 */
static bool open_database(struct store *store, struct error *err)
{
	bool file = store->lock >= 0;
	int code = sqlite3_open_v2(file ? store->path : ":memory:", &store->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
			SQLITE_OPEN_NOMUTEX,
		NULL);

	if (store->db == NULL)
		return error_set(err, ERROR_SOFTWARE, "SQLite has no memory");
	if (code != SQLITE_OK)
		return failed(store, "open", err);
	sqlite3_busy_timeout(store->db, 10000);
	/* A damaged file must not lead SQLite anywhere. */
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	return run_sql(store,
		       "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY",
		       "open", err) &&
		check_identity(store, err) &&
		(!file ||
			run_sql(store,
				"PRAGMA journal_mode = WAL;"
				"PRAGMA synchronous = FULL",
				"open", err));
}

struct store *store_open(const char *directory, const char *name,
	enum store_mode mode, struct error *err)
{
	struct store *store = xcalloc(1, sizeof *store);
	struct stat st;

	store->lock = -1;
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

/* Records whose uids these are. */
static bool record_mailbox(struct store *store, const char *server,
	const char *user, struct error *err)
{
	sqlite3_stmt *forget = statement(store, MAILBOX_FORGET, err);
	sqlite3_stmt *add = statement(store, MAILBOX_ADD, err);

	if (forget == NULL || add == NULL || !store_begin(store, err) ||
		!finish(store, forget, "write to", err))
		return false;
	sqlite3_bind_text(add, 1, server, -1, SQLITE_STATIC);
	sqlite3_bind_text(add, 2, user, -1, SQLITE_STATIC);
	return finish(store, add, "write to", err) && store_commit(store, err);
}

bool store_check_mailbox(struct store *store, const char *server,
	const char *user, bool adopt, struct error *err)
{
	sqlite3_stmt *stmt = statement(store, MAILBOX, err);

	if (stmt == NULL)
		return false;
	int code = sqlite3_step(stmt);

	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return failed(store, "read", err);
	bool known = code == SQLITE_ROW;
	const char *server_then =
		known ? (const char *)sqlite3_column_text(stmt, 0) : "";
	const char *user_then =
		known ? (const char *)sqlite3_column_text(stmt, 1) : "";
	if (known)
		store->out_of_step_at = sqlite3_column_int64(stmt, 2);
	bool same = known && server_then != NULL && user_then != NULL &&
		strcasecmp(server, server_then) == 0 &&
		strcmp(user, user_then) == 0;

	if (known && !same && !adopt)
		error_set(err, ERROR_CONFIG,
			"what the store %s knows is the mailbox of %s on %s. "
			"If this is another mailbox, give the account another "
			"name; if it is the same one under a new name, run "
			"keepmail --same-mailbox once",
			store->path, user_then, server_then);
	sqlite3_reset(stmt);
	if (err->kind != ERROR_NONE)
		return false;
	return same || store->mode == STORE_READ ||
		record_mailbox(store, server, user, err);
}

bool store_was_out_of_step(const struct store *store, int64_t now)
{
	return store->out_of_step_at != 0 &&
		now - store->out_of_step_at < OUT_OF_STEP_FOR;
}

/* Is this true of the last run on record? */
static bool last_run_is(struct store *store, const char *condition)
{
	struct error ignored = {.kind = ERROR_NONE};
	int64_t is = 0;
	char *sql = xasprintf(
		"SELECT ifnull((SELECT %s FROM run ORDER BY id DESC LIMIT 1), 0)",
		condition);
	bool ok = read_number(store, sql, &is, &ignored);

	free(sql);
	return ok && is != 0;
}

bool store_was_fruitless(struct store *store)
{
	return last_run_is(store, "fetched = 0 AND status <> 0");
}

bool store_has_failed(struct store *store)
{
	return last_run_is(store, "status <> 0");
}

bool store_is_quiet(struct store *store,
	const unsigned char listing[LETTER_DIGEST], const char *policy,
	int64_t now)
{
	struct error ignored = {.kind = ERROR_NONE};
	sqlite3_stmt *stmt = statement(store, QUIET, &ignored);

	if (stmt == NULL)
		return false;
	sqlite3_bind_blob(stmt, 1, listing, LETTER_DIGEST, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, policy, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 3, now);
	bool quiet = sqlite3_step(stmt) == SQLITE_ROW;

	sqlite3_reset(stmt);
	return quiet;
}

bool store_record_quiet(struct store *store,
	const unsigned char listing[LETTER_DIGEST], const char *policy,
	int64_t until, struct error *err)
{
	sqlite3_stmt *forget = statement(store, QUIET_FORGET, err);
	sqlite3_stmt *add = statement(store, QUIET_ADD, err);

	if (forget == NULL || add == NULL ||
		!finish(store, forget, "write to", err))
		return false;
	sqlite3_bind_blob(add, 1, listing, LETTER_DIGEST, SQLITE_STATIC);
	sqlite3_bind_text(add, 2, policy, -1, SQLITE_STATIC);
	sqlite3_bind_int64(add, 3, until);
	return finish(store, add, "write to", err);
}

void store_touch(struct store *store)
{
	/* Who must know it looks at the file: it is no loss if it fails. */
	if (store->lock >= 0 && futimens(store->lock, NULL) < 0)
		return;
}

bool store_record_out_of_step(
	struct store *store, int64_t now, struct error *err)
{
	sqlite3_stmt *stmt = statement(store, OUT_OF_STEP, err);

	if (stmt == NULL)
		return false;
	sqlite3_bind_int64(stmt, 1, now);
	return finish(store, stmt, "write to", err);
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	for (size_t i = 0; i < STATEMENT_COUNT; i++)
		sqlite3_finalize(store->prepared[i]);
	sqlite3_close(store->db);
	if (store->lock >= 0)
		close(store->lock);
	free(store->vanished.ids);
	free(store->returned.ids);
	free(store->place_path);
	free(store->path);
	free(store);
}

bool store_recall(struct store *store, const struct maildrop *maildrop,
	struct memory **memories, struct error *err)
{
	sqlite3_stmt *stmt = statement(store, RECALL, err);
	struct memory *found = xcalloc(maildrop->count, sizeof found[0]);
	size_t hint = 0;
	int code;

	if (stmt == NULL) {
		free(found);
		return false;
	}
	store->vanished.count = store->returned.count = 0;
	/* Rows lie in the order in which they were listed once. */
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		int64_t row = sqlite3_column_int64(stmt, 0);
		bool vanished = sqlite3_column_int(stmt, 6) != 0;
		const char *uid = sqlite3_column_blob(stmt, 1);
		size_t at = maildrop_find(maildrop, uid == NULL ? "" : uid,
			(size_t)sqlite3_column_bytes(stmt, 1),
			(uint32_t)sqlite3_column_int64(stmt, 2), hint);

		if (at == MAILDROP_NOT_FOUND) {
			if (!vanished)
				rows_add(&store->vanished, row);
			continue;
		}
		if (vanished)
			rows_add(&store->returned, row);
		found[at] = (struct memory){
			.row = row,
			.state = (enum memory_state)sqlite3_column_int(stmt, 3),
			.size = sqlite3_column_type(stmt, 4) == SQLITE_NULL
				? MAILDROP_SIZE_UNKNOWN
				: (uint64_t)sqlite3_column_int64(stmt, 4),
			.kept_at = sqlite3_column_int64(stmt, 5),
			.vanished = vanished,
		};
		hint = at + 1;
	}
	bool ok = code == SQLITE_DONE || failed(store, "read", err);

	sqlite3_reset(stmt);
	if (ok)
		*memories = found;
	else
		free(found);
	return ok;
}

bool store_begin(struct store *store, struct error *err)
{
	return run_sql(store, "BEGIN IMMEDIATE", "write to", err);
}

bool store_commit(struct store *store, struct error *err)
{
	return run_sql(store, "COMMIT", "write to", err);
}

static const char *kind_name(enum destination_kind kind)
{
	switch (kind) {
	case DESTINATION_NONE:
		break;
	case DESTINATION_MAILDIR:
		return "maildir";
	case DESTINATION_MBOX:
		return "mbox";
	}
	return "";
}

static enum destination_kind kind_named(const char *name)
{
	if (name != NULL && strcmp(name, "maildir") == 0)
		return DESTINATION_MAILDIR;
	if (name != NULL && strcmp(name, "mbox") == 0)
		return DESTINATION_MBOX;
	return DESTINATION_NONE;
}

/* The row of a place, looked up once as long as it stays the same. */
static bool find_place(
	struct store *store, const struct store_place *place, struct error *err)
{
	if (store->place != 0 && store->place_kind == place->kind &&
		strcmp(store->place_path, place->path) == 0)
		return true;
	sqlite3_stmt *add = statement(store, PLACE_ADD, err);
	sqlite3_stmt *find = statement(store, PLACE_FIND, err);

	if (add == NULL || find == NULL)
		return false;
	sqlite3_bind_text(add, 1, kind_name(place->kind), -1, SQLITE_STATIC);
	sqlite3_bind_text(add, 2, place->path, -1, SQLITE_STATIC);
	if (!finish(store, add, "write to", err))
		return false;
	sqlite3_bind_text(find, 1, kind_name(place->kind), -1, SQLITE_STATIC);
	sqlite3_bind_text(find, 2, place->path, -1, SQLITE_STATIC);
	bool ok =
		sqlite3_step(find) == SQLITE_ROW || failed(store, "read", err);

	if (ok) {
		store->place = sqlite3_column_int64(find, 0);
		store->place_kind = place->kind;
		free(store->place_path);
		store->place_path = xstrdup(place->path);
	}
	sqlite3_reset(find);
	return ok;
}

bool store_record_arriving(struct store *store, const struct maildrop *maildrop,
	const struct message *message, const struct letter *letter,
	const struct store_place *place, int64_t now, int64_t *row,
	struct error *err)
{
	sqlite3_stmt *stmt = statement(store, ARRIVING_ADD, err);

	if (stmt == NULL || !find_place(store, place, err))
		return false;
	sqlite3_bind_blob(stmt, 1, maildrop_uid(maildrop, message),
		(int)message->uid_length, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 2, message->ordinal);
	if (message->size == MAILDROP_SIZE_UNKNOWN)
		sqlite3_bind_null(stmt, 3);
	else
		sqlite3_bind_int64(stmt, 3, (sqlite3_int64)message->size);
	sqlite3_bind_int64(stmt, 4, now);
	sqlite3_bind_int64(stmt, 5, store->place);
	sqlite3_bind_text(stmt, 6, letter->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 7, (sqlite3_int64)letter->offset);
	sqlite3_bind_int64(stmt, 8, (sqlite3_int64)letter->length);
	sqlite3_bind_int64(stmt, 9, (sqlite3_int64)letter->octets);
	sqlite3_bind_blob(
		stmt, 10, letter->sha256, LETTER_DIGEST, SQLITE_STATIC);
	if (letter->message_id[0] == '\0')
		sqlite3_bind_null(stmt, 11);
	else
		sqlite3_bind_text(
			stmt, 11, letter->message_id, -1, SQLITE_STATIC);
	int code = sqlite3_step(stmt);
	bool ok = code == SQLITE_ROW;

	if (ok)
		*row = sqlite3_column_int64(stmt, 0);
	else if (code == SQLITE_DONE)
		/* The plan fetches nothing that is kept. */
		error_set(err, ERROR_SOFTWARE,
			"the store %s holds this message already", store->path);
	else
		failed(store, "write to", err);
	sqlite3_reset(stmt);
	return ok;
}

/* Runs an UPDATE or DELETE of one row, with its time where it takes one. */
static bool change_row(struct store *store, enum statement which, int64_t row,
	int64_t now, struct error *err)
{
	sqlite3_stmt *stmt = statement(store, which, err);

	if (stmt == NULL)
		return false;
	sqlite3_bind_int64(stmt, 1, row);
	if (sqlite3_bind_parameter_count(stmt) > 1)
		sqlite3_bind_int64(stmt, 2, now);
	return finish(store, stmt, "write to", err);
}

bool store_record_kept(
	struct store *store, int64_t row, int64_t now, struct error *err)
{
	return change_row(store, KEPT, row, now, err);
}

bool store_forget_arriving(struct store *store, int64_t row, struct error *err)
{
	return change_row(store, ARRIVING_FORGET, row, 0, err);
}

bool store_record_erased(
	struct store *store, int64_t row, int64_t now, struct error *err)
{
	return change_row(store, ERASED, row, now, err);
}

bool store_record_listing(struct store *store, int64_t now, struct error *err)
{
	for (size_t i = 0; i < store->vanished.count; i++) {
		if (!change_row(
			    store, VANISHED, store->vanished.ids[i], now, err))
			return false;
	}
	for (size_t i = 0; i < store->returned.count; i++) {
		if (!change_row(
			    store, RETURNED, store->returned.ids[i], now, err))
			return false;
	}
	store->vanished.count = store->returned.count = 0;
	return change_row(store, FORGET, now - FORGET_AFTER, 0, err);
}

static void copy_text(char *to, size_t size, const unsigned char *text)
{
	snprintf(to, size, "%s", text == NULL ? "" : (const char *)text);
}

bool store_arriving(struct store *store, struct store_arriving **arriving,
	size_t *count, struct error *err)
{
	sqlite3_stmt *stmt = statement(store, ARRIVING_LIST, err);
	struct store_arriving *found = NULL;
	size_t n = 0;
	int code;

	if (stmt == NULL)
		return false;
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		found = xreallocarray(found, n + 1, sizeof found[0]);
		struct store_arriving *one = &found[n++];
		const char *path = (const char *)sqlite3_column_text(stmt, 2);
		const void *sha256 = sqlite3_column_blob(stmt, 7);

		memset(one, 0, sizeof *one);
		one->row = sqlite3_column_int64(stmt, 0);
		one->kind =
			kind_named((const char *)sqlite3_column_text(stmt, 1));
		one->path = xstrdup(path == NULL ? "" : path);
		copy_text(one->letter.name, sizeof one->letter.name,
			sqlite3_column_text(stmt, 3));
		one->letter.offset = (uint64_t)sqlite3_column_int64(stmt, 4);
		one->letter.length = (uint64_t)sqlite3_column_int64(stmt, 5);
		one->letter.octets = (uint64_t)sqlite3_column_int64(stmt, 6);
		if (sqlite3_column_bytes(stmt, 7) == LETTER_DIGEST)
			memcpy(one->letter.sha256, sha256, LETTER_DIGEST);
	}
	sqlite3_reset(stmt);
	if (code != SQLITE_DONE) {
		store_free_arriving(found, n);
		return failed(store, "read", err);
	}
	*arriving = found;
	*count = n;
	return true;
}

void store_free_arriving(struct store_arriving *arriving, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(arriving[i].path);
	free(arriving);
}

bool store_record_run(
	struct store *store, const struct store_run *run, struct error *err)
{
	sqlite3_stmt *stmt = statement(store, RUN_ADD, err);

	if (stmt == NULL)
		return false;
	sqlite3_bind_int64(stmt, 1, run->started);
	sqlite3_bind_int64(stmt, 2, run->ended);
	sqlite3_bind_int(stmt, 3, run->status);
	sqlite3_bind_int64(stmt, 4, (sqlite3_int64)run->fetched);
	sqlite3_bind_int64(stmt, 5, (sqlite3_int64)run->octets);
	sqlite3_bind_int64(stmt, 6, (sqlite3_int64)run->erased);
	sqlite3_bind_int64(stmt, 7, (sqlite3_int64)run->left);
	sqlite3_bind_int64(stmt, 8, (sqlite3_int64)run->failed);
	sqlite3_bind_text(stmt, 9, run->error, -1, SQLITE_STATIC);
	return finish(store, stmt, "write to", err) &&
		change_row(store, RUN_FORGET,
			sqlite3_last_insert_rowid(store->db) - RUNS_MAX, 0,
			err);
}
