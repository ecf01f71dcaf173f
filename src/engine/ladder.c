/* SPDX-License-Identifier: ISC */
#include "engine/ladder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "core/xalloc.h"
#include "engine/copies.h"
#include "engine/duplicate.h"
#include "engine/proof.h"
#include "io/process/log.h"

/* Records the published messages as kept, within a transaction. */
bool ladder_record_kept(struct run *run, struct error *err)
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

/* If it is the same text, after all, its size was not what it seemed. */
static bool retire(struct run *run, const struct message *message,
	const struct letter *letter, int64_t now, struct error *err)
{
	bool same;

	struct uid uid = maildrop_uid(&run->maildrop, message);

	if (!store_is_same_text(run->store, uid, letter->sha256, &same, err))
		return false;
	run->loose = run->loose || same;
	return store_retire(run->store, uid, now, err);
}

static bool record_arriving(struct run *run, struct error *err)
{
	struct batch *batch = run->closed;
	struct store_place place = {
		run->account->destination, run->account->path};
	int64_t now = run_now();

	for (size_t i = 0; i < batch->count; i++) {
		size_t position = batch->positions[i];
		const struct message *message =
			&run->maildrop.messages[position];

		if (run->plan.steps[position].reused &&
			!retire(run, message, &batch->letters[i], now, err))
			return false;
		/* Found by its text: the record that it has goes with it. */
		if (batch->rows[i] != 0 &&
			!store_rebind(run->store, batch->rows[i],
				maildrop_uid(&run->maildrop, message),
				message->size, err))
			return false;
		if (batch->rows[i] != 0) {
			run->memories[position].row = batch->rows[i];
			continue;
		}
		struct store_arrival arrival = {
			.uid = maildrop_uid(&run->maildrop, message),
			.size = message->size,
			.letter = &batch->letters[i],
			.place = place,
			.now = now,
		};

		if (!store_record_arriving(run->store, &arrival,
			    &run->memories[position].row, err))
			return false;
		/* The hold is on the uid, whatever it stands for. */
		if (run->memories[position].held &&
			!store_record_hold(run->store,
				run->memories[position].row, now, err))
			return false;
	}
	return true;
}

/*
 * The ladder for the closed batch: sync under temporary names, rows "arriving"
 * (and the batch before "kept", in the same commit), then show it. What fails
 * half-way is settled by the rows at the next start. It may run in the
 * background.
 */
static void commit_batch(void *data)
{
	struct run *run = data;
	struct batch *batch = run->closed;
	struct error *err = &run->fall;

	bool sealed = duplicate_sift(run, err) &&
		delivery_seal(run->delivery, batch->letters, batch->count, err);

	if (sealed)
		duplicate_settle(batch);
	run->recorded = sealed && store_begin(run->store, err) &&
		ladder_record_kept(run, err) && record_arriving(run, err) &&
		store_commit(run->store, err);
	run->in_place = run->recorded && delivery_publish(run->delivery, err);
}

static void closed_is_published(struct run *run)
{
	struct batch *batch = run->closed;
	char where[1200];

	for (size_t i = 0; i < batch->count; i++) {
		const struct letter *letter = &batch->letters[i];
		bool maildir = run->account->destination == DESTINATION_MAILDIR;

		clock_learn(&run->clock, letter->received);
		run->published[i] = batch->positions[i];
		run->tally->fetched++;
		run->tally->octets += letter->octets;
		snprintf(where, sizeof where, "%s%s%s", run->account->path,
			maildir ? "/new/" : "", maildir ? letter->name : "");
		run->tally->twice += batch->twice[i];
		run_say_message(run, batch->positions[i],
			batch->twice[i] ? "fetched again, which is here as"
					: "fetched",
			where);
	}
	run->published_count = batch->count;
	run->published_at = run->clock.trust == CLOCK_SURE ? run_now() : 0;
}

/* Waits for the closed batch, and takes what came of it. */
static bool settle(struct run *run, struct error *err)
{
	struct batch *batch = run->closed;

	background_wait(&run->background);
	if (batch->count == 0)
		return true;
	if (run->recorded) {
		published_are_kept(run);
		for (size_t i = 0; i < batch->count; i++) {
			size_t at = batch->positions[i];

			run->memories[at].state = MEMORY_ARRIVING;
			run->memories[at].size =
				run->maildrop.messages[at].size;
		}
	}
	if (run->in_place) {
		closed_is_published(run);
	} else {
		delivery_abandon(run->delivery);
		run->failed = true;
		*err = run->fall;
	}
	batch->count = 0;
	batch->octets = 0;
	return run->in_place;
}

/* The open batch is the closed one from now on. */
static void turn(struct run *run)
{
	struct batch *empty = run->closed;

	delivery_turn(run->delivery);
	run->closed = run->open;
	run->open = empty;
	run->proven = 0;
}

static bool is_due(const struct batch *batch)
{
	return batch->count + PROOF_GROUP_MAX > BATCH_MESSAGES ||
		batch->octets >= BATCH_OCTETS ||
		(batch->count > 0 && run_now() - batch->began >= BATCH_SECONDS);
}

static bool is_full(const struct batch *batch)
{
	return batch->count + PROOF_GROUP_MAX > BATCH_ROOM ||
		batch->octets >= BATCH_OCTETS_MAX;
}

bool ladder_advance(struct run *run, struct error *err)
{
	bool busy = background_is_busy(&run->background);

	if (!busy && !settle(run, err))
		return false;
	if (!is_due(run->open) || (busy && !is_full(run->open)))
		return true;
	if (!settle(run, err))
		return false;
	turn(run);
	background_begin(&run->background, commit_batch, run);
	return true;
}

/* Records the last published batch, so that its messages may be erased. */
static bool commit_kept(struct run *run, struct error *err)
{
	if (run->published_count == 0)
		return true;
	if (!store_begin(run->store, err) || !ladder_record_kept(run, err) ||
		!store_commit(run->store, err))
		return false;
	published_are_kept(run);
	return true;
}

bool ladder_finish(struct run *run, struct error *err)
{
	if (!settle(run, err))
		return false;
	if (run->open->count > 0) {
		turn(run);
		commit_batch(run);
		if (!settle(run, err))
			return false;
	}
	return commit_kept(run, err);
}

bool ladder_wait(struct run *run, struct error *err)
{
	return settle(run, err) && !run->failed;
}

/* One place's arriving rows: of which are the messages there? */
static bool recover_place(struct run *run, const struct store_arriving *rows,
	size_t count, struct error *err)
{
	struct delivery *delivery = delivery_open(
		rows[0].kind, rows[0].path, run->account->state, err);
	struct letter *letters = xcalloc(count, sizeof letters[0]);
	bool *arrived = xcalloc(count, sizeof arrived[0]);
	struct copies_moved moved = {rows[0].path, letters, count, arrived};
	size_t kept = 0;
	bool ok = delivery != NULL;

	for (size_t i = 0; i < count; i++)
		letters[i] = rows[i].letter;
	ok = ok && delivery_recover(delivery, letters, count, arrived, err) &&
		copies_find_moved(run, &moved, err) &&
		store_begin(run->store, err);
	for (size_t i = 0; ok && i < count; i++) {
		kept += arrived[i];
		ok = arrived[i]
			? store_record_kept(run->store, rows[i].row,
				  run->clock.trust == CLOCK_SURE ? run_now()
								 : 0,
				  err) &&
				store_record_filed(run->store, rows[i].row,
					&letters[i], err)
			: store_forget_arriving(run->store, rows[i].row, err);
	}
	ok = ok && store_commit(run->store, err);
	if (ok)
		log_line(LOG_SUMMARY,
			"an earlier run was interrupted while storing %zu %s: "
			"stored %zu, to be fetched again %zu",
			count, text_plural(count, "message", "messages"), kept,
			count - kept);
	free(arrived);
	free(letters);
	delivery_close(delivery);
	return ok;
}

/* Settles what an ended run left half done, before anything else. */
bool ladder_recover(struct run *run, struct error *err)
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
