/* SPDX-License-Identifier: ISC */
#include "io/store/store_note.h"

#include <sqlite3.h>
#include <string.h>

#include "core/xalloc.h"
#include "io/store/store_internal.h"

/* The number of notes that are kept: files come and go. */
#define NOTES_MAX 1000

static const char note_sql[] = "SELECT note FROM note WHERE path = ?1";

static const char note_add_sql[] =
	"INSERT OR REPLACE INTO note (path, note) VALUES (?1, ?2)";

static const char note_forget_sql[] = "DELETE FROM note WHERE id <= ?1";

static const char root_sql[] = "SELECT 1 FROM root WHERE path = ?1";

static const char root_add_sql[] =
	"INSERT OR IGNORE INTO root (path) VALUES (?1)";

static const char root_forget_sql[] = "DELETE FROM root WHERE path = ?1";

bool store_had_root(
	struct store *store, const char *path, bool *had, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, root_sql, err);

	if (stmt == NULL)
		return false;
	sqlite3_bind_text(stmt, 1, path, -1, SQLITE_STATIC);
	return store_has_row(store, stmt, had, err);
}

bool store_record_root(
	struct store *store, const char *path, bool has, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(
		store, has ? root_add_sql : root_forget_sql, err);

	if (stmt == NULL)
		return false;
	sqlite3_bind_text(stmt, 1, path, -1, SQLITE_STATIC);
	return store_finish(store, stmt, "write to", err);
}

void *store_note(struct store *store, const char *path, size_t *length)
{
	struct error ignored = {.kind = ERROR_NONE};
	sqlite3_stmt *stmt = store_statement(store, note_sql, &ignored);
	void *note = NULL;
	bool ok = true;

	if (stmt == NULL)
		return NULL;
	sqlite3_bind_text(stmt, 1, path, -1, SQLITE_STATIC);
	if (store_next_row(store, stmt, &ok, &ignored) &&
		sqlite3_column_bytes(stmt, 0) > 0) {
		*length = (size_t)sqlite3_column_bytes(stmt, 0);
		note = xmalloc(*length);
		memcpy(note, sqlite3_column_blob(stmt, 0), *length);
	}
	sqlite3_reset(stmt);
	return note;
}

bool store_record_note(struct store *store, const char *path, const void *note,
	size_t length, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, note_add_sql, err);

	if (stmt == NULL)
		return false;
	sqlite3_bind_text(stmt, 1, path, -1, SQLITE_STATIC);
	sqlite3_bind_blob64(stmt, 2, note, length, SQLITE_STATIC);
	return store_finish(store, stmt, "write to", err) &&
		store_change_row(store, note_forget_sql,
			sqlite3_last_insert_rowid(store->db) - NOTES_MAX, 0,
			err);
}
