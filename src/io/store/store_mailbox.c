/* SPDX-License-Identifier: ISC */
#include "io/store/store_mailbox.h"

#include <sqlite3.h>
#include <string.h>
#include <strings.h>

#include "io/store/store_internal.h"

/* The server may have been fixed by then. */
#define OUT_OF_STEP_FOR (INT64_C(31) * 86400)
#define LOOSE_SIZES_FOR (INT64_C(92) * 86400)

static const char mailbox_sql[] =
	"SELECT server, user, out_of_step_at, loose_sizes_at, said, proof_form"
	" FROM mailbox";

static const char mailbox_forget_sql[] = "DELETE FROM mailbox";

static const char mailbox_add_sql[] =
	"INSERT INTO mailbox (server, user) VALUES (?1, ?2)";

static const char out_of_step_sql[] = "UPDATE mailbox SET out_of_step_at = ?1";

static const char loose_sizes_sql[] = "UPDATE mailbox SET loose_sizes_at = ?1";

static const char form_sql[] = "UPDATE mailbox SET proof_form = ?1";

static const char said_sql[] = "UPDATE mailbox SET said = said | ?1";

/* Records whose uids these are. */
static bool record_mailbox(struct store *store, const char *server,
	const char *user, struct error *err)
{
	sqlite3_stmt *forget = store_statement(store, mailbox_forget_sql, err);
	sqlite3_stmt *add = store_statement(store, mailbox_add_sql, err);

	if (forget == NULL || add == NULL || !store_begin(store, err) ||
		!store_finish(store, forget, "write to", err))
		return false;
	sqlite3_bind_text(add, 1, server, -1, SQLITE_STATIC);
	sqlite3_bind_text(add, 2, user, -1, SQLITE_STATIC);
	return store_finish(store, add, "write to", err) &&
		store_commit(store, err);
}

static enum pop3_uidl_form read_form(int64_t value)
{
	return value < POP3_UIDL_UNKNOWN || value > POP3_UIDL_NONE
		? POP3_UIDL_UNKNOWN
		: (enum pop3_uidl_form)value;
}

/* Is the mailbox in this row that of the server and user? */
static bool is_mailbox(sqlite3_stmt *row, const char *server, const char *user)
{
	return strcasecmp(server, store_text_at(row, 0)) == 0 &&
		strcmp(user, store_text_at(row, 1)) == 0;
}

bool store_is_mailbox(struct store *store, const char *server, const char *user)
{
	struct error ignored = {.kind = ERROR_NONE};
	sqlite3_stmt *stmt = store_statement(store, mailbox_sql, &ignored);
	bool ok = true;
	bool same = store_next_row(store, stmt, &ok, &ignored) &&
		is_mailbox(stmt, server, user);

	sqlite3_reset(stmt);
	return same;
}

bool store_check_mailbox(struct store *store, const char *server,
	const char *user, bool adopt, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, mailbox_sql, err);

	bool ok = true;
	bool known = store_next_row(store, stmt, &ok, err);
	bool same = false;

	if (known) {
		same = is_mailbox(stmt, server, user);
		store->server.out_of_step_at = sqlite3_column_int64(stmt, 2);
		store->server.loose_sizes_at = sqlite3_column_int64(stmt, 3);
		store->server.said = (unsigned)sqlite3_column_int64(stmt, 4);
		store->server.uidl_form =
			read_form(sqlite3_column_int64(stmt, 5));
	}
	if (known && !same && !adopt)
		ok = error_set(err, ERROR_CONFIG,
			"the store %s belongs to the mailbox of %s on %s. If this is a different mailbox, rename the account; if the server or user was renamed, run keepmail --same-mailbox once",
			store->path, store_text_at(stmt, 1),
			store_text_at(stmt, 0));
	sqlite3_reset(stmt);
	if (ok)
		store->bound = same;
	return ok;
}

bool store_bind_mailbox(struct store *store, const char *server,
	const char *user, struct error *err)
{
	if (store->bound)
		return true;
	store->bound = record_mailbox(store, server, user, err);
	return store->bound;
}

bool store_was_out_of_step(const struct store *store, int64_t now)
{
	return store->server.out_of_step_at != 0 &&
		!clock_is_void(now, store->server.out_of_step_at) &&
		now - store->server.out_of_step_at < OUT_OF_STEP_FOR;
}

/* Updates a column of the mailbox's row. */
static bool update_mailbox(
	struct store *store, const char *sql, int64_t value, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, sql, err);

	if (stmt == NULL)
		return false;
	sqlite3_bind_int64(stmt, 1, value);
	return store_finish(store, stmt, "write to", err);
}

bool store_record_out_of_step(
	struct store *store, int64_t now, struct error *err)
{
	return update_mailbox(store, out_of_step_sql, now, err);
}

enum pop3_uidl_form store_uidl_form(const struct store *store)
{
	return store->server.uidl_form;
}

bool store_record_uidl_form(
	struct store *store, enum pop3_uidl_form form, struct error *err)
{
	return update_mailbox(store, form_sql, form, err);
}

bool store_has_loose_sizes(const struct store *store, int64_t now)
{
	return store->server.loose_sizes_at != 0 &&
		!clock_is_void(now, store->server.loose_sizes_at) &&
		now - store->server.loose_sizes_at < LOOSE_SIZES_FOR;
}

bool store_record_loose_sizes(
	struct store *store, int64_t now, struct error *err)
{
	return update_mailbox(store, loose_sizes_sql, now, err);
}

bool store_has_said(const struct store *store, enum store_saying what)
{
	return (store->server.said & what) != 0;
}

bool store_record_said(struct store *store, unsigned what, struct error *err)
{
	return update_mailbox(store, said_sql, what, err);
}

static const char clock_sql[] =
	"SELECT sure_at, evidence_at, leapt_at FROM clock";

static const char clock_forget_sql[] = "DELETE FROM clock";

static const char clock_add_sql[] =
	"INSERT INTO clock (sure_at, evidence_at, leapt_at)"
	" VALUES (?1, ?2, ?3)";

bool store_clock(
	struct store *store, struct clock_record *record, struct error *err)
{
	sqlite3_stmt *stmt = store_statement(store, clock_sql, err);

	bool ok = true;

	*record = (struct clock_record){.sure_at = 0};
	while (store_next_row(store, stmt, &ok, err)) {
		record->sure_at = sqlite3_column_int64(stmt, 0);
		record->evidence_at = sqlite3_column_int64(stmt, 1);
		record->leapt_at = sqlite3_column_int64(stmt, 2);
	}
	return ok;
}

bool store_record_clock(struct store *store, const struct clock_record *record,
	struct error *err)
{
	sqlite3_stmt *forget = store_statement(store, clock_forget_sql, err);
	sqlite3_stmt *add = store_statement(store, clock_add_sql, err);

	if (forget == NULL || add == NULL ||
		!store_finish(store, forget, "write to", err))
		return false;
	sqlite3_bind_int64(add, 1, record->sure_at);
	sqlite3_bind_int64(add, 2, record->evidence_at);
	sqlite3_bind_int64(add, 3, record->leapt_at);
	return store_finish(store, add, "write to", err);
}
