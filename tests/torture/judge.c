/* SPDX-License-Identifier: ISC */
/*
 * judge [-s STORE] SENT SERVER DESTINATION...
 *
 * Checks what became of the mail: SENT is a folder with all messages that ever
 * existed, SERVER the folder of those that the server still has, DESTINATION a
 * Maildir or an mbox; a missing one is empty. Prints, on one line, how many
 * messages are
 *     lost      not in the destination
 *     doubled   there more often than they were sent
 *     torn      there, and never sent
 *     erased    neither there nor on the server
 * With -s also the store's integrity, and a sum over the destination and the
 * store's messages, by which two runs are compared.
 */
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../lib/sums.h"

/*
 * Counts the occurrences of a sum in the list from position i on, and moves i
 * past them.
 */
static size_t run_of(const struct sums *sums, size_t *i, const char *sum)
{
	size_t n = 0;

	while (*i < sums->count && strcmp(sums->at[*i], sum) < 0)
		++*i;
	while (*i < sums->count && strcmp(sums->at[*i], sum) == 0) {
		++*i;
		n++;
	}
	return n;
}

static uint64_t mix(uint64_t hash, const void *bytes, size_t length)
{
	const unsigned char *p = bytes;

	while (length-- > 0)
		hash = (hash ^ *p++) * UINT64_C(1099511628211);
	return hash;
}

/*
 * Checks the store's integrity, and adds its rows to the sum, except for what a
 * poll notes about the listing, which no longer contains erased messages.
 */
static const char *judge_store(const char *path, uint64_t *hash)
{
	static char verdict[200];
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;

	snprintf(verdict, sizeof verdict, "unreadable");
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) ==
			SQLITE_OK &&
		sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt,
			NULL) == SQLITE_OK &&
		sqlite3_step(stmt) == SQLITE_ROW)
		snprintf(verdict, sizeof verdict, "%s",
			(const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	stmt = NULL;
	if (sqlite3_prepare_v2(db,
		    "SELECT id, uid, ordinal, state, size, kept_at,"
		    " erased_at, place, name, offset, octets, sha256"
		    " FROM message ORDER BY id",
		    -1, &stmt, NULL) == SQLITE_OK) {
		while (sqlite3_step(stmt) == SQLITE_ROW) {
			for (int i = 0; i < sqlite3_column_count(stmt); i++)
				*hash = mix(*hash, sqlite3_column_blob(stmt, i),
					(size_t)sqlite3_column_bytes(stmt, i));
		}
	}
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	for (char *p = verdict; *p != '\0'; p++) {
		if (*p == ' ' || *p == '\n')
			*p = '_';
	}
	return verdict;
}

int main(int argc, char **argv)
{
	static struct sums sent = {.server_side = true};
	static struct sums server = {.server_side = true};
	static struct sums here = {.server_side = false};
	size_t lost = 0;
	size_t doubled = 0;
	size_t known = 0;
	size_t erased = 0;
	size_t in_server = 0;
	size_t in_here = 0;
	const char *store = NULL;
	uint64_t hash = UINT64_C(14695981039346656037);
	int option;

	while ((option = getopt(argc, argv, "s:")) != -1) {
		if (option == 's')
			store = optarg;
	}
	if (argc - optind < 3 || !sums_add(&sent, argv[optind]) ||
		!sums_add(&server, argv[optind + 1])) {
		fprintf(stderr, "judge: no mail to judge by\n");
		return 2;
	}
	for (int i = optind + 2; i < argc; i++)
		sums_add(&here, argv[i]);
	for (size_t i = 0; i < sent.count;) {
		const char *sum = sent.at[i];
		size_t wanted = run_of(&sent, &i, sum);
		size_t left = run_of(&server, &in_server, sum);
		size_t got = run_of(&here, &in_here, sum);

		known += got;
		lost += got < wanted ? wanted - got : 0;
		doubled += got > wanted ? got - wanted : 0;
		erased += got + left < wanted ? wanted - got - left : 0;
	}
	printf("lost %zu doubled %zu torn %zu erased %zu", lost, doubled,
		here.count - known, erased);
	if (store != NULL) {
		for (size_t i = 0; i < here.count; i++)
			hash = mix(hash, here.at[i], strlen(here.at[i]));
		const char *integrity = judge_store(store, &hash);

		printf(" store %s sum %016llx", integrity,
			(unsigned long long)hash);
	}
	printf("\n");
	return 0;
}
