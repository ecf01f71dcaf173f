/* SPDX-License-Identifier: ISC */
/*
 * Shared by the files of the store, the only ones that use SQLite. They include
 * sqlite3.h before this header.
 */
#ifndef IO_STORE_STORE_INTERNAL_H
#define IO_STORE_STORE_INTERNAL_H

#include "core/letter.h"
#include "core/maildrop.h"
#include "core/plan.h"
#include "core/pop3.h"
#include "io/store/store_place.h"

/* The most prepared statements that a store can have. */
#define STATEMENTS_MAX 96

/* Row ids. */
struct rows {
	int64_t *ids; /* owned */
	size_t count;
	size_t room;
};

/* What store_recall found, as row ids; all but taken are in ascending order. */
struct recalled {
	bool done;
	struct rows kept;     /* listed and kept */
	struct rows vanished; /* known, but not in this listing */
	struct rows lost;     /* of the vanished, those that are kept */
	struct rows taken;    /* of the lost, those found by their text */
};

/* What is recorded about the mailbox's server (store_mailbox.h). */
struct server {
	int64_t out_of_step_at; /* 0: never */
	int64_t loose_sizes_at; /* 0: never */
	unsigned said;		/* bits of enum store_saying */
	enum pop3_uidl_form uidl_form;
};

/* The place that was looked up last. */
struct place_row {
	int64_t row; /* 0: none yet */
	enum destination_kind kind;
	char *path; /* owned */
};

struct store {
	char *path; /* owned */
	enum store_mode mode;
	int lock;    /* the file itself, locked; -1: there is no file */
	int success; /* the last-success file, open for writing; or -1 */
	sqlite3 *db; /* owned */
	struct {
		const char *sql; /* compared by address, not by text */
		sqlite3_stmt *stmt;
	} prepared[STATEMENTS_MAX];
	size_t prepared_count;
	int64_t noted_at; /* last success of a run with nothing to do; or 0 */
	bool unsynced;	  /* see store_begin_unsynced */
	bool pending;	  /* something committed may not be synced yet */
	bool bound;	  /* to the mailbox that it was checked for */
	bool new_uids;	  /* the server changed all its uids */
	struct server server;
	struct recalled recalled;
	struct place_row place;
};

/*
 * Reports an SQLite error; the only function that does so: what was attempted
 * with the store ("read", "write to", "open"...), why it failed, and what to
 * do. Rolls back the transaction. Returns false.
 */
bool store_failed(struct store *store, const char *what, struct error *err);

/*
 * Returns the prepared statement for sql, ready for its values. sql must be a
 * constant, because statements are found by its address. NULL on failure.
 */
sqlite3_stmt *store_statement(
	struct store *store, const char *sql, struct error *err);

/* Opens a connection to a file, or to ":memory:". */
bool store_open_database(
	struct store *store, const char *path, int flags, struct error *err);

/*
 * Is the database ours, and of a known version? An empty file is initialised,
 * and an older version is upgraded.
 */
bool store_check_format(struct store *store, struct error *err);

/* Configures the connection, and checks the format of the database. */
bool store_make_ready(struct store *store, struct error *err);

/* The version of the format that this keepmail writes. */
int64_t store_format(void);

/* Opens the database of a file that may be missing and is not to be changed. */
bool store_open_to_look(struct store *store, struct error *err);

/*
 * Opens the last-success file for writing later, and returns the time in it:
 * when a run that had nothing to do last succeeded, or 0 if it contains none.
 */
int64_t store_open_success(struct store *store);

/* Binds a uid's bytes, and its ordinal to the next parameter. */
void store_bind_uid(sqlite3_stmt *stmt, int column, struct uid uid);

/* Binds a size, or NULL if it is not known. */
void store_bind_size(sqlite3_stmt *stmt, int column, uint64_t size);

/* Returns the uid in a row: its bytes, and its ordinal in the next column. */
struct uid store_uid_at(sqlite3_stmt *row, int column);

/*
 * Steps to the next row of a query. Returns false after the last row, and on
 * failure, when it also sets *ok to false; the statement is then reset. A
 * caller that stops earlier must reset it. Fails if stmt is NULL (see
 * store_statement).
 */
bool store_next_row(
	struct store *store, sqlite3_stmt *stmt, bool *ok, struct error *err);

/* Runs a statement that returns no rows, and resets it. */
bool store_finish(struct store *store, sqlite3_stmt *stmt, const char *what,
	struct error *err);

/* Does a statement that is ready to run return a row? Resets it. */
bool store_has_row(
	struct store *store, sqlite3_stmt *stmt, bool *has, struct error *err);

/*
 * Runs an INSERT that returns the row's id; *row is 0 if it returned none
 * because nothing was inserted.
 */
bool store_add(struct store *store, sqlite3_stmt *stmt, int64_t *row,
	struct error *err);

/* Runs statements without parameters. */
bool store_run_sql(struct store *store, const char *sql, const char *what,
	struct error *err);

/*
 * Returns the single number that a query yields: a PRAGMA, or a query that is
 * run once.
 */
bool store_read_number(struct store *store, const char *sql, int64_t *number,
	struct error *err);

/* The text in a column, valid until the next step; "" for NULL. */
const char *store_text_at(sqlite3_stmt *row, int column);

/* The number in a column that is never negative. */
uint64_t store_count_at(sqlite3_stmt *row, int column);

/*
 * Copies the digest in a column. Returns false, and leaves sha256 unchanged, if
 * there is none.
 */
bool store_digest_at(
	sqlite3_stmt *row, int column, unsigned char sha256[LETTER_DIGEST]);

/* The size in a column, or MAILDROP_SIZE_UNKNOWN. */
uint64_t store_size_at(sqlite3_stmt *row, int column);

/*
 * Reads the letter in a row whose columns, from the second on, are name,
 * offset, length, octets, sha256, header_sha256 and message_id.
 */
void store_read_letter(sqlite3_stmt *row, struct letter *letter);

/* Binds a letter to the same columns, of which name is the first one given. */
void store_bind_letter(
	sqlite3_stmt *stmt, int column, const struct letter *letter);

/*
 * Finds the place's row, and adds one if the place is new. The result is in
 * store->place.row, and is looked up once while the place stays the same.
 */
bool store_find_place(struct store *store, const struct store_place *place,
	struct error *err);

/* Binds a place's kind, and its path to the next parameter. */
void store_bind_place(
	sqlite3_stmt *stmt, int column, const struct store_place *place);

/* Binds a digest. */
void store_bind_digest(sqlite3_stmt *stmt, int column,
	const unsigned char sha256[LETTER_DIGEST]);

/* Binds a text, or NULL for "". */
void store_bind_text(sqlite3_stmt *stmt, int column, const char *text);

/*
 * Sets what store_recall says about messages that could not be fetched before.
 */
bool store_recall_troubles(struct store *store, const struct maildrop *maildrop,
	struct memory *memories, struct error *err);

/* Is this row one of store->recalled.lost, or of store->recalled.taken? */
bool store_is_lost(const struct store *store, int64_t row);
bool store_is_taken(const struct store *store, int64_t row);

/* Appends an id. */
void store_add_row(struct rows *rows, int64_t id);

/* Sets what store_recall says about messages larger than LIST reports. */
bool store_recall_oversizes(struct store *store,
	const struct maildrop *maildrop, struct memory *memories,
	struct error *err);

/*
 * Runs an UPDATE or DELETE of one row, with a time if the statement takes one.
 */
bool store_change_row(struct store *store, const char *sql, int64_t row,
	int64_t now, struct error *err);

#endif
