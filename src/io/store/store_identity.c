/* SPDX-License-Identifier: ISC */
#include "io/store/store_identity.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "core/xalloc.h"
#include "io/store/store_internal.h"

static const char header_sql[] =
	"SELECT iif(came_sha256 IS NULL, header_sha256, came_header_sha256),"
	" size FROM message WHERE id = ?1";

static const char rebind_sql[] =
	"UPDATE message SET uid = ?2, ordinal = ?3, size = ?4,"
	" vanished_at = NULL, doubtful_at = NULL, origin = NULL WHERE id = ?1";

static const char size_sql[] = "UPDATE message SET size = ?2 WHERE id = ?1";

/* The record stays, under a uid that no server gives. */
static const char retire_sql[] =
	"UPDATE message SET vanished_at = ifnull(vanished_at, ?3),"
	" held_at = NULL,"
	" uid = CAST('used again: ' || hex(uid) || ' ' || id AS BLOB)"
	" WHERE uid = ?1 AND ordinal = ?2 AND state IN (2, 3)";

static const char same_text_sql[] =
	"SELECT 1 FROM message WHERE uid = ?1 AND ordinal = ?2 AND state = 2"
	" AND ifnull(came_sha256, sha256) = ?3";

static const char seen_again_sql[] =
	"UPDATE message SET returned_at = ?2 WHERE id = ?1 AND state = 3";

bool store_is_same_text(struct store *store, struct uid uid,
	const unsigned char sha256[LETTER_DIGEST], bool *same,
	struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, same_text_sql, err);

	if (stmt == NULL)
		return false;
	store_bind_uid(stmt, 1, uid);
	store_bind_digest(stmt, 3, sha256);
	return store_has_row(store, stmt, same, err);
}

bool store_record_returned(
	struct store *store, int64_t row, int64_t now, struct error *err)
{
	return store_change_row(store, seen_again_sql, row, now, err);
}

size_t store_lost_count(const struct store *store)
{
	return store->recalled.lost.count;
}

/* Reads a row's header digest and size; *known is false if it has no digest. */
static bool read_header(struct store *store, int64_t row,
	struct store_lost *found, bool *known, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, header_sql, err);

	if (stmt == NULL)
		return false;
	sqlite3_bind_int64(stmt, 1, row);
	bool ok = true;

	*known = false;
	while (store_next_row(store, stmt, &ok, err)) {
		*known = store_digest_at(stmt, 0, found->header_sha256);
		found->row = row;
		found->size = store_size_at(stmt, 1);
	}
	return ok;
}

bool store_lost(struct store *store, struct store_lost **lost, size_t *count,
	struct error *err)
{
	struct store_lost *found =
		xcalloc(store->recalled.lost.count, sizeof found[0]);
	size_t n = 0;
	bool ok = true;

	for (size_t i = 0; ok && i < store->recalled.lost.count; i++) {
		bool known;

		ok = read_header(store, store->recalled.lost.ids[i], &found[n],
			&known, err);
		n += ok && known;
	}
	if (!ok) {
		free(found);
		return false;
	}
	*lost = found;
	*count = n;
	return true;
}

bool store_header(struct store *store, int64_t row,
	unsigned char sha256[LETTER_DIGEST], bool *known, struct error *err)
{
	struct store_lost found;

	if (!read_header(store, row, &found, known, err))
		return false;
	if (*known)
		memcpy(sha256, found.header_sha256, LETTER_DIGEST);
	return true;
}

bool store_rebind(struct store *store, int64_t row, struct uid uid,
	uint64_t size, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, rebind_sql, err);

	if (stmt == NULL)
		return false;
	sqlite3_bind_int64(stmt, 1, row);
	store_bind_uid(stmt, 2, uid);
	store_bind_size(stmt, 4, size);
	return store_finish(store, stmt, "write to", err);
}

bool store_retire(
	struct store *store, struct uid uid, int64_t now, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, retire_sql, err);

	if (stmt == NULL)
		return false;
	store_bind_uid(stmt, 1, uid);
	sqlite3_bind_int64(stmt, 3, now);
	return store_finish(store, stmt, "write to", err);
}

bool store_record_size(
	struct store *store, int64_t row, uint64_t size, struct error *err)
{
	return store_change_row(store, size_sql, row, (int64_t)size, err);
}
