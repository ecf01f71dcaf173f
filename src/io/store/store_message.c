/* SPDX-License-Identifier: ISC */
#include "io/store/store_message.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "core/xalloc.h"
#include "io/store/store_internal.h"

/*
 * Is it the message of the row, as it came? If its header tells that, the
 * server may have changed the rest. Without one, a damaged copy
 * (store_disown_copy) is that of the message with its uid.
 */
#define SAME_MESSAGE(sha256, header_sha256)                                  \
	"iif(" header_sha256 " IS NULL,"                                     \
	" ifnull(message.came_sha256, message.sha256) IN (" sha256 ", x'')," \
	" iif(message.came_sha256 IS NULL, message.header_sha256,"           \
	" message.came_header_sha256) IS " header_sha256 ")"

/* If it is stored now, for the copy alone. */
#define HANDED_STILL                                                        \
	"CASE WHEN state = 0 AND " SAME_MESSAGE(                            \
		"ifnull(excluded.came_sha256, excluded.sha256)",            \
		"iif(excluded.came_sha256 IS NULL, excluded.header_sha256," \
		" excluded.came_header_sha256)") " THEN handed END"

static const char arriving_add_sql[] =
	"INSERT INTO message (uid, ordinal, state, size, first_seen,"
	" place, name, offset, length, octets, sha256, message_id,"
	" header_sha256, head_octets, head_sha256, came_sha256,"
	" came_header_sha256, sought)"
	" VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
	" ?12, ?13, ?14, ?15, ?16, ?17)"
	" ON CONFLICT (uid, ordinal) DO UPDATE SET state = 1,"
	" size = excluded.size, kept_at = NULL, vanished_at = NULL,"
	" erased_at = NULL, first_seen = excluded.first_seen,"
	" place = excluded.place, name = excluded.name,"
	" offset = excluded.offset, length = excluded.length,"
	" octets = excluded.octets, sha256 = excluded.sha256,"
	" message_id = excluded.message_id,"
	" header_sha256 = excluded.header_sha256, origin = NULL,"
	" head_octets = excluded.head_octets,"
	" head_sha256 = excluded.head_sha256,"
	" came_sha256 = excluded.came_sha256,"
	" came_header_sha256 = excluded.came_header_sha256,"
	" sought = excluded.sought, handed = " HANDED_STILL ","
	/* A hold on a message that was given up applies to the one that
	 * replaces it. */
	" held_at = CASE state WHEN 0 THEN held_at END, missing_at = NULL,"
	" returned_at = NULL, doubtful_at = NULL, damage = NULL,"
	" damaged_at = NULL WHERE state <> 2 OR vanished_at IS NOT NULL"
	" RETURNING id";

static const char arriving_list_sql[] =
	"SELECT message.id, name, offset, length, octets, sha256,"
	" header_sha256, message_id, head_octets, head_sha256, kind, path,"
	" handed, sought"
	" FROM message JOIN place ON place.id = message.place"
	" WHERE state = 1"
	" ORDER BY place.id, sought IS NULL, offset, message.id";

static const char arriving_forget_sql[] =
	"DELETE FROM message WHERE id = ?1 AND state = 1 AND held_at IS NULL"
	" AND handed IS NULL";

static const char arriving_waits_sql[] =
	"UPDATE message SET state = 0 WHERE id = ?1 AND state = 1";

static const char kept_sql[] =
	"UPDATE message SET state = 2, kept_at = nullif(?2, 0) WHERE id = ?1";

static const char erased_sql[] =
	"UPDATE message SET state = 3, erased_at = ?2 WHERE id = ?1";

static const char handed_sql[] = "UPDATE message SET handed = ?2 WHERE id = ?1";

static const char note_handed_sql[] =
	"UPDATE message SET handed = ifnull(handed, '') WHERE id = ?1";

static const char is_handed_sql[] =
	"SELECT 1 FROM message WHERE uid = ?1 AND ordinal = ?2 AND state = 0"
	" AND handed IS NOT NULL AND " SAME_MESSAGE("?3", "?4");

static const char handed_text_sql[] =
	"SELECT 1 FROM message WHERE (came_sha256 = ?1"
	"  OR (sha256 = ?1 AND came_sha256 IS NULL))"
	" AND ((handed IS NOT NULL AND state IN (0, 2, 3)) OR (state IN (2, 3)"
	" AND place = (SELECT id FROM place WHERE kind = ?2 AND path = ?3)))"
	" LIMIT 1";

void store_bind_letter(
	sqlite3_stmt *stmt, int column, const struct letter *letter)
{
	sqlite3_bind_text(stmt, column, letter->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, column + 1, (sqlite3_int64)letter->offset);
	sqlite3_bind_int64(stmt, column + 2, (sqlite3_int64)letter->length);
	sqlite3_bind_int64(stmt, column + 3, (sqlite3_int64)letter->octets);
	store_bind_digest(stmt, column + 4, letter->sha256);
	store_bind_text(stmt, column + 5, letter->message_id);
	/* A parameter that is not bound is NULL. */
	if (letter->identified)
		store_bind_digest(stmt, column + 6, letter->header_sha256);
}

bool store_record_arriving(struct store *store,
	const struct store_arrival *arrival, int64_t *row, struct error *err)
{
	const struct letter *letter = arrival->letter;
	sqlite3_stmt *stmt = store_statement(store, arriving_add_sql, err);

	if (stmt == NULL || !store_find_place(store, &arrival->place, err))
		return false;
	sqlite3_clear_bindings(stmt);
	store_bind_uid(stmt, 1, arrival->uid);
	store_bind_size(stmt, 3, arrival->size);
	sqlite3_bind_int64(stmt, 4, arrival->now);
	sqlite3_bind_int64(stmt, 5, store->place.row);
	store_bind_letter(stmt, 6, letter);
	if (letter->head_octets > 0) {
		sqlite3_bind_int64(
			stmt, 13, (sqlite3_int64)letter->head_octets);
		store_bind_digest(stmt, 14, letter->head_sha256);
	}
	if (letter->changed)
		store_bind_digest(stmt, 15, letter->came.sha256);
	if (letter->changed && letter->came.identified)
		store_bind_digest(stmt, 16, letter->came.header_sha256);
	if (arrival->sought != NULL)
		sqlite3_bind_text(stmt, 17, arrival->sought, -1, SQLITE_STATIC);
	if (!store_add(store, stmt, row, err))
		return false;
	/* The plan never fetches a kept message. */
	return *row != 0 ||
		error_set(err, ERROR_SOFTWARE,
			"the store %s holds this message already", store->path);
}

bool store_record_kept(
	struct store *store, int64_t row, int64_t now, struct error *err)
{
	return store_change_row(store, kept_sql, row, now, err);
}

bool store_forget_arriving(struct store *store, int64_t row, struct error *err)
{
	return store_change_row(store, arriving_forget_sql, row, 0, err) &&
		store_change_row(store, arriving_waits_sql, row, 0, err);
}

bool store_record_handed(
	struct store *store, int64_t row, const char *said, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, handed_sql, err);

	if (stmt == NULL)
		return false;
	sqlite3_bind_int64(stmt, 1, row);
	sqlite3_bind_text(stmt, 2, said, -1, SQLITE_STATIC);
	return store_finish(store, stmt, "write to", err);
}

bool store_note_handed(struct store *store, int64_t row, struct error *err)
{
	return store_change_row(store, note_handed_sql, row, 0, err);
}

bool store_is_handed(struct store *store, struct uid uid,
	const struct letter *letter, bool *is, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, is_handed_sql, err);
	const unsigned char *header = letter->changed
		? letter->came.header_sha256
		: letter->header_sha256;

	if (stmt == NULL)
		return false;
	sqlite3_clear_bindings(stmt);
	store_bind_uid(stmt, 1, uid);
	store_bind_digest(stmt, 3, letter_came_sha256(letter));
	if (letter_came_identified(letter))
		store_bind_digest(stmt, 4, header);
	return store_has_row(store, stmt, is, err);
}

bool store_has_handed(struct store *store, const struct letter *letter,
	const struct store_place *place, bool *has, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, handed_text_sql, err);

	if (stmt == NULL)
		return false;
	store_bind_digest(stmt, 1, letter_came_sha256(letter));
	store_bind_place(stmt, 2, place);
	return store_has_row(store, stmt, has, err);
}

bool store_record_erased(
	struct store *store, int64_t row, int64_t now, struct error *err)
{
	return store_change_row(store, erased_sql, row, now, err);
}

/* In new memory; NULL is NULL. */
static char *copy_text(sqlite3_stmt *stmt, int column)
{
	return sqlite3_column_type(stmt, column) == SQLITE_NULL
		? NULL
		: xstrdup(store_text_at(stmt, column));
}

bool store_arriving(struct store *store, struct store_arriving **arriving,
	size_t *count, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, arriving_list_sql, err);
	struct store_arriving *found = NULL;
	size_t n = 0;
	bool ok = true;

	while (store_next_row(store, stmt, &ok, err)) {
		found = xreallocarray(found, n + 1, sizeof found[0]);
		struct store_arriving *one = &found[n++];

		one->row = sqlite3_column_int64(stmt, 0);
		store_read_letter(stmt, &one->letter);
		if (store_digest_at(stmt, 9, one->letter.head_sha256))
			one->letter.head_octets = store_count_at(stmt, 8);
		one->kind = account_kind_named(store_text_at(stmt, 10));
		one->path = xstrdup(store_text_at(stmt, 11));
		one->handed = copy_text(stmt, 12);
		one->sought = copy_text(stmt, 13);
	}
	if (!ok) {
		store_free_arriving(found, n);
		return false;
	}
	*arriving = found;
	*count = n;
	return true;
}

void store_free_arriving(struct store_arriving *arriving, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(arriving[i].path);
		free(arriving[i].handed);
		free(arriving[i].sought);
	}
	free(arriving);
}

static const char hold_sql[] = "UPDATE message SET held_at = nullif(?2, 0)"
			       " WHERE uid = ?1 AND state IN (0, 2, 4)";

bool store_hold(struct store *store, struct uid uid, int64_t since,
	size_t *found, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, hold_sql, err);

	if (stmt == NULL)
		return false;
	store_bind_uid(stmt, 1, uid);
	sqlite3_bind_int64(stmt, 2, since);
	if (!store_finish(store, stmt, "write to", err))
		return false;
	*found = (size_t)sqlite3_changes(store->db);
	return true;
}

static const char hold_row_sql[] =
	"UPDATE message SET held_at = ifnull(held_at, ?2) WHERE id = ?1";

bool store_record_hold(
	struct store *store, int64_t row, int64_t now, struct error *err)
{
	return store_change_row(store, hold_row_sql, row, now, err);
}
