/* SPDX-License-Identifier: ISC */
/*
 * Every kind of destination, broken at each of its calls: a batch is delivered
 * to it by a process that dies there, or whose call fails; then another one
 * recovers, and delivers what is not there. No message may be lost or doubled,
 * and nothing may be left. A new kind is a row more.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calls.h"
#include "core/xalloc.h"
#include "io/mail/delivery.h"
#include "readers.h"
#include "tap.h"

#define MESSAGES_MAX 9
#define FORGONE 1
#define NOW 1721998923

/* What the store would know of a batch; it outlives the process. */
static struct record {
	bool arriving; /* its letters are recorded */
	struct letter letters[MESSAGES_MAX];
	bool over; /* publishing */
	bool published;
	enum verdict verdicts[MESSAGES_MAX];
	unsigned calls;
} * record;

static char root[] = "/tmp/keepmail-destination-XXXXXX";

/* ---- the messages --------------------------------------------------------
 */

static char *texts[MESSAGES_MAX];

static void make_texts(void)
{
	static const char *const bodies[] = {"\nb\n", "\n\n\n", "",
		"\nFrom me\n>From you\n\nFrom them Mon\n", "\nhalf a line"};

	for (size_t i = 0; i < MESSAGES_MAX; i++)
		texts[i] = xasprintf("Message-ID: <%zu@x>\nA: b\n%s", i,
			bodies[i % (sizeof bodies / sizeof bodies[0])]);
	/* More than a block. */
	texts[2] = xreallocarray(texts[2], 140001, 1);
	memset(texts[2], 'x', 140000);
	for (size_t i = 99; i < 140000; i += 100)
		texts[2][i] = '\n';
	texts[2][140000] = '\0';
}

static void free_texts(void)
{
	for (size_t i = 0; i < MESSAGES_MAX; i++)
		free(texts[i]);
}

/* ---- the table -----------------------------------------------------------
 */

static const struct row {
	const char *name;
	enum destination_kind kind;
	void (*prepare)(void);
	/* How many messages are there with this text; NULL: any. */
	size_t (*count)(const char *text);
	/* How many things that are no mail, which shall be old from now on. */
	size_t (*left)(void);
	/* Does what an error says is to be done. */
	void (*repair)(void);
	size_t earlier; /* messages there before */
} rows[] = {
	{"a Maildir", DESTINATION_MAILDIR, readers_maildir_prepare,
		readers_maildir_count, readers_maildir_left,
		readers_maildir_repair, 0},
	{"an mbox", DESTINATION_MBOX, readers_mbox_prepare, readers_mbox_count,
		readers_mbox_left, readers_mbox_repair, 1},
};

static const struct harm {
	const char *sentence;
	enum calls_harm harm;
} harms[] = {
	{"killed before", CALLS_DIE_BEFORE},
	{"killed behind, or in the middle of,", CALLS_DIE_AFTER},
	{"with a failure of", CALLS_FAIL_ONCE},
	{"with failures from there on at", CALLS_FAIL_ON},
};

/* ---- what is done with each ----------------------------------------------
 */

static struct delivery *open_place(const struct row *row, struct error *err)
{
	struct account_destination destination = {
		.mode = 0600, .kind = row->kind, .path = (char *)readers_place};
	const struct destination_opening opening = {
		.destination = &destination, .spool_directory = root};

	return delivery_open(&opening, err);
}

static bool deliver_one(struct delivery *delivery, const char *text,
	struct letter *letter, struct error *err)
{
	size_t n = strlen(text);

	if (delivery_begin(delivery, err) &&
		delivery_write(delivery, text, n / 2, err) &&
		delivery_write(delivery, text + n / 2, n - n / 2, err) &&
		delivery_end(delivery,
			(struct uid){.bytes = "uid", .length = 3}, NOW, letter,
			err) == ADDITION_DONE)
		return true;
	delivery_drop(delivery);
	return false;
}

/* A batch, with one message dropped, one taken back, and one forgone. */
static bool fill(struct delivery *delivery, size_t count,
	struct letter *letters, struct error *err)
{
	struct letter other;

	for (size_t i = 0; i < count; i++) {
		if (i == 1) {
			if (!delivery_begin(delivery, err) ||
				!delivery_write(delivery, "x: y", 4, err)) {
				delivery_drop(delivery);
				return false;
			}
			delivery_drop(delivery);
		}
		if (i == 2) {
			if (!deliver_one(delivery, "z: z\n", &other, err))
				return false;
			delivery_drop_last(delivery, 1);
		}
		if (!deliver_one(delivery, texts[i], &letters[i], err))
			return false;
	}
	return true;
}

/* As the ladder does it. */
static void run(const struct row *row, size_t count)
{
	struct error err = {.kind = ERROR_NONE};
	struct letter letters[MESSAGES_MAX];
	struct delivery *delivery = open_place(row, &err);

	if (delivery == NULL)
		return;
	if (fill(delivery, count, letters, &err)) {
		delivery_turn(delivery);
		delivery_forgo(delivery, FORGONE);
		if (delivery_seal(delivery, letters, count, &err)) {
			memcpy(record->letters, letters, sizeof letters);
			record->arriving = true;
			record->published = delivery_publish(delivery, &err);
			for (size_t i = 0; i < count; i++)
				record->verdicts[i] =
					delivery_verdict(delivery, i);
			record->over = true;
		}
		if (!record->published)
			delivery_abandon(delivery);
	}
	delivery_close(delivery);
}

/* In a process of its own. */
static void run_apart(
	const struct row *row, size_t count, enum calls_harm harm, unsigned at)
{
	memset(record, 0, sizeof *record);
	fflush(stdout);
	pid_t child = fork();

	if (child == 0) {
		calls = (struct calls){.harm = harm, .at = at};
		run(row, count);
		record->calls = calls.seen;
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

static bool broken(const char *what, unsigned at, size_t i)
{
	printf("# at call %u, message %zu: %s\n", at, i, what);
	return false;
}

/* Verdicts are as they must be, before anything is recovered. */
static bool verdicts_are_right(
	const struct row *row, size_t count, enum calls_harm harm, unsigned at)
{
	for (size_t i = 0; record->over && i < count; i++) {
		size_t there = row->count(texts[i]);
		enum verdict verdict = record->verdicts[i];

		if ((verdict == VERDICT_FORGONE) != (i == FORGONE))
			return broken("wrongly forgone", at, i);
		if (i != FORGONE && record->published &&
			verdict != VERDICT_PUBLISHED)
			return broken("not published, after all", at, i);
		if (verdict == VERDICT_PUBLISHED && there != 1)
			return broken("published, and not there", at, i);
		if (verdict != VERDICT_PUBLISHED && there != 0 &&
			harm != CALLS_FAIL_ON)
			return broken("failed, and there", at, i);
	}
	for (size_t i = 0; !record->arriving && i < count; i++) {
		if (row->count(texts[i]) != 0)
			return broken("there before it is recorded", at, i);
	}
	return true;
}

/* Recovers; here[i]: message i is in its place. */
static bool recover(
	const struct row *row, size_t count, unsigned at, bool *here)
{
	struct error err = {.kind = ERROR_NONE};
	struct letter letters[MESSAGES_MAX];
	bool arrived[MESSAGES_MAX] = {false};
	bool there[MESSAGES_MAX];
	size_t n = 0;
	struct delivery *delivery = open_place(row, &err);

	for (size_t i = 0; record->arriving && i < count; i++) {
		if (i != FORGONE)
			letters[n++] = record->letters[i];
	}
	bool ok = delivery != NULL &&
		delivery_recover(delivery, letters, n, arrived, &err);

	memset(there, true, sizeof there);
	ok = ok && delivery_has(delivery, letters, n, there, &err);
	delivery_close(delivery);
	if (!ok)
		return broken(err.text, at, 0);
	n = 0;
	for (size_t i = 0; i < count; i++) {
		here[i] = record->arriving && i != FORGONE && arrived[n];
		if (record->arriving && i != FORGONE && there[n] != arrived[n])
			return broken("known, and not found", at, i);
		n += record->arriving && i != FORGONE;
		if (row->count(texts[i]) != here[i])
			return broken("recovered wrongly", at, i);
		if (record->over && record->verdicts[i] == VERDICT_PUBLISHED &&
			!here[i])
			return broken("published, and lost", at, i);
	}
	return true;
}

/* Fetches again what is not there; then all is there once. */
static bool complete(
	const struct row *row, size_t count, unsigned at, const bool *here)
{
	struct error err = {.kind = ERROR_NONE};
	struct letter letters[MESSAGES_MAX];
	size_t n = 0;
	struct delivery *delivery = open_place(row, &err);
	bool ok = delivery != NULL;

	for (size_t i = 0; ok && i < count; i++)
		ok = here[i] ||
			deliver_one(delivery, texts[i], &letters[n++], &err);
	if (ok) {
		delivery_turn(delivery);
		ok = delivery_seal(delivery, letters, n, &err) &&
			delivery_publish(delivery, &err);
	}
	row->left();
	if (ok)
		delivery_sweep(delivery);
	delivery_close(delivery);
	if (!ok)
		return broken(err.text, at, 0);
	for (size_t i = 0; i < count; i++) {
		if (row->count(texts[i]) != 1)
			return broken("not there once", at, i);
	}
	if (row->earlier > 0 && row->count(readers_earlier) != 1)
		return broken("what was there is not", at, 0);
	if (row->count(NULL) != count + row->earlier)
		return broken("other mail is there", at, 0);
	return row->left() == 0 || broken("something is left", at, 0);
}

static int remove_one(
	const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static void clear(const struct row *row)
{
	char *lock = xasprintf("%s.lock", readers_place);

	unlink(lock);
	free(lock);
	nftw(readers_place, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	row->prepare();
}

/* Each call of a batch is broken, until there are no more. */
static void test_harm(
	const struct row *row, const struct harm *harm, size_t count)
{
	bool here[MESSAGES_MAX];
	unsigned at = 0;
	bool right = true;
	bool whole = false;

	while (right && !whole) {
		clear(row);
		run_apart(row, count, harm->harm, ++at);
		whole = record->calls > 0 && record->calls < at;
		row->repair();
		right = verdicts_are_right(row, count, harm->harm, at) &&
			recover(row, count, at, here) &&
			complete(row, count, at, here);
	}
	ok(right && at > count && record->published,
		"%s, %s each of %u calls for %zu messages: all there once",
		row->name, harm->sentence, at - 1, count);
}

/* What could not be looked through is neither here nor gone. */
static void test_search(const struct row *row)
{
	struct error err = {.kind = ERROR_NONE};
	struct letter letters[MESSAGES_MAX];
	bool arrived[MESSAGES_MAX];
	char *from = xasprintf("%s/new", readers_place);
	char *to = xasprintf("%s/cur", readers_place);

	clear(row);
	run_apart(row, 4, CALLS_WHOLE, 0);
	memcpy(letters, record->letters, sizeof letters);
	/* A mail reader has seen them. */
	bool moved = rename(from, to) == 0;

	free(from);
	free(to);
	struct delivery *delivery = open_place(row, &err);

	calls.entries_left = 2;
	bool half = delivery_recover(delivery, letters, 1, arrived, &err);

	calls.entries_left = 0;
	bool whole = delivery_recover(delivery, letters, 1, arrived, &err);

	ok(moved && !half && whole && arrived[0],
		"%s that cannot be read to its end is not searched", row->name);
	delivery_close(delivery);
}

/* What is asked about a place that is not open. */
static const struct question {
	const char *sentence;
	enum destination_kind kind;
	const char *path;
	const char *directory;
	const char *where;
	bool missing;
	bool has_mail;
	bool is_ours;
} questions[] = {
	{"a Maildir that is not there", DESTINATION_MAILDIR, "/no/Mail",
		"/no/Mail", "/no/Mail/new/1.a_keepmail.b", true, false, true},
	{"a Maildir without its directories", DESTINATION_MAILDIR, root, root,
		NULL, true, false, true},
	{"an mbox that is not there", DESTINATION_MBOX, "/no/mbox", "/no",
		"/no/mbox", true, false, true},
	{"an mbox at the top", DESTINATION_MBOX, "/mbox", "/", "/mbox", true,
		false, true},
	{"an mbox with mail", DESTINATION_MBOX, readers_place, root,
		readers_place, false, true, true},
};

static void test_questions(void)
{
	const struct letter letter = {
		.name = "1.a_keepmail.b", .octets = 1, .length = 1};

	nftw(readers_place, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	readers_mbox_prepare();
	for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
		const struct question *row = &questions[i];
		char *directory = destination_directory(row->kind, row->path);
		struct account_destination to = {
			.kind = row->kind, .path = xstrdup(row->path)};
		char *where = destination_where(&to, &letter);

		ok(strcmp(directory, row->directory) == 0 &&
				(row->where == NULL ||
					strcmp(where, row->where) == 0) &&
				destination_is_missing(row->kind, row->path) ==
					row->missing &&
				destination_has_mail(row->kind, row->path) ==
					row->has_mail &&
				destination_is_ours(row->kind, &letter) ==
					row->is_ours,
			"what is asked about %s is answered", row->sentence);
		free(directory);
		free(where);
		free(to.path);
	}
	ok(destination_can_sync(DESTINATION_MBOX, readers_place),
		"the directory of an mbox can be synced");
}

int main(void)
{
	static const size_t counts[] = {4, MESSAGES_MAX};

	record = mmap(NULL, sizeof *record, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (record == MAP_FAILED || mkdtemp(root) == NULL)
		return 1;
	snprintf(readers_place, sizeof readers_place, "%s/place", root);
	make_texts();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		for (size_t k = 0; k < sizeof harms / sizeof harms[0]; k++) {
			for (size_t n = 0; n < 2; n++)
				test_harm(&rows[i], &harms[k], counts[n]);
		}
	}
	test_search(&rows[0]);
	test_questions();
	free_texts();
	nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return done();
}
