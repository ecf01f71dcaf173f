/* SPDX-License-Identifier: ISC */
#include "io/store/store_place.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/xalloc.h"
#include "io/store/store_internal.h"

static const char has_mail_sql[] =
	"SELECT 1 FROM message INDEXED BY message_present"
	" WHERE place = (SELECT id FROM place WHERE kind = ?1 AND path = ?2)"
	" AND state = 2 AND vanished_at IS NULL AND missing_at IS NULL LIMIT 1";

static const char last_sql[] =
	"SELECT name FROM message"
	" WHERE place = (SELECT id FROM place WHERE kind = ?1 AND path = ?2)"
	" AND state IN (2, 3) ORDER BY id DESC LIMIT 1";

static const char last_handed_sql[] =
	"SELECT handed FROM message WHERE handed IS NOT NULL"
	" ORDER BY id DESC LIMIT 1";

static const char places_sql[] =
	"SELECT path FROM place WHERE kind IN ('maildir', 'mbox')"
	" AND EXISTS (SELECT 1 FROM message"
	" INDEXED BY message_present WHERE place = place.id AND state = 2"
	" AND vanished_at IS NULL AND missing_at IS NULL)";

static const char origin_sql[] =
	"SELECT inode, born FROM place WHERE kind = ?1 AND path = ?2";

static const char origin_record_sql[] =
	"UPDATE place SET inode = ?3, born = ?4 WHERE kind = ?1 AND path = ?2";

static const char known_sql[] =
	"SELECT 1 FROM place WHERE kind = ?1 AND path = ?2";

static const char place_add_sql[] = "INSERT OR IGNORE INTO place (kind, path)"
				    " VALUES (?1, ?2)";

static const char place_find_sql[] =
	"SELECT id FROM place WHERE kind = ?1 AND path = ?2";

bool store_find_place(
	struct store *store, const struct store_place *place, struct error *err)
{
	if (store->place.row != 0 && store->place.kind == place->kind &&
		strcmp(store->place.path, place->path) == 0)
		return true;
	sqlite3_stmt *add = store_statement(store, place_add_sql, err);
	sqlite3_stmt *find = store_statement(store, place_find_sql, err);

	if (add == NULL || find == NULL)
		return false;
	store_bind_place(add, 1, place);
	if (!store_finish(store, add, "write to", err))
		return false;
	store_bind_place(find, 1, place);
	bool ok = true;

	if (store_next_row(store, find, &ok, err)) {
		store->place.row = sqlite3_column_int64(find, 0);
		store->place.kind = place->kind;
		free(store->place.path);
		store->place.path = xstrdup(place->path);
		sqlite3_reset(find);
	}
	return ok;
}

bool store_knows_place(struct store *store, const struct store_place *place)
{
	struct error ignored = {.kind = ERROR_NONE};
	sqlite3_stmt *stmt = store_statement(store, known_sql, &ignored);
	bool knows = false;

	if (stmt == NULL)
		return false;
	store_bind_place(stmt, 1, place);
	return store_has_row(store, stmt, &knows, &ignored) && knows;
}

bool store_has_mail(struct store *store, const struct store_place *place,
	bool *has, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, has_mail_sql, err);

	if (stmt == NULL)
		return false;
	store_bind_place(stmt, 1, place);
	return store_has_row(store, stmt, has, err);
}

bool store_last_name(struct store *store, const struct store_place *place,
	char *room, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(
		store, place == NULL ? last_handed_sql : last_sql, err);
	bool ok = true;

	if (stmt == NULL)
		return false;
	if (place != NULL)
		store_bind_place(stmt, 1, place);
	room[0] = '\0';
	if (store_next_row(store, stmt, &ok, err))
		snprintf(room, LETTER_NAME_MAX, "%s", store_text_at(stmt, 0));
	sqlite3_reset(stmt);
	return ok;
}

bool store_places(struct store *store,
	bool (*visit)(void *data, const char *path, struct error *err),
	void *data, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, places_sql, err);
	bool ok = true;

	while (ok && store_next_row(store, stmt, &ok, err))
		ok = visit(data, store_text_at(stmt, 0), err);
	sqlite3_reset(stmt);
	return ok;
}

bool store_origin(struct store *store, const struct store_place *place,
	struct store_origin *origin, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, origin_sql, err);

	if (stmt == NULL)
		return false;
	store_bind_place(stmt, 1, place);
	bool ok = true;

	*origin = (struct store_origin){.inode = 0};
	while (store_next_row(store, stmt, &ok, err)) {
		origin->inode = store_count_at(stmt, 0);
		origin->born = sqlite3_column_int64(stmt, 1);
	}
	return ok;
}

bool store_record_origin(struct store *store, const struct store_place *place,
	const struct store_origin *origin, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, origin_record_sql, err);

	if (stmt == NULL)
		return false;
	store_bind_place(stmt, 1, place);
	sqlite3_bind_int64(stmt, 3, (sqlite3_int64)origin->inode);
	sqlite3_bind_int64(stmt, 4, origin->born);
	return store_finish(store, stmt, "write to", err);
}
