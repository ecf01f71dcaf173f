/* SPDX-License-Identifier: ISC */
#include "io/store/store_members.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "core/xalloc.h"

struct members {
	sqlite3 *db; /* in memory, and empty */
	char *json;  /* owned */
	size_t length;
};

/* Runs a statement with the object as ?1, up to its row; NULL: no row. */
static sqlite3_stmt *ask(
	struct members *members, const char *sql, const char *name)
{
	sqlite3_stmt *stmt = NULL;
	char *path = xasprintf("$.%s", name);

	if (sqlite3_prepare_v2(members->db, sql, -1, &stmt, NULL) ==
			SQLITE_OK &&
		sqlite3_bind_text(stmt, 1, members->json, (int)members->length,
			SQLITE_STATIC) == SQLITE_OK &&
		sqlite3_bind_text(stmt, 2, path, -1, SQLITE_TRANSIENT) ==
			SQLITE_OK &&
		sqlite3_step(stmt) == SQLITE_ROW) {
		free(path);
		return stmt;
	}
	sqlite3_finalize(stmt);
	free(path);
	return NULL;
}

struct members *members_open(const char *json, size_t length)
{
	struct members *members = xcalloc(1, sizeof *members);
	sqlite3_stmt *stmt;

	members->json = xmalloc(length + 1);
	memcpy(members->json, json, length);
	members->json[length] = '\0';
	members->length = length;
	if (sqlite3_open_v2(":memory:", &members->db,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
		    NULL) != SQLITE_OK) {
		members_close(members);
		return NULL;
	}
	stmt = ask(members,
		"SELECT 1 WHERE json_valid(?1) AND json_type(?1) = 'object' "
		"AND ?2 IS NOT NULL",
		"x");
	if (stmt == NULL) {
		members_close(members);
		return NULL;
	}
	sqlite3_finalize(stmt);
	return members;
}

void members_close(struct members *members)
{
	if (members == NULL)
		return;
	sqlite3_close(members->db);
	explicit_bzero(members->json, members->length);
	free(members->json);
	free(members);
}

char *members_text(struct members *members, const char *name)
{
	sqlite3_stmt *stmt = ask(members,
		"SELECT json_extract(?1, ?2) WHERE json_type(?1, ?2) = 'text'",
		name);
	char *value = NULL;

	if (stmt == NULL)
		return NULL;
	const char *text = (const char *)sqlite3_column_text(stmt, 0);

	if (text != NULL &&
		strlen(text) == (size_t)sqlite3_column_bytes(stmt, 0))
		value = xstrdup(text);
	sqlite3_finalize(stmt);
	return value;
}

int64_t members_number(
	struct members *members, const char *name, int64_t otherwise)
{
	sqlite3_stmt *stmt = ask(members,
		"SELECT CAST(json_extract(?1, ?2) AS INTEGER) WHERE "
		"json_type(?1, ?2) IN ('integer', 'real') OR "
		"(json_type(?1, ?2) = 'text' AND "
		"json_extract(?1, ?2) GLOB '[0-9]*')",
		name);

	if (stmt == NULL)
		return otherwise;
	int64_t value = sqlite3_column_int64(stmt, 0);

	sqlite3_finalize(stmt);
	return value;
}
