/* SPDX-License-Identifier: ISC */
#include "io/store/store_seen.h"

#include <sqlite3.h>

#include "io/store/store_internal.h"

static const char known_sql[] =
	"SELECT 1 FROM message WHERE uid = ?1 AND ordinal = ?2";

static const char seen_add_sql[] =
	"INSERT INTO message (uid, ordinal, state, kept_at, first_seen,"
	" place, name, octets, sha256, origin)"
	" VALUES (?1, ?2, 4, ?3, ?4, 0, '', 0, x'', ?5) RETURNING id";

static const char fresh_sql[] =
	"SELECT NOT EXISTS (SELECT 1 FROM message)"
	" AND NOT EXISTS (SELECT 1 FROM quiet)"
	" AND NOT EXISTS (SELECT 1 FROM run WHERE status = 0)";

bool store_knows(
	struct store *store, struct uid uid, bool *known, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, known_sql, err);

	if (stmt == NULL)
		return false;
	store_bind_uid(stmt, 1, uid);
	return store_has_row(store, stmt, known, err);
}

bool store_record_seen(struct store *store, const struct store_seen *seen,
	int64_t now, int64_t *row, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, seen_add_sql, err);

	if (stmt == NULL)
		return false;
	store_bind_uid(stmt, 1, seen->uid);
	sqlite3_bind_int64(stmt, 3, seen->since);
	sqlite3_bind_int64(stmt, 4, now);
	sqlite3_bind_text(stmt, 5, seen->origin, -1, SQLITE_STATIC);
	return store_add(store, stmt, row, err);
}

bool store_is_fresh(struct store *store, bool *fresh, struct error *err)
{
	int64_t number = 0;
	bool ok = store_read_number(store, fresh_sql, &number, err);

	*fresh = number != 0;
	return ok;
}
