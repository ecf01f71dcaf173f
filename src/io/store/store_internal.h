/* SPDX-License-Identifier: ISC */
/*
 * What the files of the store share: it is the one room that knows SQLite, and
 * they include sqlite3.h before this.
 */
#ifndef IO_STORE_STORE_INTERNAL_H
#define IO_STORE_STORE_INTERNAL_H

#include "core/letter.h"
#include "core/maildrop.h"
#include "core/plan.h"
#include "core/pop3.h"
#include "io/store/store_place.h"

/* So many different statements at most. */
#define STATEMENTS_MAX 96

/* Row ids. */
struct rows {
	int64_t *ids; /* owned */
	size_t count;
	size_t room;
};

/* What store_recall found; the rows' ids are growing, but those taken. */
struct recalled {
	bool done;
	struct rows kept;     /* listed and kept */
	struct rows vanished; /* known, and not in the listing now */
	struct rows lost;     /* of the vanished: those that are kept */
	struct rows taken;    /* of these: found again by their texts */
};

/* What is known of the mailbox's server (store_mailbox.h). */
struct server {
	int64_t out_of_step_at; /* 0: never */
	int64_t loose_sizes_at; /* 0: never */
	unsigned said;		/* of enum store_saying */
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
	int success; /* the file of the last success, to write; or -1 */
	sqlite3 *db; /* owned */
	struct {
		const char *sql; /* the constant itself, not its text */
		sqlite3_stmt *stmt;
	} prepared[STATEMENTS_MAX];
	size_t prepared_count;
	int64_t noted_at; /* a run that did nothing came through; or 0 */
	bool bound;	  /* to the mailbox that it was checked for */
	bool moved;	  /* the server gave its messages new uids */
	struct server server;
	struct recalled recalled;
	struct place_row place;
};

/*
 * The one way to report what SQLite refused: what was tried with the store
 * ("read", "write to", "open"...), why it failed, and what to do. Undoes the
 * transaction that it belonged to. Returns false.
 */
bool store_failed(struct store *store, const char *what, struct error *err);

/*
 * The prepared statement, ready for its values. sql: a constant, which is known
 * again by its address. NULL on failure.
 */
sqlite3_stmt *store_statement(
	struct store *store, const char *sql, struct error *err);

/* The kind of a place, as its row says it. */
enum destination_kind store_kind_named(const char *name);

/* Opens a connection to a file, or to ":memory:". */
bool store_open_database(
	struct store *store, const char *path, int flags, struct error *err);

/*
 * Is it ours, and of a version that we know? An empty file becomes ours, and an
 * older one is brought up to date.
 */
bool store_check_format(struct store *store, struct error *err);

/* Sets up the connection, and checks whose database it is. */
bool store_make_ready(struct store *store, struct error *err);

/* The version of the format that this keepmail writes. */
int64_t store_format(void);

/* Opens the database of a file that is not to be changed, or missing. */
bool store_open_to_look(struct store *store, struct error *err);

/*
 * Opens the file of the last success, to write it later, and reads it: when a
 * run that did nothing came through at last; 0: it does not say.
 */
int64_t store_open_success(struct store *store);

/* Binds a uid's octets, and its ordinal behind them. */
void store_bind_uid(sqlite3_stmt *stmt, int column, struct uid uid);

/* Binds a size, or NULL where it is not known. */
void store_bind_size(sqlite3_stmt *stmt, int column, uint64_t size);

/* The uid in a row: its octets, and its ordinal in the next column. */
struct uid store_uid_at(sqlite3_stmt *row, int column);

/*
 * The next row of a query, which is ready for its first one. False after the
 * last, and on failure, where *ok becomes false, too: it is then ready again.
 * Whoever wants no further row resets it. NULL (see store_statement) fails.
 */
bool store_next_row(
	struct store *store, sqlite3_stmt *stmt, bool *ok, struct error *err);

/* Runs a statement that yields no rows, and makes it ready for the next. */
bool store_finish(struct store *store, sqlite3_stmt *stmt, const char *what,
	struct error *err);

/* Does a statement that is ready yield a row? It is made ready for the next. */
bool store_has_row(
	struct store *store, sqlite3_stmt *stmt, bool *has, struct error *err);

/*
 * Runs an INSERT that returns the row's id; *row is 0 where it says that
 * nothing was inserted.
 */
bool store_add(struct store *store, sqlite3_stmt *stmt, int64_t *row,
	struct error *err);

/* Runs statements without values. */
bool store_run_sql(struct store *store, const char *sql, const char *what,
	struct error *err);

/* The one number that a query gives: a PRAGMA, or one that is run once. */
bool store_read_number(struct store *store, const char *sql, int64_t *number,
	struct error *err);

/* The text in a row, borrowed until the next one; "" for NULL. */
const char *store_text_at(sqlite3_stmt *row, int column);

/* The number in a row that never is negative. */
uint64_t store_count_at(sqlite3_stmt *row, int column);

/* Copies the digest in a row; false, and left alone, where there is none. */
bool store_digest_at(
	sqlite3_stmt *row, int column, unsigned char sha256[LETTER_DIGEST]);

/* The size in a row, or MAILDROP_SIZE_UNKNOWN. */
uint64_t store_size_at(sqlite3_stmt *row, int column);

/*
 * The letter in a row whose columns are, from the second on, name, offset,
 * length, octets, sha256, header_sha256 and message_id.
 */
void store_read_letter(sqlite3_stmt *row, struct letter *letter);

/* The same for binding it: its columns begin with name at this one. */
void store_bind_letter(
	sqlite3_stmt *stmt, int column, const struct letter *letter);

/*
 * Adds the place where it is new, and finds its row: store->place.row, looked
 * up once as long as it stays the same.
 */
bool store_find_place(struct store *store, const struct store_place *place,
	struct error *err);

/* Binds a place's kind, and its path behind it. */
void store_bind_place(
	sqlite3_stmt *stmt, int column, const struct store_place *place);

/* Binds a digest. */
void store_bind_digest(sqlite3_stmt *stmt, int column,
	const unsigned char sha256[LETTER_DIGEST]);

/* Binds a text; "" is NULL. */
void store_bind_text(sqlite3_stmt *stmt, int column, const char *text);

/* Which of them could not be fetched before: a part of store_recall. */
bool store_recall_troubles(struct store *store, const struct maildrop *maildrop,
	struct memory *memories, struct error *err);

/* Is this row one of those that are lost, or that are taken? */
bool store_is_lost(const struct store *store, int64_t row);
bool store_is_taken(const struct store *store, int64_t row);

/* Adds an id to them. */
void store_add_row(struct rows *rows, int64_t id);

/* Which of them are larger than LIST says: a part of store_recall. */
bool store_recall_oversizes(struct store *store,
	const struct maildrop *maildrop, struct memory *memories,
	struct error *err);

/* How a place's kind is called in the table. */
const char *store_kind_name(enum destination_kind kind);

/* Runs an UPDATE or DELETE of one row, with its time where it takes one. */
bool store_change_row(struct store *store, const char *sql, int64_t row,
	int64_t now, struct error *err);

#endif
