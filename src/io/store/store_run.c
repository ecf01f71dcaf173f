/* SPDX-License-Identifier: ISC */
#include "io/store/store_run.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/xalloc.h"
#include "io/store/store_internal.h"

/* The number of runs that are recorded. */
#define RUNS_MAX 1000

static const char quiet_sql[] =
	"SELECT 1 FROM quiet WHERE listing = ?1 AND policy = ?2"
	" AND until > ?3 AND until <= ?3 + ?4";

static const char succeeded_sql[] =
	"SELECT 1 FROM run WHERE status = 0 AND started < ?1";

#define LAST_RUN "SELECT 1 FROM run WHERE id = (SELECT max(id) FROM run)"

static const char fruitless_sql[] = LAST_RUN " AND fetched = 0 AND status <> 0";

static const char failed_sql[] = LAST_RUN " AND status <> 0";

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

/* Does a statement, with its values bound, return a row? False if it fails. */
static bool has_row(struct store *store, sqlite3_stmt *stmt)
{
	struct error ignored = {.kind = ERROR_NONE};
	bool has = false;

	return store_has_row(store, stmt, &has, &ignored) && has;
}

bool store_has_succeeded(struct store *store, int64_t before)
{
	struct error ignored = {.kind = ERROR_NONE};
	sqlite3_stmt *stmt = store_statement(store, succeeded_sql, &ignored);

	if (stmt != NULL)
		sqlite3_bind_int64(stmt, 1, before);
	return has_row(store, stmt);
}

bool store_was_fruitless(struct store *store)
{
	struct error ignored = {.kind = ERROR_NONE};

	return has_row(store, store_statement(store, fruitless_sql, &ignored));
}

bool store_has_failed(struct store *store)
{
	struct error ignored = {.kind = ERROR_NONE};

	return has_row(store, store_statement(store, failed_sql, &ignored));
}

bool store_is_quiet(struct store *store,
	const unsigned char listing[LETTER_DIGEST], const char *policy,
	int64_t now)
{
	struct error ignored = {.kind = ERROR_NONE};
	sqlite3_stmt *stmt = store_statement(store, quiet_sql, &ignored);

	if (stmt == NULL)
		return false;
	store_bind_digest(stmt, 1, listing);
	sqlite3_bind_text(stmt, 2, policy, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 3, now);
	/* Limits the period even if the clock was set back. */
	sqlite3_bind_int64(stmt, 4, STORE_QUIET_MAX);
	return has_row(store, stmt);
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
	store_bind_digest(add, 1, listing);
	sqlite3_bind_text(add, 2, policy, -1, SQLITE_STATIC);
	sqlite3_bind_int64(add, 3, until);
	return store_finish(store, add, "write to", err);
}

/*
 * The time of the last success is in a file of its own beside the database: the
 * times of the database file change when it is copied or restored, and a write
 * to it would add syncs to every poll. A power cut can only lose the time of a
 * run in which nothing was new.
 */
#define NOTE_LENGTH 21

static char *note_path(const struct store *store)
{
	return xasprintf(
		"%.*s.last-success", (int)strlen(store->path) - 3, store->path);
}

void store_note_success(struct store *store, int64_t now)
{
	char text[NOTE_LENGTH + 1];

	if (store->success < 0)
		return;
	/* One write, always of the same length. */
	snprintf(text, sizeof text, "%020lld\n", (long long)now);
	if (pwrite(store->success, text, NOTE_LENGTH, 0) == NOTE_LENGTH)
		store->noted_at = now;
}

int64_t store_open_success(struct store *store)
{
	char text[NOTE_LENGTH + 1] = "";
	char *path = note_path(store);
	bool writes = store->mode == STORE_WRITE;
	int fd = open(path,
		(writes ? O_RDWR | O_CREAT : O_RDONLY) | O_NOFOLLOW |
			O_CLOEXEC | O_NOCTTY,
		0600);
	char *end;

	free(path);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, text, NOTE_LENGTH);

	if (writes)
		store->success = fd;
	else
		close(fd);
	if (n != NOTE_LENGTH)
		return 0;
	int64_t at = (int64_t)strtoll(text, &end, 10);

	/* If the clock was ahead, this must not claim success for years to
	 * come. */
	return *end != '\n' || at < 0 || clock_is_void(time(NULL), at) ? 0 : at;
}

bool store_record_run(struct store *store, const struct store_run *run,
	bool goes_on, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, run_add_sql, err);

	if (goes_on &&
		!store_change_row(store, run_replace_sql, run->started, 0, err))
		return false;
	if (stmt == NULL)
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
