/* SPDX-License-Identifier: ISC */
/* Looks up recorded uids for users who name one. */
#include <sqlite3.h>

#include "io/store/store_internal.h"
#include "io/store/store_look.h"

static const char uids_sql[] =
	"SELECT uid, 0 FROM message UNION SELECT uid, 0 FROM trouble"
	" UNION SELECT uid, 0 FROM oversize";

static const char uid_sql[] = "SELECT 1 FROM message WHERE uid = ?1"
			      " UNION ALL SELECT 1 FROM trouble WHERE uid = ?1"
			      " UNION ALL SELECT 1 FROM oversize WHERE uid = ?1"
			      " LIMIT 1";

bool store_has_uid(
	struct store *store, struct uid uid, bool *has, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, uid_sql, err);

	if (stmt == NULL)
		return false;
	store_bind_uid(stmt, 1, uid);
	return store_has_row(store, stmt, has, err);
}

bool store_each_uid(struct store *store, store_uid_visitor *visit, void *data,
	struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, uids_sql, err);
	bool ok = true;

	while (store_next_row(store, stmt, &ok, err))
		visit(store_uid_at(stmt, 0), data);
	return ok;
}
