/* SPDX-License-Identifier: ISC */
#include "io/store/store_recall.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "core/xalloc.h"
#include "io/store/store_internal.h"

/*
 * How long vanished messages are remembered: some servers list only a window.
 */
#define FORGET_AFTER (INT64_C(366) * 86400)

/*
 * Messages that vanished or were erased long ago are not read: those known to
 * be on the server are found by the index message_present, which has no other
 * rows, and any other listed message is looked up by its uid.
 */
#define RECALL                                                         \
	"SELECT id, uid, ordinal, state, size, kept_at,"               \
	" vanished_at IS NOT NULL, held_at IS NOT NULL,"               \
	" missing_at IS NOT NULL, returned_at IS NOT NULL,"            \
	" iif(came_sha256 IS NULL, header_sha256, came_header_sha256)" \
	"  IS NOT NULL, doubtful_at IS NOT NULL FROM message "

static const char present_sql[] =
	RECALL "INDEXED BY message_present WHERE vanished_at IS NULL";

static const char listed_sql[] = RECALL "WHERE uid = ?1 AND ordinal = ?2";

static const char any_vanished_sql[] =
	"SELECT 1 FROM message WHERE vanished_at IS NOT NULL LIMIT 1";

static const char vanished_sql[] =
	"UPDATE message SET vanished_at = ?2 WHERE id = ?1";

static const char returned_sql[] =
	"UPDATE message SET vanished_at = NULL, doubtful_at = NULL"
	" WHERE id = ?1";

static const char doubtful_sql[] =
	"UPDATE message SET vanished_at = NULL,"
	" doubtful_at = ifnull(doubtful_at, ?2) WHERE id = ?1"
	" AND (vanished_at IS NOT NULL OR doubtful_at IS NULL)";

static const char forget_sql[] = "DELETE FROM message WHERE vanished_at < ?1";

void store_add_row(struct rows *rows, int64_t id)
{
	if (rows->count == rows->room) {
		rows->room = rows->room > 0 ? rows->room * 2 : 64;
		rows->ids = xreallocarray(
			rows->ids, rows->room, sizeof rows->ids[0]);
	}
	rows->ids[rows->count++] = id;
}

static int by_id(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void sort_rows(struct rows *rows)
{
	if (rows->count > 0)
		qsort(rows->ids, rows->count, sizeof rows->ids[0], by_id);
}

static struct memory memory_at(sqlite3_stmt *row)
{
	return (struct memory){
		.row = sqlite3_column_int64(row, 0),
		.state = (enum memory_state)sqlite3_column_int(row, 3),
		.size = store_size_at(row, 4),
		.kept_at = sqlite3_column_int64(row, 5),
		.vanished = sqlite3_column_int(row, 6) != 0 ||
			sqlite3_column_int(row, 11) != 0,
		.held = sqlite3_column_int(row, 7) != 0,
		.missing = sqlite3_column_int(row, 8) != 0,
		.returned = sqlite3_column_int(row, 9) != 0,
		.identified = sqlite3_column_int(row, 10) != 0,
	};
}

/*
 * Reads the messages known to be on the server: each is listed, or has just
 * vanished.
 */
static bool recall_present(struct store *store, const struct maildrop *maildrop,
	struct memory *found, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, present_sql, err);
	size_t hint = 0;
	bool ok = true;

	/* Rows are usually in the order in which they were listed. */
	while (store_next_row(store, stmt, &ok, err)) {
		struct memory memory = memory_at(stmt);
		size_t at =
			maildrop_find(maildrop, store_uid_at(stmt, 1), hint);

		if (at != MAILDROP_NOT_FOUND) {
			found[at] = memory;
			hint = at + 1;
			continue;
		}
		store_add_row(&store->recalled.vanished, memory.row);
		if (memory.state == MEMORY_KEPT)
			store_add_row(&store->recalled.lost, memory.row);
	}
	return ok;
}

/* Looks up the other listed messages: each is new, or had vanished. */
static bool recall_returned(struct store *store,
	const struct maildrop *maildrop, struct memory *found,
	struct error *err)
{
	sqlite3_stmt *any = store_statement(store, any_vanished_sql, err);
	sqlite3_stmt *stmt = store_statement(store, listed_sql, err);
	bool has = false;
	bool ok = stmt != NULL && store_has_row(store, any, &has, err);

	for (size_t i = 0; ok && has && i < maildrop->count; i++) {
		if (found[i].row != 0)
			continue;
		store_bind_uid(stmt, 1,
			maildrop_uid(maildrop, &maildrop->messages[i]));
		while (store_next_row(store, stmt, &ok, err))
			found[i] = memory_at(stmt);
	}
	return ok;
}

/* Notes which rows are listed and kept, for store_copies. */
static void note_kept(
	struct store *store, const struct memory *memories, size_t count)
{
	store->recalled.kept.count = 0;
	for (size_t i = 0; i < count; i++) {
		if (memories[i].state == MEMORY_KEPT)
			store_add_row(&store->recalled.kept, memories[i].row);
	}
	sort_rows(&store->recalled.kept);
	store->recalled.done = true;
}

bool store_recall(struct store *store, const struct maildrop *maildrop,
	struct memory **memories, struct error *err)
{
	struct memory *found = xcalloc(maildrop->count, sizeof found[0]);

	store->recalled.vanished.count = store->recalled.lost.count = 0;
	if (!recall_present(store, maildrop, found, err) ||
		!recall_returned(store, maildrop, found, err) ||
		!store_recall_troubles(store, maildrop, found, err) ||
		!store_recall_oversizes(store, maildrop, found, err)) {
		free(found);
		return false;
	}
	sort_rows(&store->recalled.vanished);
	sort_rows(&store->recalled.lost);
	note_kept(store, found, maildrop->count);
	*memories = found;
	return true;
}

/* Records that a message is listed again, proven to be the same or not. */
static bool record_return(struct store *store, const struct memory *memory,
	const struct finding *finding, int64_t now, struct error *err)
{
	bool sure = finding->identity == IDENTITY_SAME ||
		memory->state != MEMORY_KEPT;

	return store_change_row(store, sure ? returned_sql : doubtful_sql,
		memory->row, now, err);
}

/* Was it found by its text, listed under another uid? */
bool store_is_taken(const struct store *store, int64_t row)
{
	for (size_t i = 0; i < store->recalled.taken.count; i++) {
		if (store->recalled.taken.ids[i] == row)
			return true;
	}
	return false;
}

bool store_record_listing(struct store *store,
	const struct store_listing *listing, int64_t now, struct error *err)
{
	for (size_t i = 0; i < store->recalled.vanished.count; i++) {
		if (!store_is_taken(store, store->recalled.vanished.ids[i]) &&
			!store_change_row(store, vanished_sql,
				store->recalled.vanished.ids[i], now, err))
			return false;
	}
	for (size_t i = 0; i < listing->count; i++) {
		if (listing->memories[i].vanished &&
			!record_return(store, &listing->memories[i],
				&listing->findings[i], now, err))
			return false;
	}
	store->recalled.vanished.count = 0;
	return store_change_row(store, forget_sql, now - FORGET_AFTER, 0, err);
}

bool store_is_lost(const struct store *store, int64_t row)
{
	return store->recalled.lost.count > 0 &&
		bsearch(&row, store->recalled.lost.ids,
			store->recalled.lost.count, sizeof row, by_id) != NULL;
}
