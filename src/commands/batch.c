/* SPDX-License-Identifier: ISC */
#include "commands/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/xalloc.h"
#include "io/log.h"

/* Records the published messages as kept, within a transaction. */
bool batch_record_kept(struct run *run, struct error *err)
{
	for (size_t i = 0; i < run->published_count; i++) {
		struct memory *memory = &run->memories[run->published[i]];

		if (!store_record_kept(
			    run->store, memory->row, run->published_at, err))
			return false;
	}
	return true;
}

/* The published messages are kept from now on: DELE may follow. */
static void published_are_kept(struct run *run)
{
	for (size_t i = 0; i < run->published_count; i++) {
		struct memory *memory = &run->memories[run->published[i]];

		memory->state = MEMORY_KEPT;
		memory->kept_at = run->published_at;
	}
	run->published_count = 0;
}

static bool record_arriving(struct run *run, struct error *err)
{
	struct store_place place = {
		run->account->destination, run->account->path};
	int64_t now = run_now();

	for (size_t i = 0; i < run->batched; i++) {
		size_t position = run->positions[i];
		struct memory *memory = &run->memories[position];

		if (!store_record_arriving(run->store, &run->maildrop,
			    &run->maildrop.messages[position], &run->letters[i],
			    &place, now, &memory->row, err))
			return false;
		memory->state = MEMORY_ARRIVING;
	}
	return true;
}

static void batch_is_published(struct run *run)
{
	char where[1200];

	for (size_t i = 0; i < run->batched; i++) {
		const struct letter *letter = &run->letters[i];
		bool maildir = run->account->destination == DESTINATION_MAILDIR;

		run->published[i] = run->positions[i];
		run->tally->fetched++;
		run->tally->octets += letter->octets;
		snprintf(where, sizeof where, "%s%s%s", run->account->path,
			maildir ? "/new/" : "", maildir ? letter->name : "");
		run_say_message(run, run->positions[i], "fetched", where);
	}
	run->published_count = run->batched;
	run->published_at = run_now();
	run->batched_octets = 0;
}

/*
 * The ladder for a batch: sync under temporary names, rows "arriving" (and the
 * batch before "kept", in the same commit), then show it. What fails half-way
 * is settled by the rows at the next start.
 */
bool batch_commit(struct run *run, struct error *err)
{
	bool ok;

	if (run->batched == 0)
		return true;
	ok = delivery_seal(run->delivery, run->letters, run->batched, err) &&
		store_begin(run->store, err) && batch_record_kept(run, err) &&
		record_arriving(run, err) && store_commit(run->store, err);
	if (ok) {
		published_are_kept(run);
		ok = delivery_publish(run->delivery, err);
	}
	if (ok)
		batch_is_published(run);
	else
		delivery_abandon(run->delivery);
	run->batched = run->proven = 0;
	return ok;
}

/* Records the last published batch, so that its messages may be erased. */
bool batch_commit_kept(struct run *run, struct error *err)
{
	if (run->published_count == 0)
		return true;
	if (!store_begin(run->store, err) || !batch_record_kept(run, err) ||
		!store_commit(run->store, err))
		return false;
	published_are_kept(run);
	return true;
}

/* One place's arriving rows: of which are the messages there? */
static bool recover_place(struct run *run, const struct store_arriving *rows,
	size_t count, struct error *err)
{
	struct delivery *delivery = delivery_open(
		rows[0].kind, rows[0].path, run->account->state, err);
	struct letter *letters = xcalloc(count, sizeof letters[0]);
	bool *arrived = xcalloc(count, sizeof arrived[0]);
	size_t kept = 0;
	bool ok = delivery != NULL;

	for (size_t i = 0; i < count; i++)
		letters[i] = rows[i].letter;
	ok = ok && delivery_recover(delivery, letters, count, arrived, err) &&
		store_begin(run->store, err);
	for (size_t i = 0; ok && i < count; i++) {
		kept += arrived[i];
		ok = arrived[i]
			? store_record_kept(
				  run->store, rows[i].row, run_now(), err)
			: store_forget_arriving(run->store, rows[i].row, err);
	}
	ok = ok && store_commit(run->store, err);
	if (ok)
		log_line(LOG_SUMMARY,
			"an earlier run was ended while storing %zu messages: "
			"%zu are there, %zu are fetched again",
			count, kept, count - kept);
	free(arrived);
	free(letters);
	delivery_close(delivery);
	return ok;
}

/* Settles what an ended run left half done, before anything else. */
bool batch_recover(struct run *run, struct error *err)
{
	struct store_arriving *rows = NULL;
	size_t count = 0;
	bool ok = store_arriving(run->store, &rows, &count, err);

	for (size_t i = 0, n; ok && i < count; i += n) {
		for (n = 1; i + n < count && rows[i + n].kind == rows[i].kind &&
			strcmp(rows[i + n].path, rows[i].path) == 0;
			n++)
			;
		ok = recover_place(run, &rows[i], n, err);
	}
	store_free_arriving(rows, count);
	return ok;
}
