/* SPDX-License-Identifier: ISC */
#include "engine/record.h"

#include "engine/ladder.h"
#include "engine/places.h"
#include "io/process/log.h"

/*
 * Will nothing come of this listing next time, either? Only after a run that
 * left the server's mailbox as it was.
 */
static bool record_quiet(struct run *run, struct error *err)
{
	const struct tally *tally = run->tally;
	const struct policy *policy = &run->account->policy;
	char key[POLICY_KEY_MAX];

	/* What was held back in this run is tried in the next one. */
	if (tally->status != 0 || tally->erased > 0 || run->options->rebuild ||
		run->outcome->after != NEXT_NONE ||
		run->clock.trust != CLOCK_SURE)
		return true;
	int64_t now = run->clock.now;
	struct plan next =
		plan_make(policy, &run->maildrop, run->memories, &run->clock);
	int64_t until = next.quiet_until;

	/* It says nothing of sizes, which tell of uids used again. */
	if (until > now + STORE_QUIET_MAX)
		until = now + STORE_QUIET_MAX;
	bool ok = until <= now ||
		store_record_quiet(run->store, run->listing,
			policy_key(key, policy), until, err);

	plan_release(&next);
	return ok;
}

/* What could not be fetched, and what could that had failed before. */
static bool record_troubles(struct run *run, int64_t now, struct error *err)
{
	const struct maildrop *maildrop = &run->maildrop;

	for (size_t i = 0; i < run->trouble_count; i++) {
		const struct trouble *trouble = &run->troubles[i];
		const struct message *message =
			&maildrop->messages[trouble->position];
		uint32_t tries = run->memories[trouble->position].tries + 1;
		bool last = tries >= PLAN_TRIES_MAX;

		struct store_failure failure = {
			.uid = maildrop_uid(maildrop, message),
			.now = now,
			.next = now + plan_patience(tries),
			.quarantined = last,
			.error = trouble->text,
		};

		if (!store_record_trouble(run->store, &failure, err))
			return false;
		if (last)
			log_line(LOG_WARNINGS,
				"message %u could not be fetched %u times: it "
				"is left there, and not tried again. See "
				"keepmail status, and keepmail retry",
				message->number, tries);
	}
	for (size_t i = 0; i < maildrop->count && run->memories != NULL; i++) {
		enum reason reason = run->plan.steps == NULL
			? REASON_NEW
			: run->plan.steps[i].reason;

		/* It came, or is known in another way by now. */
		if (run->memories[i].tries == 0 ||
			run->memories[i].state == MEMORY_NONE ||
			reason == REASON_WAITING ||
			reason == REASON_QUARANTINED)
			continue;
		if (!store_settle_trouble(run->store,
			    maildrop_uid(maildrop, &maildrop->messages[i]),
			    err))
			return false;
	}
	return true;
}

/* What turned out to be over max-size is not fetched again to learn that. */
static bool record_oversizes(struct run *run, struct error *err)
{
	if (run->memories == NULL)
		return true;
	for (size_t i = 0; i < run->oversize_proven; i++) {
		const struct oversize *oversize = &run->oversizes[i];

		run->memories[oversize->position].oversize = oversize->size;
	}
	for (size_t i = 0; i < run->plan.count; i++) {
		if (run->plan.steps[i].fetch &&
			run->memories[i].state == MEMORY_KEPT)
			run->memories[i].oversize = 0;
	}
	return store_record_oversizes(
		run->store, &run->maildrop, run->memories, err);
}

/* Of what was never fetched its size is all that tells it from another. */
static bool record_seen_sizes(struct run *run, struct error *err)
{
	for (size_t i = 0; run->memories != NULL && i < run->maildrop.count;
		i++) {
		const struct memory *memory = &run->memories[i];
		uint64_t size = run->maildrop.messages[i].size;

		if (memory->state == MEMORY_SEEN &&
			memory->size == MAILDROP_SIZE_UNKNOWN &&
			size != MAILDROP_SIZE_UNKNOWN &&
			!store_record_size(run->store, memory->row, size, err))
			return false;
	}
	return true;
}

/*
 * What was stored while the clock was wrong counts from the first run with a
 * right one; and what this run dated before its mail told otherwise is undated.
 */
static bool record_dates(struct run *run, struct error *err)
{
	const struct clock *clock = &run->clock;
	bool sure = clock->trust == CLOCK_SURE;

	for (size_t i = 0; run->memories != NULL && i < run->maildrop.count;
		i++) {
		struct memory *memory = &run->memories[i];
		bool wrong = sure ? !plan_is_dated(memory, clock)
				  : clock->turned &&
				memory->kept_at >= run->outcome->began;

		if (memory->state != MEMORY_KEPT || !wrong)
			continue;
		memory->kept_at = sure ? clock->now : 0;
		if (!store_record_kept(
			    run->store, memory->row, memory->kept_at, err))
			return false;
	}
	return store_record_clock(run->store, &clock->record, err);
}

/* What became of the messages, within a transaction. */
static bool record_messages(struct run *run, int64_t now, struct error *err)
{
	struct tally *tally = run->tally;

	if (!ladder_record_kept(run, err) || !record_troubles(run, now, err) ||
		!record_oversizes(run, err) || !places_record(run, err) ||
		!record_dates(run, err))
		return false;
	/* tally->erased is 0 unless QUIT was answered +OK. */
	for (size_t i = 0; i < tally->erased; i++) {
		int64_t row = run->memories[run->erased[i]].row;

		if (!store_record_erased(run->store, row, now, err))
			return false;
	}
	if (run->was_out_of_step &&
		!store_record_out_of_step(run->store, now, err))
		return false;
	if (tally->listed && run->form != store_uidl_form(run->store) &&
		!store_record_uidl_form(run->store, run->form, err))
		return false;
	if (run->loose)
		run_say_once(run, STORE_SAID_LOOSE,
			"the server reports different sizes for the same message: from now on, a different size alone does not make it another message (this is said once)");
	if (run->loose && !store_record_loose_sizes(run->store, now, err))
		return false;
	if (run->said != 0 && !store_record_said(run->store, run->said, err))
		return false;
	if (!record_seen_sizes(run, err))
		return false;
	return !tally->listed || run->memories == NULL || run->identifying ||
		(store_record_listing(run->store, run->memories,
			 run->maildrop.count, now, err) &&
			record_quiet(run, err));
}

bool record_run(struct run *run, struct error *err)
{
	const struct outcome *outcome = run->outcome;
	const struct tally *tally = &outcome->tally;
	bool follows = outcome->after != NEXT_NONE;
	struct store_run record = {
		.started = outcome->began,
		.ended = run_now(),
		.status = tally->status,
		.fetched = tally->fetched,
		.octets = tally->octets,
		.erased = tally->erased,
		.left = tally->left,
		.failed = tally->failed,
		.error = tally->status == 0 ? NULL : outcome->error.text,
	};
	/* That nothing was to be done is worth no write to the disk. */
	bool news = run->options->rebuild || tally->fetched > 0 ||
		tally->erased > 0 || tally->status != 0 || run->first ||
		follows || store_has_failed(run->store);

	if ((!run->quiet || news) &&
		(!store_begin(run->store, err) ||
			!record_messages(run, clock_stamp(&run->clock), err) ||
			(news &&
				!store_record_run(
					run->store, &record, follows, err)) ||
			!store_commit(run->store, err)))
		return false;
	/* Behind the commit: a run whose record failed is no success. */
	if (!news)
		store_note_success(run->store, record.ended);
	return true;
}
