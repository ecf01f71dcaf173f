/* SPDX-License-Identifier: ISC */
/* What is recorded as wrong with messages. */
#include <sqlite3.h>

#include "io/store/store_internal.h"
#include "io/store/store_look.h"

/* A message may have a record in only one of the three tables. */
static const char conditions_sql[] =
	"SELECT one.uid, one.ordinal, message.id IS NOT NULL, state,"
	" message.size, kept_at, vanished_at, erased_at, held_at, missing_at,"
	" damage, damaged_at, tries, last_at, next_at, quarantined_at, error,"
	" oversize.size, origin, handed IS NOT NULL FROM"
	" (SELECT uid, ordinal FROM message WHERE ?1 OR state IN (0, 1)"
	"   OR held_at IS NOT NULL"
	"   OR (missing_at IS NOT NULL AND vanished_at IS NULL)"
	"   OR (damaged_at IS NOT NULL AND sha256 <> x'')"
	"  UNION SELECT uid, ordinal FROM trouble"
	"  UNION SELECT uid, ordinal FROM oversize) AS one"
	" LEFT JOIN message ON message.uid = one.uid"
	"  AND message.ordinal = one.ordinal"
	" LEFT JOIN trouble ON trouble.uid = one.uid"
	"  AND trouble.ordinal = one.ordinal"
	" LEFT JOIN oversize ON oversize.uid = one.uid"
	"  AND oversize.ordinal = one.ordinal"
	" ORDER BY message.id IS NULL, message.id, one.uid, one.ordinal";

static const char oversizes_of_sql[] =
	"SELECT uid, ordinal, size FROM oversize WHERE uid = ?1"
	" AND (uid, ordinal) NOT IN (SELECT uid, ordinal FROM message"
	"  WHERE uid = ?1)"
	" AND (uid, ordinal) NOT IN (SELECT uid, ordinal FROM trouble"
	"  WHERE uid = ?1) ORDER BY ordinal";

static const char damage_sql[] =
	"UPDATE message SET damage = ?2, damaged_at = ?3 WHERE id = ?1"
	" AND ifnull(damage, 0) <> ?2";

static struct store_condition condition_at(sqlite3_stmt *row)
{
	return (struct store_condition){
		.uid = store_uid_at(row, 0),
		.recorded = sqlite3_column_int(row, 2) != 0,
		.state = (enum memory_state)sqlite3_column_int(row, 3),
		.size = store_size_at(row, 4),
		.kept_at = sqlite3_column_int64(row, 5),
		.vanished_at = sqlite3_column_int64(row, 6),
		.erased_at = sqlite3_column_int64(row, 7),
		.held_at = sqlite3_column_int64(row, 8),
		.missing_at = sqlite3_column_int64(row, 9),
		.damage = (enum store_damage)sqlite3_column_int(row, 10),
		.damaged_at = sqlite3_column_int64(row, 11),
		.tries = store_count_at(row, 12),
		.tried_at = sqlite3_column_int64(row, 13),
		.next_at = sqlite3_column_int64(row, 14),
		.quarantined_at = sqlite3_column_int64(row, 15),
		.error = store_text_at(row, 16),
		.oversize = store_count_at(row, 17),
		.origin = store_text_at(row, 18),
		.handed = sqlite3_column_int(row, 19) != 0,
	};
}

bool store_each_condition(struct store *store, bool all,
	store_condition_visitor *visit, void *data, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, conditions_sql, err);
	bool ok = true;

	if (stmt != NULL)
		sqlite3_bind_int(stmt, 1, all);
	while (store_next_row(store, stmt, &ok, err)) {
		struct store_condition condition = condition_at(stmt);

		visit(&condition, data);
	}
	return ok;
}

bool store_each_oversize(struct store *store, struct uid uid,
	store_oversize_visitor *visit, void *data, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, oversizes_of_sql, err);
	bool ok = true;

	if (stmt != NULL)
		store_bind_uid(stmt, 1, uid);
	while (store_next_row(store, stmt, &ok, err))
		visit(store_uid_at(stmt, 0), store_count_at(stmt, 2), data);
	return ok;
}

bool store_record_damage(struct store *store, int64_t row,
	enum store_damage damage, int64_t now, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, damage_sql, err);

	if (stmt == NULL)
		return false;
	sqlite3_bind_int64(stmt, 1, row);
	sqlite3_bind_int(stmt, 2, (int)damage);
	if (damage == STORE_DAMAGE_NONE)
		sqlite3_bind_null(stmt, 3);
	else
		sqlite3_bind_int64(stmt, 3, now);
	return store_finish(store, stmt, "write to", err);
}
