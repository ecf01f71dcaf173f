/* SPDX-License-Identifier: ISC */
#include "engine/ladder.h"

#include <stdlib.h>

#include "core/xalloc.h"
#include "engine/answer.h"
#include "engine/arrivals.h"
#include "engine/batch.h"
#include "engine/dial.h"
#include "engine/duplicate.h"
#include "engine/recover.h"
#include "io/mail/delivery.h"
#include "io/process/background.h"
#include "io/process/log.h"
#include "io/process/now.h"
#include "io/store/store_identity.h"
#include "io/store/store_message.h"

struct ladder {
	struct mailbox *mailbox; /* borrowed, as are the next three */
	const struct facts *facts;
	const struct plan *plan;
	struct fates *fates;
	struct delivery *delivery; /* owned */
	bool confirms; /* what it is handed over to (destination_traits) */
	struct duplicates duplicates;

	struct batch *open; /* owned; complete messages not yet committed */
	size_t proven;	    /* how many of its first are proven */

	/* The batch being committed, perhaps in the background. Until that has
	 * been waited for, do not touch the fields below or the store. */
	struct background background;
	struct batch *closed; /* owned */
	bool recorded;	      /* committed as arriving, the previous as kept */
	bool in_place;	      /* published */
	struct error commit_error;

	bool failed;  /* a commit failed: no further batch may be committed */
	bool refuses; /* the destination takes no more messages */

	/* Published but not yet recorded as kept. */
	size_t published[BATCH_ROOM];
	size_t published_count;
	int64_t published_at;
};

/* Records what became of a message that was handed over. */
static bool record_answer(
	void *data, const struct confirmation *answer, struct error *err)
{
	struct ladder *ladder = data;

	return answer_record(
		ladder->mailbox, ladder->closed, ladder->fates, answer, err);
}

/* In a process that was started for the destination. */
static void forget_passwords(void *data)
{
	mailbox_forget_password(data);
}

struct ladder *ladder_open(struct mailbox *mailbox, struct error *err)
{
	const struct account *account = mailbox->account;

	bool doubt = false;

	if (!recover_arriving(mailbox, &doubt, err))
		return NULL;
	struct dialler dialler = {account, mailbox->options->stop};
	struct destination_opening opening =
		dial_opening(&dialler, &account->destination);

	opening.account = account->name;
	opening.careful = doubt;
	opening.forget = forget_passwords;
	opening.forget_data = mailbox;
	struct delivery *delivery = delivery_open(&opening, err);

	if (delivery == NULL)
		return NULL;
	delivery_sweep(delivery);
	/* Dates in mail reveal a clock that is behind: see core/clock. */
	if (account->policy.erase == ERASE_AFTER)
		delivery_read_dates(delivery);
	struct ladder *ladder = xcalloc(1, sizeof *ladder);

	ladder->mailbox = mailbox;
	ladder->delivery = delivery;
	ladder->confirms = delivery_hands_over(delivery) ||
		destination_traits(account->destination.kind)->confirms;
	delivery_watch(delivery, record_answer, ladder);
	ladder->open = xcalloc(1, sizeof *ladder->open);
	ladder->closed = xcalloc(1, sizeof *ladder->closed);
	ladder->duplicates =
		(struct duplicates){.mailbox = mailbox, .delivery = delivery};
	return ladder;
}

void ladder_close(struct ladder *ladder)
{
	if (ladder == NULL)
		return;
	duplicates_release(&ladder->duplicates);
	delivery_close(ladder->delivery);
	free(ladder->open);
	free(ladder->closed);
	free(ladder);
}

bool ladder_begin(struct ladder *ladder, const struct facts *facts,
	const struct plan *plan, struct fates *fates, struct error *err)
{
	ladder->facts = facts;
	ladder->plan = plan;
	ladder->fates = fates;
	return plan->fetches == 0 ||
		duplicates_prepare(&ladder->duplicates, err);
}

bool ladder_begin_message(struct ladder *ladder, struct error *err)
{
	ladder->refuses = !delivery_begin(ladder->delivery, err);
	return !ladder->refuses;
}

bool ladder_write(struct ladder *ladder, const char *text, size_t length,
	struct error *err)
{
	ladder->refuses = !delivery_write(ladder->delivery, text, length, err);
	return !ladder->refuses;
}

void ladder_drop_message(struct ladder *ladder)
{
	delivery_drop(ladder->delivery);
}

bool ladder_add(struct ladder *ladder, size_t position, uint64_t octets,
	struct error *err)
{
	struct batch *batch = ladder->open;
	struct letter *letter = &batch->letters[batch->count];
	const struct maildrop *maildrop = ladder->facts->maildrop;
	int64_t now = now_seconds();
	struct error why = {.kind = ERROR_NONE};
	enum addition result = delivery_end(ladder->delivery,
		maildrop_uid(maildrop, &maildrop->messages[position]), now,
		letter, &why);

	ladder->refuses = result == ADDITION_FAILED;
	if (ladder->refuses)
		*err = why;
	if (result == ADDITION_REFUSED)
		answer_refused(ladder->mailbox, ladder->fates, position, &why);
	if (result != ADDITION_DONE)
		return result == ADDITION_REFUSED;
	if (batch->count == 0)
		batch->began = now;
	batch->octets_sent[batch->count] = octets;
	batch->positions[batch->count++] = position;
	batch->octets += letter->octets;
	return true;
}

size_t ladder_unproven(const struct ladder *ladder)
{
	return ladder->open->count - ladder->proven;
}

void ladder_proven(struct ladder *ladder)
{
	ladder->proven = ladder->open->count;
}

bool ladder_record_kept(const struct ladder *ladder, struct error *err)
{
	for (size_t i = 0; ladder != NULL && i < ladder->published_count; i++) {
		const struct fate *fate =
			&ladder->fates->at[ladder->published[i]];

		if (!store_record_kept(ladder->mailbox->store, fate->row,
			    ladder->published_at, err))
			return false;
	}
	return true;
}

/* The published messages are now recorded as kept: DELE may follow. */
static void mark_published_kept(struct ladder *ladder)
{
	for (size_t i = 0; i < ladder->published_count; i++) {
		struct fate *fate = &ladder->fates->at[ladder->published[i]];

		fate->state = FATE_KEPT;
		fate->kept_at = ladder->published_at;
	}
	ladder->published_count = 0;
}

static struct arrivals arrivals_of(struct ladder *ladder)
{
	return (struct arrivals){ladder->mailbox, ladder->facts, ladder->plan,
		ladder->fates, ladder->delivery, ladder->closed};
}

/*
 * Commits the closed batch as arriving, and the previous one as kept. If a step
 * after that fails, the next start resolves it by the rows.
 */
static bool record_closed(struct ladder *ladder, struct error *err)
{
	const struct arrivals arrivals = arrivals_of(ladder);
	struct store *store = ladder->mailbox->store;

	return store_begin(store, err) && ladder_record_kept(ladder, err) &&
		arrivals_record(&arrivals, err) && store_commit(store, err);
}

/* Syncs the closed batch under temporary names. */
static bool seal_closed(struct ladder *ladder, struct error *err)
{
	struct batch *batch = ladder->closed;

	if (!delivery_seal(ladder->delivery, batch->letters, batch->count, err))
		return false;
	duplicates_settle(batch);
	return true;
}

/*
 * Hands the closed batch over, and stores what was taken. If nothing more can
 * be handed over, what was taken is stored all the same.
 */
static bool hand_over_and_seal(struct ladder *ladder, struct error *err)
{
	const struct arrivals arrivals = arrivals_of(ladder);
	struct store *store = ladder->mailbox->store;

	ladder->recorded = record_closed(ladder, err);
	if (!ladder->recorded)
		return false;
	arrivals_hand_over(&arrivals);
	return seal_closed(ladder, err) && store_begin(store, err) &&
		arrivals_file(&arrivals, err) && store_commit(store, err);
}

/* Runs the ladder for the closed batch. May run in the background. */
static void commit_batch(void *data)
{
	struct ladder *ladder = data;
	struct error *err = &ladder->commit_error;
	bool first = delivery_hands_over(ladder->delivery);

	ladder->recorded = false;
	ladder->closed->unwanted.kind = ERROR_NONE;
	bool ready =
		duplicates_sift(&ladder->duplicates, ladder->closed, err) &&
		(first ? hand_over_and_seal(ladder, err)
		       : seal_closed(ladder, err));

	if (ready && !first)
		ready = ladder->recorded = record_closed(ladder, err);
	ladder->in_place = ready && delivery_publish(ladder->delivery, err);
}

/* Reports one message of the closed batch as fetched. */
static void report_published(struct ladder *ladder, size_t i)
{
	const struct account *account = ladder->mailbox->account;
	const struct batch *batch = ladder->closed;
	const struct letter *letter = &batch->letters[i];
	char *place = destination_where(&account->destination, letter);
	const char *onward = account->destination.onward.path;
	bool handed = onward != NULL &&
		delivery_verdict(ladder->delivery, batch->twin[i]) ==
			VERDICT_PUBLISHED;
	char *where = xasprintf("%s %s%s%s",
		batch->twice[i] ? "again, already stored as" : "to", place,
		handed ? ", and to " : "", handed ? onward : "");

	mailbox_say_message(ladder->mailbox, batch->positions[i],
		&ladder->plan->steps[batch->positions[i]], "fetched", where);
	free(where);
	free(place);
}

/* Is message i of the closed batch in its place, confirmed, or both? */
static bool is_published(const struct ladder *ladder, size_t i)
{
	const struct batch *batch = ladder->closed;

	bool stores =
		!ladder->confirms || delivery_hands_over(ladder->delivery);

	return (!stores || ladder->in_place) &&
		(!ladder->confirms ||
			arrivals_was_taken(ladder->delivery, batch, i));
}

/* Takes over what became of the messages of the closed batch. */
static void note_verdicts(struct ladder *ladder)
{
	struct batch *batch = ladder->closed;

	if (!ladder->recorded)
		return;
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->refused[i] != NULL)
			answer_note_refused(
				ladder->mailbox, batch, ladder->fates, i);
		if (!is_published(ladder, i))
			continue;
		clock_learn(
			&ladder->mailbox->clock, batch->letters[i].received);
		ladder->published[ladder->published_count++] =
			batch->positions[i];
		ladder->fates->fetched++;
		ladder->fates->octets += batch->letters[i].octets;
		ladder->fates->twice += batch->twice[i];
		report_published(ladder, i);
	}
	ladder->published_at =
		clock_kept_since(&ladder->mailbox->clock, now_seconds());
}

/*
 * Forgets the messages of the closed batch that were certainly not handed over,
 * so that the next run does not take them for doubtful ones.
 */
static bool forget_deferred(struct ladder *ladder, struct error *err)
{
	const struct batch *batch = ladder->closed;
	struct store *store = ladder->mailbox->store;
	bool ok = store_begin_unsynced(store, err);

	for (size_t i = 0; ok && i < batch->count; i++) {
		struct fate *fate = &ladder->fates->at[batch->positions[i]];

		if (fate->row == 0 || batch->rows[i] != 0 ||
			delivery_verdict(ladder->delivery, batch->twin[i]) !=
				VERDICT_DEFERRED)
			continue;
		ok = store_forget_arriving(store, fate->row, err);
		fate->state = FATE_NONE;
		fate->row = 0;
	}
	return ok && store_commit(store, err);
}

/* Waits for the closed batch to be committed and takes over the result. */
static bool finish_commit(struct ladder *ladder, struct error *err)
{
	struct batch *batch = ladder->closed;

	background_wait(&ladder->background);
	if (batch->count == 0)
		return true;
	if (ladder->recorded) {
		mark_published_kept(ladder);
		for (size_t i = 0; i < batch->count; i++)
			ladder->fates->at[batch->positions[i]].state =
				FATE_ARRIVING;
	}
	note_verdicts(ladder);
	bool taken = batch->unwanted.kind == ERROR_NONE;
	bool ok = taken && ladder->in_place;

	if (!ok && ladder->recorded && ladder->confirms) {
		answer_note_doubt(ladder->mailbox, batch, ladder->fates,
			ladder->delivery,
			taken ? &ladder->commit_error : &batch->unwanted);
		forget_deferred(ladder, &ladder->commit_error);
	}
	if (!ok) {
		delivery_abandon(ladder->delivery);
		ladder->failed = true;
		*err = batch->unwanted;
		error_add(err, &ladder->commit_error);
	}
	batch->count = 0;
	batch->octets = 0;
	return ok;
}

/* Makes the open batch the closed one. */
static void close_batch(struct ladder *ladder)
{
	struct batch *empty = ladder->closed;

	delivery_turn(ladder->delivery);
	ladder->closed = ladder->open;
	ladder->open = empty;
	ladder->proven = 0;
}

static bool is_due(const struct batch *batch)
{
	return batch->count + PROOF_GROUP_MAX > BATCH_MESSAGES ||
		batch->octets >= BATCH_OCTETS ||
		(batch->count > 0 &&
			now_seconds() - batch->began >= BATCH_SECONDS);
}

static bool is_full(const struct batch *batch)
{
	return batch->count + PROOF_GROUP_MAX > BATCH_ROOM ||
		batch->octets >= BATCH_OCTETS_MAX;
}

bool ladder_advance(struct ladder *ladder, struct error *err)
{
	bool busy = background_is_busy(&ladder->background);

	if (!busy && !finish_commit(ladder, err))
		return false;
	if (!is_due(ladder->open) || (busy && !is_full(ladder->open)))
		return true;
	if (!finish_commit(ladder, err))
		return false;
	close_batch(ladder);
	background_begin(&ladder->background, commit_batch, ladder);
	return true;
}

/* Records the last published batch as kept, so that it may be erased. */
static bool commit_kept(struct ladder *ladder, struct error *err)
{
	struct store *store = ladder->mailbox->store;

	if (ladder->published_count == 0)
		return true;
	if (!store_begin(store, err) || !ladder_record_kept(ladder, err) ||
		!store_commit(store, err))
		return false;
	mark_published_kept(ladder);
	return true;
}

bool ladder_finish(struct ladder *ladder, struct error *err)
{
	if (!finish_commit(ladder, err))
		return false;
	if (ladder->open->count > 0) {
		close_batch(ladder);
		commit_batch(ladder);
		if (!finish_commit(ladder, err))
			return false;
	}
	return commit_kept(ladder, err);
}

struct ladder_rest ladder_weigh(
	struct ladder *ladder, const struct error *err, struct error *second)
{
	struct ladder_rest rest = {
		/* A disk error is reported to one sync only, so after one batch
		 * has failed, no other may be committed. */
		.sound = finish_commit(ladder, second) && !ladder->failed,
		.local = ladder->refuses,
	};
	const struct batch *batch = ladder->open;
	const struct proof_claim claim = {
		.plan = ladder->plan,
		.positions = batch->positions,
		.octets = batch->octets_sent,
		.count = batch->count,
		.proven = ladder->proven,
	};

	if (rest.sound)
		rest.believed = proof_believed(ladder->mailbox, &claim, err);
	rest.doubtful = batch->count - rest.believed;
	return rest;
}

void ladder_salvage(struct ladder *ladder, const struct ladder_rest *rest,
	struct error *second)
{
	delivery_drop(ladder->delivery);
	delivery_drop_last(ladder->delivery, rest->doubtful);
	ladder->open->count = rest->believed;
	if (rest->sound)
		ladder_finish(ladder, second);
}
