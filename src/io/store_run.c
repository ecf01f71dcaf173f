/* SPDX-License-Identifier: ISC */
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "core/xalloc.h"
#include "io/store_inside.h"

/* So many runs are on record. */
#define RUNS_MAX 1000

static const char quiet_sql[] =
	"SELECT 1 FROM quiet WHERE listing = ?1 AND policy = ?2"
	" AND until > ?3 AND until <= ?3 + ?4";

static const char quiet_forget_sql[] = "DELETE FROM quiet";

static const char quiet_add_sql[] = "INSERT INTO quiet (listing, policy, until)"
				    " VALUES (?1, ?2, ?3)";

static const char run_add_sql[] =
	"INSERT INTO run (started, ended, status, fetched, octets,"
	" erased, \"left\", failed, error)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

static const char run_replace_sql[] =
	"DELETE FROM run WHERE id = (SELECT max(id) FROM run) AND started = ?1";

static const char run_forget_sql[] = "DELETE FROM run WHERE id <= ?1";

/* Is this true of the last run on record? */
static bool last_run_is(struct store *store, const char *condition)
{
	struct error ignored = {.kind = ERROR_NONE};
	int64_t is = 0;
	char *sql = xasprintf(
		"SELECT ifnull((SELECT %s FROM run ORDER BY id DESC LIMIT 1), 0)",
		condition);
	bool ok = store_read_number(store, sql, &is, &ignored);

	free(sql);
	return ok && is != 0;
}

bool store_has_succeeded(struct store *store, int64_t before)
{
	struct error ignored = {.kind = ERROR_NONE};
	int64_t has = 0;
	char *sql =
		xasprintf("SELECT EXISTS (SELECT 1 FROM run WHERE status = 0"
			  " AND started < %lld)",
			(long long)before);
	bool ok = store_read_number(store, sql, &has, &ignored);

	free(sql);
	return ok && has != 0;
}

bool store_was_fruitless(struct store *store)
{
	return last_run_is(store, "fetched = 0 AND status <> 0");
}

bool store_has_failed(struct store *store)
{
	return last_run_is(store, "status <> 0");
}

bool store_is_quiet(struct store *store,
	const unsigned char listing[LETTER_DIGEST], const char *policy,
	int64_t now)
{
	struct error ignored = {.kind = ERROR_NONE};
	sqlite3_stmt *stmt = store_statement(store, quiet_sql, &ignored);

	if (stmt == NULL)
		return false;
	sqlite3_bind_blob(stmt, 1, listing, LETTER_DIGEST, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, policy, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 3, now);
	/* A clock that was set back must not make it last for ever. */
	sqlite3_bind_int64(stmt, 4, STORE_QUIET_MAX);
	bool quiet = sqlite3_step(stmt) == SQLITE_ROW;

	sqlite3_reset(stmt);
	return quiet;
}

bool store_record_quiet(struct store *store,
	const unsigned char listing[LETTER_DIGEST], const char *policy,
	int64_t until, struct error *err)
{
	sqlite3_stmt *forget = store_statement(store, quiet_forget_sql, err);
	sqlite3_stmt *add = store_statement(store, quiet_add_sql, err);

	if (forget == NULL || add == NULL ||
		!store_finish(store, forget, "write to", err))
		return false;
	sqlite3_bind_blob(add, 1, listing, LETTER_DIGEST, SQLITE_STATIC);
	sqlite3_bind_text(add, 2, policy, -1, SQLITE_STATIC);
	sqlite3_bind_int64(add, 3, until);
	return store_finish(store, add, "write to", err);
}

/* Seconds between a run's record and the last write to the file, at most. */
#define SETTLED_AFTER 2

static const char touched_add_sql[] =
	"INSERT INTO run (started, ended, status, fetched, octets,"
	" erased, \"left\", failed)"
	" SELECT ?1, ?1, 0, 0, 0, 0, ifnull((SELECT \"left\" FROM run"
	" ORDER BY id DESC LIMIT 1), 0), 0"
	" WHERE ?1 > ?2 + ifnull((SELECT ended FROM run"
	" ORDER BY id DESC LIMIT 1), 0)";

/* Whole seconds are store_mark's: no write of SQLite's comes by them. */
int64_t store_touched_at(const struct stat *st)
{
	return st->st_mtim.tv_nsec == 0 ? (int64_t)st->st_mtim.tv_sec : 0;
}

void store_mark(struct store *store)
{
	struct timespec times[2] = {
		{.tv_nsec = UTIME_OMIT},
		{.tv_sec = time(NULL)},
	};

	/* Who must know it looks at the file: it is no loss if it fails. */
	if (store->lock >= 0 && futimens(store->lock, times) < 0)
		return;
}

void store_touch(struct store *store)
{
	/* SQLite may still write to the file before it is closed. */
	store->touch = true;
}

bool store_record_touch(struct store *store, struct error *err)
{
	if (store->touched_at == 0)
		return true;
	sqlite3_stmt *stmt = store_statement(store, touched_add_sql, err);

	if (stmt == NULL)
		return false;
	sqlite3_bind_int64(stmt, 1, store->touched_at);
	sqlite3_bind_int(stmt, 2, SETTLED_AFTER);
	return store_finish(store, stmt, "write to", err);
}

bool store_touch_counts(int64_t touched_at, int64_t last_ended)
{
	return touched_at != 0 && touched_at > last_ended + SETTLED_AFTER;
}

bool store_record_run(struct store *store, const struct store_run *run,
	bool goes_on, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, run_add_sql, err);

	if (goes_on &&
		!store_change_row(store, run_replace_sql, run->started, 0, err))
		return false;
	/* This one's writes take the place of the last success's mark. */
	if (stmt == NULL ||
		(run->status != 0 && !store_record_touch(store, err)))
		return false;
	sqlite3_bind_int64(stmt, 1, run->started);
	sqlite3_bind_int64(stmt, 2, run->ended);
	sqlite3_bind_int(stmt, 3, run->status);
	sqlite3_bind_int64(stmt, 4, (sqlite3_int64)run->fetched);
	sqlite3_bind_int64(stmt, 5, (sqlite3_int64)run->octets);
	sqlite3_bind_int64(stmt, 6, (sqlite3_int64)run->erased);
	sqlite3_bind_int64(stmt, 7, (sqlite3_int64)run->left);
	sqlite3_bind_int64(stmt, 8, (sqlite3_int64)run->failed);
	sqlite3_bind_text(stmt, 9, run->error, -1, SQLITE_STATIC);
	return store_finish(store, stmt, "write to", err) &&
		store_change_row(store, run_forget_sql,
			sqlite3_last_insert_rowid(store->db) - RUNS_MAX, 0,
			err);
}
