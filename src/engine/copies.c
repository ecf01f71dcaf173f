/* SPDX-License-Identifier: ISC */
#include "engine/copies.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/text.h"
#include "core/xalloc.h"
#include "engine/places.h"
#include "io/mail/local.h"
#include "io/process/log.h"

/* What is in a directory: nothing, something, or nobody knows. */
enum content { CONTENT_UNKNOWN, CONTENT_NONE, CONTENT_SOME };

static enum content content_of(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	enum content content = CONTENT_NONE;

	if (dir == NULL)
		return CONTENT_UNKNOWN;
	while (content == CONTENT_NONE && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 &&
			strcmp(entry->d_name, "..") != 0)
			content = CONTENT_SOME;
	}
	closedir(dir);
	return content;
}

/* A disk that is not mounted leaves an empty directory where mail was. */
static bool is_mounted(const char *root, struct store *store, struct error *err)
{
	bool had = false;

	if (content_of(root) != CONTENT_NONE)
		return true;
	if (!store_had_root(store, root, &had, err))
		return false;
	return !had ||
		error_set(err, ERROR_DATA,
			"%s is empty, but was not before (is its disk mounted?)",
			root);
}

bool copies_look(struct local *local, const struct account *account,
	struct store *store, bool missing_ok, struct error *err)
{
	struct places places = {.count = 0};
	bool ok = places_gather(&places, account, store, err) &&
		(missing_ok || account->local == NULL ||
			is_mounted(account->local, store, err));

	for (size_t i = 0; ok && i < places.count; i++)
		ok = local_look(local, places.at[i].path, account->trash,
			missing_ok || places.at[i].may_be_missing, err);
	places_release(&places);
	return ok;
}

static void know_name(void *data, const char *name)
{
	local_know(data, name);
}

bool copies_read_strangers(struct local *local, struct store *store,
	const volatile sig_atomic_t *stop, struct error *err)
{
	return store_names(store, know_name, local, err) &&
		local_read_strangers(local, stop, err);
}

/* ---- what an ended run was storing ----------------------------------------
 */

/* A header, and how many messages on record have it. */
struct header_count {
	const unsigned char *sha256; /* borrowed */
	size_t messages;
};

struct headers {
	struct header_count *at; /* owned; by sha256 */
	size_t count;
	bool complete; /* no account's record is missing in it */
};

static int by_sha256(const void *a, const void *b)
{
	return memcmp(((const struct header_count *)a)->sha256,
		((const struct header_count *)b)->sha256, LETTER_DIGEST);
}

/* The first with this header; NULL: it is none of them. */
static struct header_count *find_header(
	const struct headers *headers, const unsigned char *sha256)
{
	struct header_count wanted = {.sha256 = sha256};
	struct header_count *found = headers->count == 0
		? NULL
		: bsearch(&wanted, headers->at, headers->count, sizeof wanted,
			  by_sha256);

	while (found != NULL && found > headers->at &&
		by_sha256(found - 1, &wanted) == 0)
		found--;
	return found;
}

static void count_header(void *data, const unsigned char sha256[LETTER_DIGEST])
{
	struct header_count *found = find_header(data, sha256);

	if (found != NULL)
		found->messages++;
}

static bool count_in_other(void *data, const char *name, struct store *store)
{
	struct error ignored = {.kind = ERROR_NONE};

	(void)name;
	return store_headers(store, count_header, data, &ignored);
}

/*
 * How often is each header of what is missing on record, with any account? Some
 * fetch the same mailbox, or into the same place.
 */
static bool count_headers(struct headers *headers, struct run *run,
	const struct copies_moved *moved, struct error *err)
{
	const struct account *account = run->account;

	headers->at = xcalloc(moved->count, sizeof headers->at[0]);
	for (size_t i = 0; i < moved->count; i++) {
		const struct letter *letter = &moved->letters[i];

		if (!moved->arrived[i] && letter->identified)
			headers->at[headers->count++].sha256 =
				letter->header_sha256;
	}
	if (headers->count == 0 || account->keep_duplicates)
		return true;
	qsort(headers->at, headers->count, sizeof headers->at[0], by_sha256);
	if (!store_headers(run->store, count_header, headers, err))
		return false;
	headers->complete = store_each_other(
		account->state, account->name, count_in_other, headers);
	return true;
}

/* Has no other message on record the letter's header, for all that is known? */
static bool is_only_one(
	const struct headers *headers, const struct letter *letter)
{
	const struct header_count *found =
		headers->complete && letter->identified
		? find_header(headers, letter->header_sha256)
		: NULL;

	return found != NULL && found->messages == 1;
}

/*
 * A Maildir's letters may be anywhere below it, local and trash, in files that
 * no record knows; an mbox's are looked for in that mbox alone.
 */
static bool look_for_moved(struct local *local, struct run *run,
	const struct copies_moved *moved, struct error *err)
{
	const struct account *account = run->account;

	if (!local_look(local, moved->path, account->trash, true, err))
		return false;
	if (moved->letters[0].length > 0)
		return true;
	if ((account->local != NULL &&
		    !local_look(local, account->local, account->trash, true,
			    err)) ||
		(account->trash != NULL &&
			!local_look(local, account->trash, account->trash, true,
				err)))
		return false;
	return copies_read_strangers(
		local, run->store, run->options->stop, err);
}

/* The letter as it lies now, if a copy of it is there; only: no other message
 * has its header. */
static bool find_moved(struct local *local, struct letter *letter, bool only)
{
	bool named = letter->length == 0;
	struct letter filed;

	if ((named || only) && local_verify(local, letter) == LOCAL_HERE)
		return true;
	if (!named || !only)
		return false;
	enum local_state state = local_find_filed(local, letter, &filed);

	if ((state != LOCAL_HERE && state != LOCAL_TRASHED) ||
		filed.length > 0 || local_verify(local, &filed) != LOCAL_HERE)
		return false;
	*letter = filed;
	return true;
}

bool copies_find_moved(
	struct run *run, struct copies_moved *moved, struct error *err)
{
	struct headers headers = {.count = 0};
	size_t missing = 0;

	for (size_t i = 0; i < moved->count; i++)
		missing += !moved->arrived[i];
	if (missing == 0)
		return true;
	struct local *local = local_new(NULL);
	bool ok = look_for_moved(local, run, moved, err) &&
		count_headers(&headers, run, moved, err);

	for (size_t i = 0; ok && i < moved->count; i++) {
		struct letter *letter = &moved->letters[i];

		moved->arrived[i] = moved->arrived[i] ||
			find_moved(
				local, letter, is_only_one(&headers, letter));
	}
	free(headers.at);
	local_free(local);
	return ok;
}

/* That there is something, for when there is nothing some day. */
static bool record_root(struct run *run, struct error *err)
{
	const char *root = run->account->local;
	enum content content =
		root == NULL ? CONTENT_UNKNOWN : content_of(root);
	bool had = false;

	return content == CONTENT_UNKNOWN ||
		(store_had_root(run->store, root, &had, err) &&
			(had == (content == CONTENT_SOME) ||
				store_record_root(run->store, root,
					content == CONTENT_SOME, err)));
}

/* The rows of what is listed, to find a position by. */
struct spot {
	int64_t row;
	size_t position;
};

/* What was noted of an mbox that was read. */
struct noted {
	char *path; /* owned */
	void *note; /* owned */
	size_t length;
};

/* A copy that lies under another name than it is on record with. */
struct filed {
	int64_t row;
	struct letter letter;
};

struct look {
	struct run *run;
	struct filed *filed; /* owned */
	size_t filed_count;
	struct noted *noted; /* owned */
	size_t noted_count;
	void *recalled; /* owned; the note that was asked for last */
	struct local *local;
	struct spot *places; /* owned; by row */
	bool *read;	     /* owned; which were verified */
	size_t count;
};

static const void *recall_note(void *data, const char *path, size_t *length)
{
	struct look *look = data;

	free(look->recalled);
	look->recalled = store_note(look->run->store, path, length);
	return look->recalled;
}

static void keep_note(
	void *data, const char *path, const void *note, size_t length)
{
	struct look *look = data;

	look->noted = xreallocarray(
		look->noted, look->noted_count + 1, sizeof look->noted[0]);
	struct noted *noted = &look->noted[look->noted_count++];

	*noted = (struct noted){xstrdup(path), xmalloc(length), length};
	memcpy(noted->note, note, length);
}

static bool record_notes(struct look *look, struct error *err)
{
	struct store *store = look->run->store;
	bool ok = look->noted_count == 0 || store_begin(store, err);

	for (size_t i = 0; ok && i < look->noted_count; i++) {
		const struct noted *noted = &look->noted[i];

		ok = store_record_note(
			store, noted->path, noted->note, noted->length, err);
	}
	return ok && (look->noted_count == 0 || store_commit(store, err));
}

static void look_release(struct look *look)
{
	local_free(look->local);
	for (size_t i = 0; i < look->noted_count; i++) {
		free(look->noted[i].path);
		free(look->noted[i].note);
	}
	free(look->noted);
	free(look->filed);
	free(look->recalled);
	free(look->places);
	free(look->read);
}

static int by_row(const void *a, const void *b)
{
	int64_t x = ((const struct spot *)a)->row;
	int64_t y = ((const struct spot *)b)->row;

	return x < y ? -1 : x > y;
}

/* The message whose record this is, if it is listed; else NULL. */
static struct memory *memory_of(const struct look *look, int64_t row)
{
	struct spot wanted = {.row = row};
	const struct spot *found = look->count == 0
		? NULL
		: bsearch(&wanted, look->places, look->count,
			  sizeof look->places[0], by_row);

	return found == NULL ? NULL : &look->run->memories[found->position];
}

static bool take_copy(
	void *data, int64_t row, const struct letter *letter, struct error *err)
{
	struct look *look = data;
	struct memory *memory = memory_of(look, row);

	(void)err;
	if (memory != NULL)
		memory->local = local_find(look->local, letter);
	return true;
}

static void add_filed(
	struct look *look, int64_t row, const struct letter *letter)
{
	look->filed = xreallocarray(
		look->filed, look->filed_count + 1, sizeof look->filed[0]);
	look->filed[look->filed_count++] =
		(struct filed){.row = row, .letter = *letter};
}

/* Of those that are gone from where they were: is it elsewhere? */
static bool take_filed(
	void *data, int64_t row, const struct letter *letter, struct error *err)
{
	struct look *look = data;
	struct memory *memory = memory_of(look, row);
	struct letter filed;

	(void)err;
	if (memory == NULL || memory->local != LOCAL_GONE)
		return true;
	memory->local = local_find_filed(look->local, letter, &filed);
	if (memory->local == LOCAL_HERE || memory->local == LOCAL_TRASHED)
		add_filed(look, row, &filed);
	return true;
}

static bool look_around(struct look *look, struct error *err)
{
	struct run *run = look->run;

	return copies_look(look->local, run->account, run->store,
		       run->options->no_brake, err) &&
		store_copies(run->store, take_copy, look, err);
}

/* How many seem gone; *fresh: of them, those that did not before. */
static size_t count_gone(const struct run *run, size_t *fresh)
{
	size_t gone = 0;

	*fresh = 0;
	for (size_t i = 0; i < run->maildrop.count; i++) {
		if (run->memories[i].local != LOCAL_GONE)
			continue;
		gone++;
		*fresh += !run->memories[i].missing;
	}
	return gone;
}

static bool find_copies(struct look *look, struct error *err)
{
	struct run *run = look->run;
	size_t fresh;

	look->places = xcalloc(run->maildrop.count, sizeof look->places[0]);
	for (size_t i = 0; i < run->maildrop.count; i++) {
		if (run->memories[i].state == MEMORY_KEPT)
			look->places[look->count++] =
				(struct spot){run->memories[i].row, i};
	}
	if (look->count > 0)
		qsort(look->places, look->count, sizeof look->places[0],
			by_row);
	if (!look_around(look, err))
		return false;
	if (count_gone(run, &fresh) > 0) {
		/* What a mail reader moved while it was looked for was not
		 * found, so what seems gone is looked for once more; and where
		 * it was not gone before, no note of an mbox is believed. */
		local_look_again(look->local, fresh == 0);
		/* Gone by its name is not gone: it may have been filed. */
		if (!look_around(look, err) ||
			(count_gone(run, &fresh) > 0 &&
				(!copies_read_strangers(look->local, run->store,
					 run->options->stop, err) ||
					!store_copies(run->store, take_filed,
						look, err))))
			return false;
	}
	for (size_t i = 0; i < run->maildrop.count; i++) {
		if (run->memories[i].state == MEMORY_KEPT &&
			run->memories[i].local == LOCAL_UNKNOWN)
			run->memories[i].local = LOCAL_UNREADABLE;
	}
	return true;
}

static void plan_again(struct run *run)
{
	plan_release(&run->plan);
	run->plan = plan_make(&run->account->policy, &run->maildrop,
		run->memories, &run->clock);
}

/* The letter as it lies now. */
static bool letter_of(struct look *look, int64_t row, struct letter *letter,
	struct error *err)
{
	for (size_t i = 0; i < look->filed_count; i++) {
		if (look->filed[i].row == row) {
			*letter = look->filed[i].letter;
			return true;
		}
	}
	return store_letter(look->run->store, row, letter, err);
}

/* Reads the copies of what would be erased; *changed: some are not well. */
static bool verify_some(struct look *look, bool *changed, struct error *err)
{
	struct run *run = look->run;
	struct letter letter;

	*changed = false;

	for (size_t i = 0; i < run->plan.count; i++) {
		struct memory *memory = &run->memories[i];

		if (!run->plan.steps[i].erase || run->plan.steps[i].fetch ||
			memory->local != LOCAL_HERE || look->read[i])
			continue;
		if (!letter_of(look, memory->row, &letter, err))
			return false;
		memory->local = local_verify(look->local, &letter);
		/* It was there when it was looked for: that it is not now does
		 * not say that its owner removed it. */
		if (memory->local == LOCAL_GONE)
			memory->local = LOCAL_UNREADABLE;
		look->read[i] = true;
		*changed = *changed || memory->local != LOCAL_HERE;
	}
	return true;
}

/* What is not well stays, and others may have to go for it: until all that is
 * to go was read. */
static bool verify_copies(struct look *look, struct error *err)
{
	bool changed = true;

	look->read = xcalloc(look->run->plan.count, sizeof look->read[0]);
	while (changed) {
		if (!verify_some(look, &changed, err))
			return false;
		if (changed)
			plan_again(look->run);
	}
	return true;
}

/* What is missing from now on, what was found again, and where. */
static bool record_missing(struct look *look, struct error *err)
{
	struct run *run = look->run;
	bool begun = look->filed_count > 0;

	if (begun && !store_begin(run->store, err))
		return false;
	for (size_t i = 0; i < look->filed_count; i++) {
		const struct filed *filed = &look->filed[i];

		if (!store_record_filed(
			    run->store, filed->row, &filed->letter, err))
			return false;
	}
	for (size_t i = 0; i < run->maildrop.count; i++) {
		struct memory *memory = &run->memories[i];
		bool gone = memory->local == LOCAL_GONE;

		if (memory->state != MEMORY_KEPT ||
			memory->local == LOCAL_UNKNOWN ||
			gone == memory->missing)
			continue;
		memory->missing = gone;
		if (!begun && !store_begin(run->store, err))
			return false;
		begun = true;
		if (!store_record_missing(run->store, memory->row,
			    gone ? clock_stamp(&run->clock) : 0, err))
			return false;
	}
	return !begun || store_commit(run->store, err);
}

/* Says why nothing is erased; the run goes on without it. */
static void hold_back(struct run *run, const struct error *err)
{
	log_error(err);
	if (run->refusal.kind == ERROR_NONE)
		run->refusal = *err;
	run->account->policy.keep = true;
	plan_again(run);
}

static void say_braked(struct run *run)
{
	struct error err = {.kind = ERROR_NONE};
	const struct plan *plan = &run->plan;

	if (plan->missing == plan->looked_for)
		error_set(&err, ERROR_DATA,
			"all %zu messages that were in %s are missing there: "
			"nothing was erased. If they were filed elsewhere, "
			"name a directory above them with the setting local; "
			"if they were removed, run once with --no-brake",
			plan->missing, run->account->path);
	else
		error_set(&err, ERROR_DATA,
			"of %zu messages looked for in %s, %zu are missing, "
			"more than brake allows (%llu %%): nothing was erased. "
			"If they were filed elsewhere, name a directory above "
			"them with the setting local; if they were removed, "
			"run once with --no-brake",
			plan->looked_for, run->account->path, plan->missing,
			(unsigned long long)run->account->policy.brake);
	hold_back(run, &err);
}

/* Who cannot be found may lie where nobody can look; the others are found. */
static void say_blind(struct look *look)
{
	struct run *run = look->run;
	struct error err = {.kind = ERROR_NONE};
	const char *blind = local_blind(look->local);
	size_t hidden = 0;

	for (size_t i = 0; i < run->maildrop.count; i++)
		hidden += run->memories[i].state == MEMORY_KEPT &&
			run->memories[i].local == LOCAL_UNREADABLE;
	if (blind == NULL || hidden == 0)
		return;
	error_set(&err, ERROR_WRITE,
		"cannot look through %s. %zu %s "
		"on the server until it can be read",
		blind, hidden,
		text_plural(hidden, "message that may be there stays",
			"messages that may be there stay"));
	log_error(&err);
	if (run->refusal.kind == ERROR_NONE)
		run->refusal = err;
}

static void say_changed(const struct run *run)
{
	size_t wrong = 0;

	for (size_t i = 0; i < run->plan.count; i++)
		wrong += run->plan.steps[i].reason == REASON_CHANGED ||
			run->plan.steps[i].reason == REASON_UNREADABLE;
	if (wrong > 0)
		log_line(LOG_WARNINGS,
			"not erased: %zu %s not "
			"what was stored, or cannot be read (keepmail -n -v "
			"lists them)",
			wrong,
			text_plural(wrong, "message whose copy here is",
				"messages whose copies here are"));
}

/* Does anything depend on the copies? */
static bool is_needed(const struct run *run)
{
	const struct policy *policy = &run->account->policy;
	bool erases = false;

	if (!policy_erases_later(policy))
		return false;
	if (policy->erase == ERASE_WHEN_TRASHED ||
		policy->erase == ERASE_WHEN_PURGED)
		return true;
	for (size_t i = 0; i < run->plan.count && !erases; i++)
		erases = run->plan.steps[i].erase && !run->plan.steps[i].fetch;
	return erases;
}

static bool check(struct look *look, struct error *err)
{
	struct run *run = look->run;
	struct error unseen = {.kind = ERROR_NONE};

	if (!find_copies(look, &unseen)) {
		error_set(err, unseen.kind,
			"%s: nothing was erased. Fix that, name a directory "
			"above the mail with the setting local, or, if this is "
			"as it should be, run once with --no-brake",
			unseen.text);
		hold_back(run, err);
		*err = (struct error){.kind = ERROR_NONE};
		return true;
	}
	plan_again(run);
	if (run->plan.braked) {
		say_braked(run);
		return true;
	}
	if (policy_verify(&run->account->policy) == VERIFY_DIGEST &&
		!verify_copies(look, err))
		return false;
	say_blind(look);
	if (local_blind(look->local) == NULL)
		say_changed(run);
	return run->options->dry_run ||
		(record_missing(look, err) && record_notes(look, err) &&
			record_root(run, err));
}

bool copies_check(struct run *run, struct error *err)
{
	struct look look = {.run = run};
	const struct local_notes notes = {
		.recall = recall_note,
		.keep = keep_note,
		.data = &look,
	};

	if (!is_needed(run))
		return true;
	look.local = local_new(&notes);
	bool ok = check(&look, err);

	look_release(&look);
	return ok;
}
