/* SPDX-License-Identifier: ISC */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "io/store_inside.h"

#define COPY_COLUMNS                                                     \
	"SELECT id, name, offset, length, octets, sha256, header_sha256" \
	" FROM message "

static const char copies_sql[] =
	COPY_COLUMNS "WHERE state = 2 AND vanished_at IS NULL";

static const char one_copy_sql[] = COPY_COLUMNS "WHERE id = ?1";

static const char has_mail_sql[] =
	"SELECT 1 FROM message JOIN place ON place.id = message.place"
	" WHERE kind = ?1 AND path = ?2 AND state = 2 AND vanished_at IS NULL"
	" AND missing_at IS NULL LIMIT 1";

static const char places_sql[] =
	"SELECT path FROM place WHERE EXISTS (SELECT 1 FROM message"
	" WHERE place = place.id AND state = 2 AND vanished_at IS NULL"
	" AND missing_at IS NULL)";

static const char missing_sql[] =
	"UPDATE message SET missing_at = nullif(?2, 0) WHERE id = ?1";

static void read_digest(sqlite3_stmt *stmt, int column,
	unsigned char sha256[LETTER_DIGEST], bool *known)
{
	const void *bytes = sqlite3_column_blob(stmt, column);

	*known = bytes != NULL &&
		sqlite3_column_bytes(stmt, column) == LETTER_DIGEST;
	if (*known)
		memcpy(sha256, bytes, LETTER_DIGEST);
}

static void read_letter(sqlite3_stmt *stmt, struct letter *letter)
{
	const unsigned char *name = sqlite3_column_text(stmt, 1);
	bool known;

	memset(letter, 0, sizeof *letter);
	snprintf(letter->name, sizeof letter->name, "%s",
		name == NULL ? "" : (const char *)name);
	letter->offset = (uint64_t)sqlite3_column_int64(stmt, 2);
	letter->length = (uint64_t)sqlite3_column_int64(stmt, 3);
	letter->octets = (uint64_t)sqlite3_column_int64(stmt, 4);
	read_digest(stmt, 5, letter->sha256, &known);
	read_digest(stmt, 6, letter->header_sha256, &letter->identified);
}

bool store_copies(struct store *store,
	bool (*visit)(void *data, int64_t row, const struct letter *letter,
		struct error *err),
	void *data, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, copies_sql, err);
	struct letter letter;
	bool ok = stmt != NULL;
	int code = SQLITE_DONE;

	while (ok && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
		read_letter(stmt, &letter);
		ok = visit(data, sqlite3_column_int64(stmt, 0), &letter, err);
	}
	if (stmt != NULL && ok && code != SQLITE_DONE)
		ok = store_failed(store, "read", err);
	sqlite3_reset(stmt);
	return ok;
}

bool store_copy(struct store *store, int64_t row, struct letter *letter,
	struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, one_copy_sql, err);

	if (stmt == NULL)
		return false;
	sqlite3_bind_int64(stmt, 1, row);
	bool ok = sqlite3_step(stmt) == SQLITE_ROW;

	if (ok)
		read_letter(stmt, letter);
	else
		store_failed(store, "read", err);
	sqlite3_reset(stmt);
	return ok;
}

bool store_has_mail(struct store *store, const struct store_place *place,
	bool *has, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, has_mail_sql, err);

	if (stmt == NULL)
		return false;
	sqlite3_bind_text(
		stmt, 1, store_kind_name(place->kind), -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, place->path, -1, SQLITE_STATIC);
	int code = sqlite3_step(stmt);

	*has = code == SQLITE_ROW;
	bool ok =
		*has || code == SQLITE_DONE || store_failed(store, "read", err);

	sqlite3_reset(stmt);
	return ok;
}

bool store_places(struct store *store,
	bool (*visit)(void *data, const char *path, struct error *err),
	void *data, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, places_sql, err);
	bool ok = stmt != NULL;
	int code = SQLITE_DONE;

	while (ok && (code = sqlite3_step(stmt)) == SQLITE_ROW)
		ok = visit(
			data, (const char *)sqlite3_column_text(stmt, 0), err);
	if (stmt != NULL && ok && code != SQLITE_DONE)
		ok = store_failed(store, "read", err);
	sqlite3_reset(stmt);
	return ok;
}

bool store_record_missing(
	struct store *store, int64_t row, int64_t since, struct error *err)
{
	return store_change_row(store, missing_sql, row, since, err);
}
