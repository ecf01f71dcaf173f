/* SPDX-License-Identifier: ISC */
/* SQL statements, their values and rows, and SQLite's errors. */
#include <errno.h>
#include <sqlite3.h>
#include <string.h>

#include "io/store/store_internal.h"

/* Returns a sentence about what can be done. */
static const char *advice(int code, int error)
{
	if (code == SQLITE_FULL || error == ENOSPC || error == EDQUOT)
		return "Free some space and run keepmail again; no mail was lost";
	if (code == SQLITE_READONLY || code == SQLITE_PERM ||
		code == SQLITE_CANTOPEN || error == EACCES || error == EROFS)
		return "Check its owner and permissions and those of its directory, then run keepmail again; no mail was lost";
	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		return "Another program is using it: run keepmail again later";
	return "Run keepmail again once this is fixed; no mail was lost";
}

/* Returns the errno behind an SQLite error, or 0 if there is none. */
static int system_error(struct store *store)
{
	sqlite3_file *wal = NULL;
	int error = sqlite3_system_errno(store->db);

	/* Why a commit failed is known only to the WAL's file object. */
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
			"the store %s is damaged: %s. Nothing was fetched or deleted: restore it from a backup, or move it away and run keepmail rebuild",
			store->path, says);
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
	/* The next run reads the WAL anew, and finds out what is left of it. */
	if (store->pending)
		sqlite3_db_config(
			store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
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
	sqlite3_bind_text(stmt, column, account_kind_name(place->kind), -1,
		SQLITE_STATIC);
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
