/* SPDX-License-Identifier: ISC */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/xalloc.h"
#include "io/store/store_internal.h"

#define COPY_COLUMNS                                                      \
	"SELECT id, name, offset, length, octets, sha256, header_sha256," \
	" message_id FROM message "

static const char copies_sql[] = COPY_COLUMNS "WHERE state = 2";

static const char one_copy_sql[] = COPY_COLUMNS "WHERE id = ?1";

static const char has_mail_sql[] =
	"SELECT 1 FROM message INDEXED BY message_present"
	" WHERE place = (SELECT id FROM place WHERE kind = ?1 AND path = ?2)"
	" AND state = 2 AND vanished_at IS NULL AND missing_at IS NULL LIMIT 1";

static const char places_sql[] =
	"SELECT path FROM place WHERE EXISTS (SELECT 1 FROM message"
	" INDEXED BY message_present WHERE place = place.id AND state = 2 AND vanished_at IS NULL"
	" AND missing_at IS NULL)";

static const char missing_sql[] =
	"UPDATE message SET missing_at = nullif(?2, 0) WHERE id = ?1";

void store_read_letter(sqlite3_stmt *row, struct letter *letter)
{
	memset(letter, 0, sizeof *letter);
	snprintf(
		letter->name, sizeof letter->name, "%s", store_text_at(row, 1));
	letter->offset = store_count_at(row, 2);
	letter->length = store_count_at(row, 3);
	letter->octets = store_count_at(row, 4);
	store_digest_at(row, 5, letter->sha256);
	letter->identified = store_digest_at(row, 6, letter->header_sha256);
	snprintf(letter->message_id, sizeof letter->message_id, "%s",
		store_text_at(row, 7));
}

/* Those that are listed, one by one. */
static bool visit_listed(struct store *store,
	bool (*visit)(void *data, int64_t row, const struct letter *letter,
		struct error *err),
	void *data, struct error *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < store->kept.count; i++) {
		struct letter letter;

		ok = store_letter(store, store->kept.ids[i], &letter, err) &&
			visit(data, store->kept.ids[i], &letter, err);
	}
	return ok;
}

bool store_copies(struct store *store,
	bool (*visit)(void *data, int64_t row, const struct letter *letter,
		struct error *err),
	void *data, struct error *err)
{
	struct letter letter;
	bool ok = true;

	if (store->recalled)
		return visit_listed(store, visit, data, err);
	sqlite3_stmt *stmt = store_statement(store, copies_sql, err);

	while (ok && store_next_row(store, stmt, &ok, err)) {
		store_read_letter(stmt, &letter);
		ok = visit(data, sqlite3_column_int64(stmt, 0), &letter, err);
	}
	sqlite3_reset(stmt);
	return ok;
}

static const char all_copies_sql[] =
	"SELECT id, name, offset, length, octets, sha256, header_sha256,"
	" message_id, uid, ordinal,"
	" state = 2 AND vanished_at IS NULL FROM message"
	" WHERE state IN (2, 3) AND missing_at IS NULL AND sha256 <> x''"
	" AND origin IS NOT 'rebuilt'"
	" ORDER BY id";

static const char give_up_sql[] =
	"UPDATE message SET vanished_at = ifnull(vanished_at, ?2),"
	" uid = CAST('damaged: ' || hex(uid) || ' ' || id AS BLOB),"
	" missing_at = ?2 WHERE id = ?1 AND held_at IS NULL";

/* The hold is on the uid, and stays: the row waits for what is fetched. */
static const char give_up_held_sql[] =
	"UPDATE message SET state = 0, vanished_at = NULL, missing_at = ?2"
	" WHERE id = ?1 AND held_at IS NOT NULL";

/* It is no copy of anything any more, whatever row names it. */
static const char no_copy_sql[] =
	"UPDATE message SET sha256 = x'' WHERE (place, name, sha256) ="
	" (SELECT place, name, sha256 FROM message WHERE id = ?1)";

bool store_all_copies(struct store *store,
	bool (*visit)(
		void *data, const struct store_copy *copy, struct error *err),
	void *data, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, all_copies_sql, err);
	bool ok = true;

	while (ok && store_next_row(store, stmt, &ok, err)) {
		struct store_copy copy = {
			.row = sqlite3_column_int64(stmt, 0),
			.uid = store_uid_at(stmt, 8),
			.listed = sqlite3_column_int(stmt, 10) != 0,
		};

		store_read_letter(stmt, &copy.letter);
		ok = visit(data, &copy, err);
	}
	sqlite3_reset(stmt);
	return ok;
}

bool store_give_up(
	struct store *store, int64_t row, int64_t now, struct error *err)
{
	return store_change_row(store, no_copy_sql, row, 0, err) &&
		store_change_row(store, give_up_sql, row, now, err) &&
		store_change_row(store, give_up_held_sql, row, now, err);
}

static const char headers_sql[] =
	"SELECT header_sha256 FROM message WHERE state IN (1, 2, 3)"
	" AND length(header_sha256) = 32";

bool store_headers(struct store *store,
	void (*visit)(void *data, const unsigned char sha256[LETTER_DIGEST]),
	void *data, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, headers_sql, err);
	bool ok = true;

	while (store_next_row(store, stmt, &ok, err))
		visit(data, sqlite3_column_blob(stmt, 0));
	return ok;
}

bool store_letter(struct store *store, int64_t row, struct letter *letter,
	struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, one_copy_sql, err);

	if (stmt == NULL)
		return false;
	sqlite3_bind_int64(stmt, 1, row);
	bool ok = true;
	bool known = store_next_row(store, stmt, &ok, err);

	if (known)
		store_read_letter(stmt, letter);
	else if (ok)
		ok = error_set(err, ERROR_SOFTWARE,
			"the store %s has no message %lld", store->path,
			(long long)row);
	sqlite3_reset(stmt);
	return ok;
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

static const char origin_sql[] =
	"SELECT inode, born FROM place WHERE kind = ?1 AND path = ?2";

static const char origin_record_sql[] =
	"UPDATE place SET inode = ?3, born = ?4 WHERE kind = ?1 AND path = ?2";

static const char names_sql[] =
	"SELECT name FROM message WHERE state IN (1, 2, 3) AND name <> ''"
	" AND ifnull(length, 0) = 0";

static const char filed_sql[] =
	"UPDATE message SET name = ?2, offset = ?3, length = ?4 WHERE id = ?1";

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

bool store_names(struct store *store,
	void (*visit)(void *data, const char *name), void *data,
	struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, names_sql, err);
	bool ok = true;

	while (store_next_row(store, stmt, &ok, err))
		visit(data, store_text_at(stmt, 0));
	return ok;
}

bool store_record_filed(struct store *store, int64_t row,
	const struct letter *letter, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, filed_sql, err);

	if (stmt == NULL)
		return false;
	sqlite3_bind_int64(stmt, 1, row);
	sqlite3_bind_text(stmt, 2, letter->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 3, (sqlite3_int64)letter->offset);
	sqlite3_bind_int64(stmt, 4, (sqlite3_int64)letter->length);
	return store_finish(store, stmt, "write to", err);
}

bool store_record_missing(
	struct store *store, int64_t row, int64_t since, struct error *err)
{
	return store_change_row(store, missing_sql, row, since, err);
}
