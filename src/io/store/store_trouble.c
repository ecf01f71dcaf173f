/* SPDX-License-Identifier: ISC */
#include "io/store/store_trouble.h"

#include <sqlite3.h>

#include "io/store/store_internal.h"

static const char recall_troubles_sql[] =
	"SELECT uid, ordinal, tries, next_at, quarantined_at IS NOT NULL"
	" FROM trouble";

static const char trouble_sql[] =
	"INSERT INTO trouble (uid, ordinal, tries, first_at, last_at, next_at,"
	" quarantined_at, error) VALUES (?1, ?2, 1, ?3, ?3, ?4, ?5, ?6)"
	" ON CONFLICT (uid, ordinal) DO UPDATE SET tries = min(tries + 1, ?7),"
	" last_at = excluded.last_at, next_at = excluded.next_at,"
	" quarantined_at = excluded.quarantined_at, error = excluded.error";

static const char forget_trouble_sql[] =
	"DELETE FROM trouble WHERE ?1 IS NULL OR uid = ?1";

static const char settle_trouble_sql[] =
	"DELETE FROM trouble WHERE uid = ?1 AND ordinal = ?2";

bool store_recall_troubles(struct store *store, const struct maildrop *maildrop,
	struct memory *memories, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, recall_troubles_sql, err);
	bool ok = true;

	while (store_next_row(store, stmt, &ok, err)) {
		size_t at = maildrop_find(maildrop, store_uid_at(stmt, 0), 0);

		if (at == MAILDROP_NOT_FOUND)
			continue;
		memories[at].tries = (uint32_t)sqlite3_column_int64(stmt, 2);
		memories[at].next_try = sqlite3_column_int64(stmt, 3);
		memories[at].quarantined = sqlite3_column_int(stmt, 4) != 0;
	}
	return ok;
}

bool store_record_trouble(struct store *store,
	const struct store_failure *failure, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, trouble_sql, err);

	if (stmt == NULL)
		return false;
	store_bind_uid(stmt, 1, failure->uid);
	sqlite3_bind_int64(stmt, 3, failure->now);
	sqlite3_bind_int64(stmt, 4, failure->next);
	if (failure->quarantined)
		sqlite3_bind_int64(stmt, 5, failure->now);
	else
		sqlite3_bind_null(stmt, 5);
	sqlite3_bind_text(stmt, 6, failure->error, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 7, failure->most);
	return store_finish(store, stmt, "write to", err);
}

bool store_settle_trouble(
	struct store *store, struct uid uid, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, settle_trouble_sql, err);

	if (stmt == NULL)
		return false;
	store_bind_uid(stmt, 1, uid);
	return store_finish(store, stmt, "write to", err);
}

bool store_forget_trouble(struct store *store, const struct uid *uid,
	size_t *found, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, forget_trouble_sql, err);

	if (stmt == NULL)
		return false;
	if (uid == NULL)
		sqlite3_bind_null(stmt, 1);
	else
		store_bind_uid(stmt, 1, *uid);
	if (!store_finish(store, stmt, "write to", err))
		return false;
	*found = (size_t)sqlite3_changes(store->db);
	return true;
}

/* ---- messages over max-size -----------------------------------------------
 */

static const char recall_oversizes_sql[] =
	"SELECT uid, ordinal, size, listed FROM oversize";

static const char oversize_sql[] =
	"INSERT INTO oversize (uid, ordinal, size, listed)"
	" VALUES (?1, ?2, ?3, ?4) ON CONFLICT (uid, ordinal) DO UPDATE SET"
	" size = excluded.size, listed = excluded.listed"
	" WHERE size <> excluded.size OR listed <> excluded.listed";

static const char forget_oversize_sql[] =
	"DELETE FROM oversize WHERE uid = ?1 AND ordinal = ?2";

/*
 * Returns the index of the row's message in the listing, or MAILDROP_NOT_FOUND.
 */
static size_t find_listed(sqlite3_stmt *row, const struct maildrop *maildrop)
{
	return maildrop_find(maildrop, store_uid_at(row, 0), 0);
}

bool store_recall_oversizes(struct store *store,
	const struct maildrop *maildrop, struct memory *memories,
	struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, recall_oversizes_sql, err);
	bool ok = true;

	while (store_next_row(store, stmt, &ok, err)) {
		size_t at = find_listed(stmt, maildrop);

		/* A size reported by LIST is in the listing anyway. */
		if (at != MAILDROP_NOT_FOUND && !sqlite3_column_int(stmt, 3))
			memories[at].oversize = store_count_at(stmt, 2);
	}
	return ok;
}

/* Is it left on the server because it is over max-size according to LIST? */
static bool is_listed_large(const struct plan *plan, size_t i)
{
	return i < plan->count && plan->steps[i].why_fetch == REASON_TOO_LARGE;
}

/* Is what this row says about a listed message still true? */
static bool is_still_large(sqlite3_stmt *row, size_t at,
	const struct memory *memories, const struct plan *plan)
{
	return memories[at].oversize > 0 || is_listed_large(plan, at) ||
		/* Not known without a plan. */
		(sqlite3_column_int(row, 3) != 0 && plan->count == 0);
}

/*
 * Removes the rows of messages that are no longer listed, or not over max-size.
 */
static bool forget_oversizes(struct store *store,
	const struct maildrop *maildrop, const struct memory *memories,
	const struct plan *plan, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, recall_oversizes_sql, err);
	sqlite3_stmt *drop = store_statement(store, forget_oversize_sql, err);
	bool ok = drop != NULL;

	/* SQLite allows deleting a row already read while stepping through the
	 * rest. */
	while (ok && store_next_row(store, stmt, &ok, err)) {
		size_t at = find_listed(stmt, maildrop);

		if (at != MAILDROP_NOT_FOUND &&
			is_still_large(stmt, at, memories, plan))
			continue;
		sqlite3_bind_value(drop, 1, sqlite3_column_value(stmt, 0));
		sqlite3_bind_value(drop, 2, sqlite3_column_value(stmt, 1));
		ok = store_finish(store, drop, "write to", err);
	}
	sqlite3_reset(stmt);
	return ok;
}

bool store_record_oversizes(struct store *store,
	const struct maildrop *maildrop, const struct memory *memories,
	const struct plan *plan, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, oversize_sql, err);

	if (stmt == NULL ||
		!forget_oversizes(store, maildrop, memories, plan, err))
		return false;
	for (size_t i = 0; i < maildrop->count; i++) {
		const struct message *message = &maildrop->messages[i];
		bool listed = memories[i].oversize == 0;

		if (listed && !is_listed_large(plan, i))
			continue;
		store_bind_uid(stmt, 1, maildrop_uid(maildrop, message));
		sqlite3_bind_int64(stmt, 3,
			(sqlite3_int64)(listed ? message->size
					       : memories[i].oversize));
		sqlite3_bind_int(stmt, 4, listed);
		if (!store_finish(store, stmt, "write to", err))
			return false;
	}
	return true;
}
