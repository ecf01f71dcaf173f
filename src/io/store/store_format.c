/* SPDX-License-Identifier: ISC */
/*
 * The tables, the version of their format, and the migrations from older
 * versions.
 */
#include <sqlite3.h>
#include <stdio.h>

#include "io/store/store_internal.h"

/* "keep" in ASCII, in the file's header: marks keepmail's databases. */
#define APPLICATION_ID 0x6b656570
#define SCHEMA_VERSION 10

/* migrations[i] upgrades user_version i to i + 1. */
static const char *const migrations[SCHEMA_VERSION] = {
	/* The mailbox that the uids belong to: one row. */
	"CREATE TABLE mailbox (server TEXT NOT NULL, user TEXT NOT NULL);"
	/* Where mail was stored. */
	"CREATE TABLE place ("
	" id INTEGER PRIMARY KEY,"
	" kind TEXT NOT NULL,"
	" path TEXT NOT NULL,"
	" UNIQUE (kind, path));"
	/* Frequently used columns first: a poll reads those of every row. */
	"CREATE TABLE message ("
	" id INTEGER PRIMARY KEY,"
	" uid BLOB NOT NULL,"
	" ordinal INTEGER NOT NULL," /* among messages with the same uid */
	" state INTEGER NOT NULL,"   /* enum memory_state */
	" size INTEGER,"	     /* as reported by LIST */
	" kept_at INTEGER,"	     /* times: seconds since 1970 */
	" vanished_at INTEGER,"
	" erased_at INTEGER,"
	" first_seen INTEGER NOT NULL,"
	" place INTEGER NOT NULL REFERENCES place,"
	" name TEXT NOT NULL," /* Maildir base name, mbox From_ line */
	" offset INTEGER,"     /* in an mbox */
	" length INTEGER,"
	" octets INTEGER NOT NULL," /* of the message as stored here */
	" sha256 BLOB NOT NULL,"
	" message_id TEXT);"
	"CREATE UNIQUE INDEX message_uid ON message (uid, ordinal);"
	"CREATE INDEX message_arriving ON message (id) WHERE state = 1;"
	"CREATE INDEX message_vanished ON message (vanished_at)"
	" WHERE vanished_at IS NOT NULL;"
	"CREATE TABLE run ("
	" id INTEGER PRIMARY KEY,"
	" started INTEGER NOT NULL,"
	" ended INTEGER NOT NULL,"
	" status INTEGER NOT NULL,"
	" fetched INTEGER NOT NULL,"
	" octets INTEGER NOT NULL,"
	" erased INTEGER NOT NULL,"
	" \"left\" INTEGER NOT NULL,"
	" failed INTEGER NOT NULL,"
	" error TEXT);",
	/* When the server's answers last did not match the commands. */
	"ALTER TABLE mailbox ADD COLUMN out_of_step_at INTEGER;",
	/* The last listing that left nothing to do, valid while nothing
	 * changes. */
	"CREATE TABLE quiet ("
	" listing BLOB NOT NULL,"
	" policy TEXT NOT NULL,"
	" until INTEGER NOT NULL);"
	"CREATE TRIGGER message_inserted AFTER INSERT ON message"
	" BEGIN DELETE FROM quiet; END;"
	"CREATE TRIGGER message_updated AFTER UPDATE ON message"
	" BEGIN DELETE FROM quiet; END;"
	"CREATE TRIGGER message_deleted AFTER DELETE ON message"
	" BEGIN DELETE FROM quiet; END;",
	/* What counts as seen without having been fetched; holds; missing
	 * copies; headers; and repeated failures. */
	"ALTER TABLE message ADD COLUMN header_sha256 BLOB;"
	"ALTER TABLE message ADD COLUMN held_at INTEGER;"
	"ALTER TABLE message ADD COLUMN missing_at INTEGER;"
	/* NULL: fetched; otherwise, who reported it as seen. */
	"ALTER TABLE message ADD COLUMN origin TEXT;"
	"CREATE TABLE trouble ("
	" uid BLOB NOT NULL,"
	" ordinal INTEGER NOT NULL,"
	" tries INTEGER NOT NULL,"
	" first_at INTEGER NOT NULL,"
	" last_at INTEGER NOT NULL,"
	" next_at INTEGER NOT NULL," /* not tried before this time */
	" quarantined_at INTEGER,"   /* not tried again */
	" error TEXT NOT NULL,"
	" PRIMARY KEY (uid, ordinal)) WITHOUT ROWID;"
	"CREATE TRIGGER trouble_updated AFTER UPDATE ON trouble"
	" BEGIN DELETE FROM quiet; END;"
	"CREATE TRIGGER trouble_deleted AFTER DELETE ON trouble"
	" BEGIN DELETE FROM quiet; END;"
	"CREATE INDEX message_sha256 ON message (sha256);",
	/* When a message that the server had confirmed as erased was listed
	 * again, and was the same; when sizes were reported differently for the
	 * same message. */
	"ALTER TABLE message ADD COLUMN returned_at INTEGER;"
	/* When a kept message was listed again after it had vanished, and no
	 * header proved that it was the same. */
	"ALTER TABLE message ADD COLUMN doubtful_at INTEGER;"
	"ALTER TABLE mailbox ADD COLUMN loose_sizes_at INTEGER;"
	/* Peculiarities of this server that were reported once. */
	"ALTER TABLE mailbox ADD COLUMN said INTEGER NOT NULL DEFAULT 0;"
	/* The contents of mboxes when they were last read (local_note.c). */
	"CREATE TABLE note ("
	" id INTEGER PRIMARY KEY,"
	" path TEXT NOT NULL UNIQUE,"
	" note BLOB NOT NULL);"
	/* Directories that contained mail when last searched. */
	"CREATE TABLE root (path TEXT PRIMARY KEY) WITHOUT ROWID;",
	/* What is known about the time: one row (core/clock.h). */
	"CREATE TABLE clock ("
	" sure_at INTEGER NOT NULL,"
	" evidence_at INTEGER NOT NULL,"
	" leapt_at INTEGER NOT NULL);"
	/* Which directory mail was stored in: another one may take its name. */
	"ALTER TABLE place ADD COLUMN born INTEGER;"
	"ALTER TABLE place ADD COLUMN inode INTEGER;"
	/* The header as it was written, to recognise a torn message of ours at
	 * the end of an mbox. */
	"ALTER TABLE message ADD COLUMN head_octets INTEGER;"
	"ALTER TABLE message ADD COLUMN head_sha256 BLOB;"
	/* How the server answers UIDL with an argument (enum
	 * pop3_uidl_form). */
	"ALTER TABLE mailbox ADD COLUMN proof_form INTEGER NOT NULL DEFAULT 0;"
	/* Messages over max-size, and those found to be larger than LIST
	 * says. */
	"CREATE TABLE oversize ("
	" uid BLOB NOT NULL,"
	" ordinal INTEGER NOT NULL,"
	" size INTEGER NOT NULL,"
	" PRIMARY KEY (uid, ordinal)) WITHOUT ROWID;"
	/* Spaces around a uid used to be part of it; a uid recorded both with
	 * and without them looked like one message gone and another one new. */
	"UPDATE OR IGNORE message SET"
	" uid = CAST(trim(CAST(uid AS TEXT), ' ' || char(9)) AS BLOB)"
	" WHERE substr(uid, 1, 1) IN (x'20', x'09')"
	" OR substr(uid, -1) IN (x'20', x'09');"
	"UPDATE OR IGNORE trouble SET"
	" uid = CAST(trim(CAST(uid AS TEXT), ' ' || char(9)) AS BLOB)"
	" WHERE substr(uid, 1, 1) IN (x'20', x'09')"
	" OR substr(uid, -1) IN (x'20', x'09');",
	/* The last listing: queries about messages on the server use this index
	 * (store_recall.c), and only the first step of the commit ladder writes
	 * to it. */
	"CREATE INDEX message_present ON message (place)"
	" WHERE vanished_at IS NULL;",
	/* Whether LIST reported this size, rather than the transfer. */
	"ALTER TABLE oversize ADD COLUMN listed INTEGER NOT NULL DEFAULT 0;"
	/* What verify found wrong with a copy (enum store_damage), and when. */
	"ALTER TABLE message ADD COLUMN damage INTEGER;"
	"ALTER TABLE message ADD COLUMN damaged_at INTEGER;",
	/* What came from the server, if that was changed before it was stored:
	 * by a filter, or by encryption. */
	"ALTER TABLE message ADD COLUMN came_sha256 BLOB;"
	"ALTER TABLE message ADD COLUMN came_header_sha256 BLOB;"
	"CREATE INDEX message_came ON message (came_sha256)"
	" WHERE came_sha256 IS NOT NULL;",
	/* What the destination that it was handed over to said (the setting
	 * also). In a row of state 0: only the copy is missing. */
	"ALTER TABLE message ADD COLUMN handed TEXT;"
	/* Not NULL: it is being handed over, and is not stored yet. Says where
	 * the destination would have it. */
	"ALTER TABLE message ADD COLUMN sought TEXT;",
};

int64_t store_format(void)
{
	return SCHEMA_VERSION;
}

static bool migrate(struct store *store, int64_t version, struct error *err)
{
	char sql[128];

	if (!store_run_sql(store, "BEGIN IMMEDIATE", "write to", err))
		return false;
	for (int64_t i = version; i < SCHEMA_VERSION; i++) {
		if (!store_run_sql(store, migrations[i], "write to", err))
			return false;
	}
	snprintf(sql, sizeof sql,
		"PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
		APPLICATION_ID, SCHEMA_VERSION);
	return store_run_sql(store, sql, "write to", err);
}

bool store_check_format(struct store *store, struct error *err)
{
	int64_t application;
	int64_t version;
	int64_t tables;

	if (!store_read_number(
		    store, "PRAGMA application_id", &application, err) ||
		!store_read_number(
			store, "PRAGMA user_version", &version, err) ||
		!store_read_number(store, "SELECT count(*) FROM sqlite_schema",
			&tables, err))
		return false;
	if (application != APPLICATION_ID && (application != 0 || tables > 0))
		return error_set(err, ERROR_DATA,
			"%s is not a keepmail database and was left unchanged: choose another directory with state or --state-dir",
			store->path);
	if (version < 0)
		return error_set(err, ERROR_DATA,
			"the store %s is damaged: it has the format %lld. Restore it from a backup, or move it away and run keepmail rebuild",
			store->path, (long long)version);
	if (version > SCHEMA_VERSION)
		return error_set(err, ERROR_DATA,
			"the store %s was written by a newer keepmail (format %lld, this version supports up to %d): use the newer version",
			store->path, (long long)version, SCHEMA_VERSION);
	if (version == SCHEMA_VERSION)
		return true;
	if (sqlite3_db_readonly(store->db, "main") == 1)
		return error_set(err, ERROR_TEMPORARY,
			"the store %s was written by an older keepmail and is in use: the next fetch upgrades it",
			store->path);
	return migrate(store, version, err);
}
