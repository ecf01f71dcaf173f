/* SPDX-License-Identifier: ISC */
#include "engine/copies.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "core/xalloc.h"
#include "io/mail/local.h"
#include "io/process/log.h"
#include "io/store/store_copy.h"
#include "io/store/store_note.h"

/* Maps the row of a listed message to its position in the maildrop. */
struct listed_row {
	int64_t row;
	size_t position;
};

/* An index of an mbox, to be recorded in the store (local_notes). */
struct noted {
	char *path; /* owned */
	void *note; /* owned */
	size_t length;
};

/* A copy found under another name than the recorded one. */
struct filed {
	int64_t row;
	struct letter letter;
};

struct copies {
	struct mailbox *mailbox;
	struct knowledge *knowledge;
	struct filed *filed; /* owned */
	size_t filed_count;
	struct noted *noted; /* owned */
	size_t noted_count;
	void *recalled; /* owned; the note last returned by recall_note */
	struct local_notes notes;
	struct local *local;	   /* owned */
	struct listed_row *listed; /* owned; sorted by row */
	size_t count;
	bool reported;
};

static const void *recall_note(void *data, const char *path, size_t *length)
{
	struct copies *copies = data;

	free(copies->recalled);
	copies->recalled = store_note(copies->mailbox->store, path, length);
	return copies->recalled;
}

static void keep_note(
	void *data, const char *path, const void *note, size_t length)
{
	struct copies *copies = data;

	copies->noted = xreallocarray(copies->noted, copies->noted_count + 1,
		sizeof copies->noted[0]);
	struct noted *noted = &copies->noted[copies->noted_count++];

	*noted = (struct noted){xstrdup(path), xmalloc(length), length};
	memcpy(noted->note, note, length);
}

static bool record_notes(struct copies *copies, struct error *err)
{
	struct store *store = copies->mailbox->store;
	bool ok = copies->noted_count == 0 || store_begin(store, err);

	for (size_t i = 0; ok && i < copies->noted_count; i++) {
		const struct noted *noted = &copies->noted[i];

		ok = store_record_note(
			store, noted->path, noted->note, noted->length, err);
	}
	return ok && (copies->noted_count == 0 || store_commit(store, err));
}

static int by_row(const void *a, const void *b)
{
	int64_t x = ((const struct listed_row *)a)->row;
	int64_t y = ((const struct listed_row *)b)->row;

	return x < y ? -1 : x > y;
}

/* Returns the entry for this row, or NULL if its message is not listed. */
static const struct listed_row *find_listed(
	const struct copies *copies, int64_t row)
{
	struct listed_row wanted = {.row = row};

	return copies->count == 0
		? NULL
		: bsearch(&wanted, copies->listed, copies->count,
			  sizeof copies->listed[0], by_row);
}

static bool check_copy(
	void *data, int64_t row, const struct letter *letter, struct error *err)
{
	struct copies *copies = data;
	const struct listed_row *listed = find_listed(copies, row);

	(void)err;
	if (listed != NULL)
		copies->knowledge->findings[listed->position].local =
			local_find(copies->local, letter);
	return true;
}

static void add_filed(
	struct copies *copies, int64_t row, const struct letter *letter)
{
	copies->filed = xreallocarray(copies->filed, copies->filed_count + 1,
		sizeof copies->filed[0]);
	copies->filed[copies->filed_count++] =
		(struct filed){.row = row, .letter = *letter};
}

/*
 * If the copy of this row is not where it is recorded, looks for it under
 * another name.
 */
static bool check_filed(
	void *data, int64_t row, const struct letter *letter, struct error *err)
{
	struct copies *copies = data;
	const struct listed_row *listed = find_listed(copies, row);
	struct letter filed;

	(void)err;
	if (listed == NULL)
		return true;
	struct finding *finding =
		&copies->knowledge->findings[listed->position];

	if (finding->local != LOCAL_GONE)
		return true;
	finding->local = local_find_filed(copies->local, letter, &filed);
	if (finding->local == LOCAL_HERE || finding->local == LOCAL_TRASHED)
		add_filed(copies, row, &filed);
	return true;
}

static bool search_all(struct copies *copies, struct error *err)
{
	struct mailbox *mailbox = copies->mailbox;

	return copies_look(copies->local, mailbox->account, mailbox->store,
		       mailbox->options->no_brake, err) &&
		store_copies(mailbox->store, check_copy, copies, err);
}

/*
 * Counts the missing copies; *fresh: those that were not missing in the
 * previous run.
 */
static size_t count_gone(const struct knowledge *knowledge, size_t *fresh)
{
	size_t gone = 0;

	*fresh = 0;
	for (size_t i = 0; i < knowledge->facts.maildrop->count; i++) {
		if (knowledge->findings[i].local != LOCAL_GONE)
			continue;
		gone++;
		*fresh += !knowledge->memories[i].missing;
	}
	return gone;
}

/* Collects the rows of kept messages and sorts them. */
static void index_listed(struct copies *copies)
{
	const struct memory *memories = copies->knowledge->memories;
	size_t count = copies->mailbox->maildrop.count;

	copies->listed = xcalloc(count, sizeof copies->listed[0]);
	for (size_t i = 0; i < count; i++) {
		if (memories[i].state == MEMORY_KEPT)
			copies->listed[copies->count++] =
				(struct listed_row){memories[i].row, i};
	}
	if (copies->count > 0)
		qsort(copies->listed, copies->count, sizeof copies->listed[0],
			by_row);
}

/*
 * Repeats the search if copies seem to be missing, since a mail reader may have
 * moved them during the first one; then looks for them under other names.
 */
static bool search_again(struct copies *copies, struct error *err)
{
	struct mailbox *mailbox = copies->mailbox;
	size_t fresh;

	if (count_gone(copies->knowledge, &fresh) == 0)
		return true;
	/* If copies are newly missing, recorded indexes of mboxes are not
	 * trusted. */
	local_look_again(copies->local, fresh == 0);
	return search_all(copies, err) &&
		(count_gone(copies->knowledge, &fresh) == 0 ||
			(copies_read_strangers(copies->local, mailbox->store,
				 mailbox->options->stop, err) &&
				store_copies(mailbox->store, check_filed,
					copies, err)));
}

static bool find_copies(struct copies *copies, struct error *err)
{
	index_listed(copies);
	if (!search_all(copies, err) || !search_again(copies, err))
		return false;
	bool ok = true;

	for (size_t i = 0; ok && i < copies->count; i++) {
		const struct listed_row *listed = &copies->listed[i];
		struct finding *finding =
			&copies->knowledge->findings[listed->position];
		bool handed;

		if (finding->local != LOCAL_UNKNOWN)
			continue;
		ok = store_was_handed_over(
			copies->mailbox->store, listed->row, &handed, err);
		finding->local =
			ok && handed ? LOCAL_CONFIRMED : LOCAL_UNREADABLE;
	}
	return ok;
}

/* Logs an error that does not end the run but determines its exit status. */
static void report_error(struct mailbox *mailbox, const struct error *err)
{
	log_error(err);
	mailbox_refuse(mailbox, err);
}

bool copies_find(struct copies *copies)
{
	struct error unseen = {.kind = ERROR_NONE};
	struct error err = {.kind = ERROR_NONE};

	if (find_copies(copies, &unseen))
		return true;
	error_set(&err, unseen.kind,
		"%s: nothing was deleted. Fix this, or set local to a directory that contains the mail; if everything is as intended, run once with --no-brake",
		unseen.text);
	report_error(copies->mailbox, &err);
	return false;
}

/*
 * Reads the letter from the store, with its new name if it was found under one.
 */
static bool get_letter(struct copies *copies, int64_t row,
	struct letter *letter, struct error *err)
{
	for (size_t i = 0; i < copies->filed_count; i++) {
		if (copies->filed[i].row == row) {
			*letter = copies->filed[i].letter;
			return true;
		}
	}
	return store_letter(copies->mailbox->store, row, letter, err);
}

bool copies_verify(
	struct copies *copies, const struct plan *plan, struct error *err)
{
	struct letter letter;

	for (size_t i = 0; i < plan->count; i++) {
		struct finding *finding = &copies->knowledge->findings[i];

		if (!plan_needs_verify(&plan->steps[i], finding))
			continue;
		if (!get_letter(copies, copies->knowledge->memories[i].row,
			    &letter, err))
			return false;
		finding->local = local_verify(copies->local, &letter);
		/* It was found a moment ago, so that it is missing now does not
		 * mean that its owner deleted it. */
		if (finding->local == LOCAL_GONE)
			finding->local = LOCAL_UNREADABLE;
		finding->verified = true;
	}
	return true;
}

/* Records that a copy is missing, or that it was found again. */
static bool record_missing(
	struct copies *copies, size_t i, bool gone, struct error *err)
{
	struct mailbox *mailbox = copies->mailbox;

	return store_record_missing(mailbox->store,
		copies->knowledge->memories[i].row,
		gone ? clock_stamp(&mailbox->clock) : 0, err);
}

/* Records newly missing copies, those found again, and new names. */
static bool record_found(struct copies *copies, struct error *err)
{
	struct store *store = copies->mailbox->store;
	bool begun = copies->filed_count > 0;

	if (begun && !store_begin(store, err))
		return false;
	for (size_t i = 0; i < copies->filed_count; i++) {
		const struct filed *filed = &copies->filed[i];

		if (!store_record_filed(store, filed->row, &filed->letter, err))
			return false;
	}
	for (size_t i = 0; i < copies->mailbox->maildrop.count; i++) {
		const struct memory *memory = &copies->knowledge->memories[i];
		enum local_state local = copies->knowledge->findings[i].local;
		bool gone = local == LOCAL_GONE;

		if (memory->state != MEMORY_KEPT || local == LOCAL_UNKNOWN ||
			gone == memory->missing)
			continue;
		if (!begun && !store_begin(store, err))
			return false;
		begun = true;
		if (!record_missing(copies, i, gone, err))
			return false;
	}
	return !begun || store_commit(store, err);
}

bool copies_record(struct copies *copies, struct error *err)
{
	return record_found(copies, err) && record_notes(copies, err) &&
		copies_record_root(copies->mailbox, err);
}

static void report_braked(struct copies *copies, const struct plan *plan)
{
	const struct account *account = copies->mailbox->account;
	struct error err = {.kind = ERROR_NONE};

	if (plan->missing == plan->looked_for)
		error_set(&err, ERROR_DATA,
			"all %zu messages stored in %s are missing: nothing was deleted. If they were filed elsewhere, set local to a directory above them; if they were removed, run once with --no-brake",
			plan->missing, account->destination.path);
	else
		error_set(&err, ERROR_DATA,
			"%zu of %zu messages stored in %s are missing, more than brake allows (%llu%%): nothing was deleted. If they were filed elsewhere, set local to a directory above them; if they were removed, run once with --no-brake",
			plan->missing, plan->looked_for,
			account->destination.path,
			(unsigned long long)account->policy.brake);
	report_error(copies->mailbox, &err);
}

/* Some directories could not be read, so copies may be in there. */
static void report_blind(struct copies *copies, const char *blind)
{
	const struct knowledge *knowledge = copies->knowledge;
	struct error err = {.kind = ERROR_NONE};
	size_t hidden = 0;

	for (size_t i = 0; i < copies->count; i++)
		hidden +=
			knowledge->findings[copies->listed[i].position].local ==
			LOCAL_UNREADABLE;
	if (hidden == 0)
		return;
	error_set(&err, ERROR_WRITE,
		"cannot read %s. %zu %s on the server until it can be read",
		blind, hidden,
		text_plural(hidden, "message that may be there stays",
			"messages that may be there stay"));
	report_error(copies->mailbox, &err);
}

static void report_changed(const struct plan *plan)
{
	size_t wrong = 0;

	for (size_t i = 0; i < plan->count; i++)
		wrong += plan->steps[i].why_erase == REASON_CHANGED ||
			plan->steps[i].why_erase == REASON_UNREADABLE;
	if (wrong > 0)
		log_line(LOG_WARNINGS,
			"not deleted: %zu %s changed or cannot be read (keepmail -n -v shows them)",
			wrong,
			text_plural(wrong, "message whose copy here was",
				"messages whose copies here were"));
}

void copies_report(struct copies *copies, const struct plan *plan)
{
	const char *blind = local_blind(copies->local);

	if (copies->reported)
		return;
	copies->reported = true;
	if (plan->braked)
		report_braked(copies, plan);
	else if (blind != NULL)
		report_blind(copies, blind);
	else
		report_changed(plan);
}

struct copies *copies_new(struct knowledge *knowledge, struct mailbox *mailbox)
{
	struct copies *copies = xcalloc(1, sizeof *copies);
	const struct local_notes notes = {
		.recall = recall_note,
		.keep = keep_note,
		.data = copies,
	};

	copies->notes = notes;
	copies->knowledge = knowledge;
	copies->mailbox = mailbox;
	copies->local = local_new(&copies->notes);
	return copies;
}

void copies_free(struct copies *copies)
{
	local_free(copies->local);
	for (size_t i = 0; i < copies->noted_count; i++) {
		free(copies->noted[i].path);
		free(copies->noted[i].note);
	}
	free(copies->noted);
	free(copies->filed);
	free(copies->recalled);
	free(copies->listed);
	free(copies);
}
