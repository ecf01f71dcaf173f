/* SPDX-License-Identifier: ISC */
/*
 * What a run asks of the store costs as much as there is on the server, however
 * much has vanished or was erased in earlier years. Counted are the steps of
 * SQLite's virtual machine, of which a scan of the table takes at least one for
 * each row.
 */
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/tap.h"
#include "core/xalloc.h"
#include "io/store/store.h"
#include "io/store/store_copy.h"
#include "io/store/store_identity.h"
#include "io/store/store_internal.h"
#include "io/store/store_message.h"
#include "io/store/store_place.h"
#include "io/store/store_recall.h"
#include "io/store/store_run.h"
#include "io/store/store_seen.h"
#include "io/store/store_trouble.h"

#define NOW INT64_C(1800000000)
#define DAY INT64_C(86400)
/* In the table: gone long ago, and on the server. */
#define OLD 20000
#define PRESENT 95
/* Listed now: all but some of what was present, some of the old, some new. */
#define VANISHED 5
#define RETURNED 5
#define NEW 5

struct bench {
	struct store *store;
	struct maildrop maildrop;
	struct memory *memories;
	struct error err;
	uint64_t steps;
};

static const struct store_place place = {DESTINATION_MAILDIR, "/mail"};

static const struct letter letter = {
	.name = "1800000000.new", .octets = 3000, .sha256 = {9}};

static int count_step(void *data)
{
	struct bench *bench = data;

	bench->steps++;
	return 0;
}

/*
 * Adds count messages: state and time of vanishing are SQL of a number i. All
 * that is erased or vanished was so within the year that is remembered.
 */
static bool add(struct store *store, const char *uid, int count,
	const char *state, const char *vanished)
{
	char *sql = xasprintf(
		"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL"
		" SELECT i + 1 FROM n WHERE i + 1 < %d)"
		"INSERT INTO message (uid, ordinal, state, size, kept_at,"
		" vanished_at, first_seen, place, name, octets, sha256,"
		" header_sha256) SELECT CAST('%s' || i AS BLOB), 0, %s, 3000,"
		" 1770000000, %s, 1770000000, 1, '%s' || i, 3000,"
		" randomblob(32), randomblob(32) FROM n WHERE i < %d",
		count, uid, state, vanished, uid, count);
	int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

	free(sql);
	return code == SQLITE_OK;
}

static bool fill(struct store *store, int old)
{
	return sqlite3_exec(store->db,
		       "INSERT INTO place (kind, path) VALUES"
		       " ('maildir', '/mail'), ('maildir', '/former')",
		       NULL, NULL, NULL) == SQLITE_OK &&
		/* Those that come back, which both stores know. */
		add(store, "back", RETURNED, "2", "1790000000") &&
		add(store, "old", old, "2 + (i % 4 > 0)", "1790000000 + i") &&
		add(store, "present", PRESENT, "2", "NULL");
}

static void list(struct maildrop *maildrop)
{
	static const struct {
		const char *uid;
		unsigned from;
		unsigned to;
	} parts[] = {{"present", VANISHED, PRESENT}, {"back", 0, RETURNED},
		{"new", 0, NEW}};
	static const uint64_t key[2] = {1, 2};
	struct error err = {.kind = ERROR_NONE};
	uint32_t number = 0;
	char uid[32];

	maildrop_init(maildrop, key);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		for (unsigned k = parts[i].from; k < parts[i].to; k++) {
			snprintf(uid, sizeof uid, "%s%u", parts[i].uid, k);
			maildrop_add(
				maildrop, ++number, uid, strlen(uid), &err);
		}
	}
	maildrop_index(maildrop, &err);
}

static struct uid uid_of(const char *text)
{
	return (struct uid){.bytes = text, .length = strlen(text)};
}

/* ---- what a run asks, and records -----------------------------------------
 */

static bool is_fresh(struct bench *bench)
{
	bool fresh = true;

	return store_is_fresh(bench->store, &fresh, &bench->err) && !fresh;
}

static bool has_mail(struct bench *bench)
{
	bool has = false;

	return store_has_mail(bench->store, &place, &has, &bench->err) && has;
}

static bool has_former(struct bench *bench)
{
	const struct store_place former = {DESTINATION_MAILDIR, "/former"};
	bool has = true;

	return store_has_mail(bench->store, &former, &has, &bench->err) && !has;
}

static bool see_path(void *data, const char *path, struct error *err)
{
	(void)err;
	*(bool *)data = strcmp(path, "/mail") == 0;
	return true;
}

static bool places(struct bench *bench)
{
	bool only = false;

	return store_places(bench->store, see_path, &only, &bench->err) && only;
}

static bool arriving(struct bench *bench)
{
	struct store_arriving *rows = NULL;
	size_t count = 1;
	bool done = store_arriving(bench->store, &rows, &count, &bench->err);

	store_free_arriving(rows, count);
	return done && count == 0;
}

static bool last_runs(struct bench *bench)
{
	return !store_has_failed(bench->store) &&
		!store_was_fruitless(bench->store) &&
		!store_has_succeeded(bench->store, NOW);
}

static bool recall(struct bench *bench)
{
	size_t kept = 0;
	size_t returned = 0;

	if (!store_recall(bench->store, &bench->maildrop, &bench->memories,
		    &bench->err))
		return false;
	for (size_t i = 0; i < bench->maildrop.count; i++) {
		kept += bench->memories[i].state == MEMORY_KEPT;
		returned += bench->memories[i].vanished;
	}
	return kept == PRESENT - VANISHED + RETURNED && returned == RETURNED &&
		store_lost_count(bench->store) == VANISHED;
}

static bool lost(struct bench *bench)
{
	struct store_lost *found = NULL;
	size_t count = 0;
	bool done = store_lost(bench->store, &found, &count, &bench->err);

	free(found);
	return done && count == VANISHED;
}

static bool see_copy(
	void *data, int64_t row, const struct letter *copy, struct error *err)
{
	(void)row;
	(void)err;
	*(size_t *)data += copy->octets == 3000;
	return true;
}

static bool copies(struct bench *bench)
{
	size_t count = 0;

	return store_copies(bench->store, see_copy, &count, &bench->err) &&
		count == PRESENT - VANISHED + RETURNED;
}

static bool knows(struct bench *bench)
{
	bool known = false;
	bool same = true;

	return store_knows(
		       bench->store, uid_of("present7"), &known, &bench->err) &&
		known &&
		store_is_same_text(bench->store, uid_of("present7"),
			letter.sha256, &same, &bench->err) &&
		!same;
}

static bool find_copy(struct bench *bench)
{
	struct store_found found;

	return store_find_copy(
		       bench->store, &letter, &place, &found, &bench->err) &&
		found.row == 0;
}

static bool store_new(struct bench *bench)
{
	struct store_arrival arrival = {.uid = uid_of("new0"),
		.size = 3000,
		.letter = &letter,
		.place = place,
		.now = NOW};
	int64_t row = 0;

	return store_begin(bench->store, &bench->err) &&
		store_record_arriving(
			bench->store, &arrival, &row, &bench->err) &&
		store_record_kept(bench->store, row, NOW, &bench->err) &&
		store_record_erased(bench->store, row, NOW, &bench->err) &&
		store_commit(bench->store, &bench->err);
}

static bool record_rows(struct bench *bench)
{
	const int64_t row = bench->memories[9].row;

	return store_record_size(bench->store, row, 3001, &bench->err) &&
		store_record_hold(bench->store, row, NOW, &bench->err) &&
		store_record_missing(bench->store, row, NOW, &bench->err) &&
		store_record_filed(bench->store, row, &letter, &bench->err) &&
		store_rebind(bench->store, row, uid_of("other"), 3000,
			&bench->err) &&
		store_retire(
			bench->store, uid_of("present8"), NOW, &bench->err) &&
		store_disown_copy(bench->store, bench->memories[11].row, NOW,
			&bench->err);
}

static bool record_others(struct bench *bench)
{
	struct store_seen seen = {uid_of("seen"), NOW, "test"};
	int64_t row = 0;
	size_t found = 0;

	return store_record_seen(bench->store, &seen, NOW, &row, &bench->err) &&
		store_record_unlisted(
			bench->store, &letter, &place, NOW, &bench->err) &&
		store_hold(bench->store, uid_of("present9"), NOW, &found,
			&bench->err) &&
		found == 1;
}

static bool record_listing(struct bench *bench)
{
	struct store_run run = {.started = NOW, .ended = NOW};
	struct finding *findings =
		calloc(bench->maildrop.count, sizeof findings[0]);
	const struct store_listing listing = {.memories = bench->memories,
		.findings = findings,
		.count = bench->maildrop.count};
	const struct plan none = {.count = 0};
	bool ok = findings != NULL && store_begin(bench->store, &bench->err) &&
		store_record_listing(
			bench->store, &listing, NOW, &bench->err) &&
		store_record_oversizes(bench->store, &bench->maildrop,
			bench->memories, &none, &bench->err) &&
		store_record_run(bench->store, &run, false, &bench->err) &&
		store_commit(bench->store, &bench->err);

	free(findings);
	return ok;
}

static const struct {
	const char *what;
	bool (*run)(struct bench *bench);
} asked[] = {
	{"whether anything is known", is_fresh},
	{"whether there is mail in the place", has_mail},
	{"whether there is mail in a former place", has_former},
	{"where mail is", places},
	{"what an ended run was storing", arriving},
	{"how the last runs ended", last_runs},
	{"what is known of the listing (store_recall)", recall},
	{"what is no longer listed (store_lost)", lost},
	{"where the copies are (store_copies)", copies},
	{"whether a uid is known", knows},
	{"whether a text is here already", find_copy},
	{"to store a message", store_new},
	{"to change a message's record", record_rows},
	{"to record what was seen or found", record_others},
	{"to record the listing", record_listing},
};

#define ASKED (sizeof asked / sizeof asked[0])

/* The steps that each question takes where so much is old; false: it failed. */
static bool measure(
	const char *directory, const char *name, int old, uint64_t steps[ASKED])
{
	struct bench bench = {.err = {.kind = ERROR_NONE}};
	bool all = true;

	bench.store = store_open(directory, name, STORE_WRITE, &bench.err);
	if (bench.store == NULL || !fill(bench.store, old))
		return ok(false, "a store is filled: %s", bench.err.text);
	list(&bench.maildrop);
	sqlite3_progress_handler(bench.store->db, 1, count_step, &bench);
	for (size_t i = 0; i < ASKED; i++) {
		bench.steps = 0;
		all = ok(asked[i].run(&bench), "%s: %s is answered", name,
			      asked[i].what) &&
			all;
		steps[i] = bench.steps;
	}
	free(bench.memories);
	maildrop_release(&bench.maildrop);
	store_close(bench.store);
	return all;
}

int main(void)
{
	char directory[] = "cost_test.XXXXXX";
	char path[PATH_MAX];
	uint64_t young[ASKED];
	uint64_t old[ASKED];

	if (mkdtemp(directory) == NULL || realpath(directory, path) == NULL)
		return 1;
	if (measure(path, "young", 0, young) &&
		measure(path, "old", OLD, old)) {
		for (size_t i = 0; i < ASKED; i++) {
			printf("# %s: %llu steps, with %d old messages %llu\n",
				asked[i].what, (unsigned long long)young[i],
				OLD, (unsigned long long)old[i]);
			ok(old[i] <= young[i] + young[i] / 10 + 100,
				"old mail adds nothing to the cost of: %s",
				asked[i].what);
		}
	}
	for (size_t i = 0; i < 6; i++) {
		static const char *const ends[] = {"db", "db-wal", "db-shm"};
		char *file = xasprintf(
			"%s/%s.%s", path, i < 3 ? "young" : "old", ends[i % 3]);

		unlink(file);
		free(file);
	}
	for (size_t i = 0; i < 2; i++) {
		char *file = xasprintf(
			"%s/%s.last-success", path, i == 0 ? "young" : "old");

		unlink(file);
		free(file);
	}
	rmdir(path);
	return done();
}
