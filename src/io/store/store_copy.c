/* SPDX-License-Identifier: ISC */
#include "io/store/store_copy.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "io/store/store_internal.h"

/* What was handed over to a server has no copy that could be missing. */
#define IN_A_FILE \
	"place IN (SELECT id FROM place WHERE kind IN ('maildir', 'mbox'))"

#define COPY_COLUMNS                                                      \
	"SELECT id, name, offset, length, octets, sha256, header_sha256," \
	" message_id FROM message "

static const char copies_sql[] = COPY_COLUMNS "WHERE state = 2 AND " IN_A_FILE;

static const char handed_sql[] =
	"SELECT 1 FROM message WHERE id = ?1 AND NOT " IN_A_FILE;

static const char one_copy_sql[] = COPY_COLUMNS "WHERE id = ?1 AND " IN_A_FILE;

static const char missing_sql[] =
	"UPDATE message SET missing_at = nullif(?2, 0),"
	/* What verify missed was found again. */
	" damaged_at = CASE WHEN ?2 = 0 AND damage = 1 THEN NULL"
	"  ELSE damaged_at END,"
	" damage = CASE WHEN ?2 = 0 AND damage = 1 THEN NULL ELSE damage END"
	" WHERE id = ?1";

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

/* *found: it is in a file. */
static bool find_letter(struct store *store, int64_t row, struct letter *letter,
	bool *found, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, one_copy_sql, err);
	bool ok = true;

	if (stmt == NULL)
		return false;
	sqlite3_bind_int64(stmt, 1, row);
	*found = store_next_row(store, stmt, &ok, err);
	if (*found)
		store_read_letter(stmt, letter);
	sqlite3_reset(stmt);
	return ok;
}

/* Visits the listed messages, each by its row. */
static bool visit_listed(struct store *store,
	bool (*visit)(void *data, int64_t row, const struct letter *letter,
		struct error *err),
	void *data, struct error *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < store->recalled.kept.count; i++) {
		int64_t row = store->recalled.kept.ids[i];
		struct letter letter;
		bool found;

		ok = find_letter(store, row, &letter, &found, err) &&
			(!found || visit(data, row, &letter, err));
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

	if (store->recalled.done)
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
	" AND origin IS NOT 'rebuilt' AND " IN_A_FILE " ORDER BY id";

static const char disown_sql[] =
	"UPDATE message SET vanished_at = ifnull(vanished_at, ?2),"
	" uid = CAST('damaged: ' || hex(uid) || ' ' || id AS BLOB),"
	" missing_at = ?2 WHERE id = ?1 AND held_at IS NULL AND handed IS NULL";

/*
 * The hold is on the uid, and stays, and what was handed over is not handed
 * over again: the row waits for the next fetch.
 */
static const char disown_waits_sql[] =
	"UPDATE message SET state = 0, vanished_at = NULL, missing_at = ?2"
	" WHERE id = ?1 AND (held_at IS NOT NULL OR handed IS NOT NULL)";

/* From now on, no row that names the copy counts as a copy. */
static const char no_copy_sql[] =
	"UPDATE message SET sha256 = x'',"
	" came_sha256 = iif(came_sha256 IS NULL, NULL, x'')"
	" WHERE (place, name, sha256) ="
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

bool store_disown_copy(
	struct store *store, int64_t row, int64_t now, struct error *err)
{
	return store_change_row(store, no_copy_sql, row, 0, err) &&
		store_change_row(store, disown_sql, row, now, err) &&
		store_change_row(store, disown_waits_sql, row, now, err);
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
	bool found;

	return find_letter(store, row, letter, &found, err) &&
		(found ||
			error_set(err, ERROR_SOFTWARE,
				"the store %s has no copy of message %lld",
				store->path, (long long)row));
}

bool store_was_handed_over(
	struct store *store, int64_t row, bool *handed, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, handed_sql, err);

	if (stmt == NULL)
		return false;
	sqlite3_bind_int64(stmt, 1, row);
	return store_has_row(store, stmt, handed, err);
}

static const char names_sql[] =
	"SELECT name FROM message WHERE state IN (1, 2, 3) AND name <> ''"
	" AND ifnull(length, 0) = 0";

static const char filed_sql[] =
	"UPDATE message SET name = ?2, offset = ?3, length = ?4, sought = NULL"
	" WHERE id = ?1";

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

static const char copy_sql[] =
	"SELECT id, name, offset, length, octets, sha256, header_sha256,"
	" message_id, head_octets, head_sha256, origin IS 'rebuilt'"
	" FROM message"
	" WHERE (came_sha256 = ?1"
	"  OR (sha256 IN (?1, ?3) AND came_sha256 IS NULL))"
	/* What the previous batch published is still "arriving". */
	" AND place = ?2 AND state IN (1, 2, 3) ORDER BY id DESC";

/*
 * Is it a copy whose uid is not known, or one that is no longer listed because
 * the server gave it a new uid (store->new_uids)?
 */
static bool is_unlisted(const struct store *store, sqlite3_stmt *stmt)
{
	int64_t row = sqlite3_column_int64(stmt, 0);

	return (sqlite3_column_int(stmt, 10) != 0 ||
		       (store->new_uids && store_is_lost(store, row))) &&
		!store_is_taken(store, row);
}

void store_expect_new_uids(struct store *store)
{
	store->new_uids = true;
}

/* Makes *letter describe the copy on record. */
static void take_stored(sqlite3_stmt *stmt, struct letter *letter)
{
	struct letter stored;

	store_read_letter(stmt, &stored);
	if (store_digest_at(stmt, 9, stored.head_sha256))
		stored.head_octets = store_count_at(stmt, 8);
	letter_take_stored(letter, &stored);
}

bool store_find_copy(struct store *store, const struct letter *letter,
	const struct store_place *place, struct store_found *found,
	struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, copy_sql, err);
	bool ok = true;

	bool identified = letter_came_identified(letter);

	found->row = 0;
	if (stmt == NULL || !store_find_place(store, place, err))
		return false;
	store_bind_digest(stmt, 1, letter_came_sha256(letter));
	sqlite3_bind_int64(stmt, 2, store->place.row);
	store_bind_digest(stmt, 3, letter->sha256);
	while (found->row == 0 && store_next_row(store, stmt, &ok, err)) {
		if (!identified && !is_unlisted(store, stmt))
			continue;
		found->row = sqlite3_column_int64(stmt, 0);
		found->letter = *letter;
		take_stored(stmt, &found->letter);
	}
	sqlite3_reset(stmt);
	if (ok && found->row != 0 && !identified)
		store_add_row(&store->recalled.taken, found->row);
	return ok;
}

static const char unlisted_add_sql[] =
	"INSERT INTO message (uid, ordinal, state, kept_at, vanished_at,"
	" first_seen, place, name, offset, length, octets, sha256, message_id,"
	" header_sha256, origin) SELECT CAST('rebuilt: ' || hex(?7) || ' ' ||"
	" ifnull(max(id), 0) AS BLOB), 0, 2, ?1, ?1, ?1, ?2, ?3, ?4, ?5, ?6,"
	" ?7, ?8, ?9, 'rebuilt' FROM message";

bool store_record_unlisted(struct store *store, const struct letter *letter,
	const struct store_place *place, int64_t now, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, unlisted_add_sql, err);

	if (stmt == NULL || !store_find_place(store, place, err))
		return false;
	sqlite3_clear_bindings(stmt);
	sqlite3_bind_int64(stmt, 1, now);
	sqlite3_bind_int64(stmt, 2, store->place.row);
	store_bind_letter(stmt, 3, letter);
	return store_finish(store, stmt, "write to", err);
}
