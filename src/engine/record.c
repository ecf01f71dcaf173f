/* SPDX-License-Identifier: ISC */
#include "engine/record.h"

#include <stdlib.h>

#include "core/xalloc.h"
#include "engine/ladder.h"
#include "engine/places.h"
#include "io/process/log.h"
#include "io/process/now.h"
#include "io/store/store_identity.h"
#include "io/store/store_mailbox.h"
#include "io/store/store_message.h"
#include "io/store/store_recall.h"
#include "io/store/store_run.h"
#include "io/store/store_trouble.h"

/* What is recorded, and what is known of each message by now. */
struct record {
	struct attempt *attempt;
	struct mailbox *mailbox;
	struct store *store;
	struct memory *memories; /* owned; NULL: nothing was recalled */
	size_t count;		 /* of them */
	int64_t now;		 /* no later than what is surely past */
};

/* What was found out of a message that this one replaced is no longer so. */
static struct finding *findings_now(const struct record *record)
{
	const struct attempt *attempt = record->attempt;
	struct finding *findings = xcalloc(record->count, sizeof findings[0]);

	for (size_t i = 0; i < record->count; i++) {
		bool fetched =
			i < attempt->plan.count && attempt->plan.steps[i].fetch;

		if (!fetched)
			findings[i] = attempt->knowledge.findings[i];
	}
	return findings;
}

/*
 * Will nothing come of this listing next time, either? Only after a run that
 * left the server's mailbox as it was.
 */
static bool record_quiet(struct record *record, struct error *err)
{
	const struct attempt *attempt = record->attempt;
	const struct facts *facts = &attempt->knowledge.facts;
	const struct clock *clock = &record->mailbox->clock;
	char key[POLICY_KEY_MAX];

	/* What was held back in this run is tried in the next one. */
	if (attempt->tally.status != 0 || attempt->tally.erased > 0 ||
		attempt->rebuilds || attempt->outcome->after != NEXT_NONE ||
		clock->trust != CLOCK_SURE)
		return true;
	struct finding *findings = findings_now(record);
	int64_t until = facts_quiet_until(facts, record->memories, findings);

	free(findings);

	/* It says nothing of sizes, which tell of uids used again. */
	if (until > clock->now + STORE_QUIET_MAX)
		until = clock->now + STORE_QUIET_MAX;
	return until <= clock->now ||
		store_record_quiet(record->store, record->mailbox->listing,
			policy_key(key, facts->policy,
				facts->restraint != RESTRAINT_NONE),
			until, err);
}

static struct uid uid_at(const struct record *record, size_t i)
{
	const struct maildrop *maildrop = &record->mailbox->maildrop;

	return maildrop_uid(maildrop, &maildrop->messages[i]);
}

/* A message that could not be fetched. */
static bool record_trouble(struct record *record, size_t i, struct error *err)
{
	uint32_t tries = record->memories[i].tries + 1;
	bool last = tries >= PLAN_TRIES_MAX;
	struct store_failure failure = {
		.uid = uid_at(record, i),
		.now = record->now,
		.next = record->now + plan_patience(tries),
		.quarantined = last,
		.error = record->attempt->fates.at[i].trouble,
	};

	if (!store_record_trouble(record->store, &failure, err))
		return false;
	if (last)
		log_line(LOG_WARNINGS,
			"message %u could not be fetched %u times: it "
			"is left there, and not tried again. See "
			"keepmail status, and keepmail retry",
			record->mailbox->maildrop.messages[i].number, tries);
	return true;
}

/* Is a message that could not be fetched before no trouble any more? */
static bool is_settled(const struct record *record, size_t i)
{
	const struct plan *plan = &record->attempt->plan;
	enum reason why =
		i < plan->count ? plan->steps[i].why_fetch : REASON_NEW;

	/* It came, or is known in another way by now. */
	return record->memories[i].tries > 0 &&
		record->memories[i].state != MEMORY_NONE &&
		why != REASON_WAITING && why != REASON_QUARANTINED;
}

/* What could not be fetched, and what could that had failed before. */
static bool record_troubles(struct record *record, struct error *err)
{
	const struct fates *fates = &record->attempt->fates;

	for (size_t i = 0; i < fates->count && fates->troubles > 0; i++) {
		if (fates->at[i].trouble != NULL &&
			!record_trouble(record, i, err))
			return false;
	}
	for (size_t i = 0; i < record->count; i++) {
		if (is_settled(record, i) &&
			!store_settle_trouble(
				record->store, uid_at(record, i), err))
			return false;
	}
	return true;
}

/* What turned out to be over max-size is not fetched again to learn that. */
static bool record_oversizes(struct record *record, struct error *err)
{
	return record->memories == NULL ||
		store_record_oversizes(record->store,
			&record->mailbox->maildrop, record->memories,
			&record->attempt->plan, err);
}

/* Of what was never fetched its size is all that tells it from another. */
static bool record_seen_sizes(struct record *record, struct error *err)
{
	for (size_t i = 0; i < record->count; i++) {
		const struct memory *memory = &record->memories[i];
		uint64_t size = record->mailbox->maildrop.messages[i].size;

		if (memory->state == MEMORY_SEEN &&
			memory->size == MAILDROP_SIZE_UNKNOWN &&
			size != MAILDROP_SIZE_UNKNOWN &&
			!store_record_size(
				record->store, memory->row, size, err))
			return false;
	}
	return true;
}

/*
 * What was stored while the clock was wrong counts from the first run with a
 * right one; and what this run dated before its mail told otherwise is undated.
 */
static bool record_dates(struct record *record, struct error *err)
{
	const struct clock *clock = &record->mailbox->clock;
	bool sure = clock->trust == CLOCK_SURE;

	for (size_t i = 0; i < record->count; i++) {
		struct memory *memory = &record->memories[i];
		bool wrong = sure ? !plan_is_dated(memory, clock)
				  : clock->turned &&
				memory->kept_at >= record->mailbox->began;

		if (memory->state != MEMORY_KEPT || !wrong)
			continue;
		memory->kept_at = sure ? clock->now : 0;
		if (!store_record_kept(
			    record->store, memory->row, memory->kept_at, err))
			return false;
	}
	return store_record_clock(record->store, &clock->record, err);
}

/* What the server has erased: nothing, unless QUIT was answered +OK. */
static bool record_erased(struct record *record, struct error *err)
{
	const struct fates *fates = &record->attempt->fates;

	for (size_t i = 0; i < fates->count && fates->erased > 0; i++) {
		if (fates->at[i].marked &&
			!store_record_erased(record->store,
				record->memories[i].row, record->now, err))
			return false;
	}
	return true;
}

/* What was found out about the server. */
static bool record_server(struct record *record, struct error *err)
{
	struct mailbox *mailbox = record->mailbox;
	struct store *store = record->store;
	enum pop3_uidl_form form = mailbox->proof.form;

	if (record->attempt->out_of_step &&
		!store_record_out_of_step(store, record->now, err))
		return false;
	if (mailbox->listed && form != store_uidl_form(store) &&
		!store_record_uidl_form(store, form, err))
		return false;
	if (mailbox->loose_sizes)
		mailbox_say_once(mailbox, STORE_SAID_LOOSE,
			"the server reports different sizes for the same message: from now on, a different size alone does not make it another message (this is said once)");
	if (mailbox->loose_sizes &&
		!store_record_loose_sizes(store, record->now, err))
		return false;
	return mailbox->said == 0 ||
		store_record_said(store, mailbox->said, err);
}

/* What became of the messages, within a transaction. */
static bool record_messages(struct record *record, struct error *err)
{
	const struct attempt *attempt = record->attempt;
	const struct store_listing listing = {.memories = record->memories,
		.findings = attempt->knowledge.findings,
		.count = record->count};

	if (!ladder_record_kept(attempt->ladder, err) ||
		!record_troubles(record, err) ||
		!record_oversizes(record, err) ||
		!places_record(record->mailbox, err) ||
		!record_dates(record, err) || !record_erased(record, err) ||
		!record_server(record, err) || !record_seen_sizes(record, err))
		return false;
	return !record->mailbox->listed || record->memories == NULL ||
		attempt->knowledge.identifying ||
		(store_record_listing(
			 record->store, &listing, record->now, err) &&
			record_quiet(record, err));
}

static bool record_all(
	struct record *record, const struct store_run *run, struct error *err)
{
	bool follows = record->attempt->outcome->after != NEXT_NONE;

	return store_begin(record->store, err) &&
		record_messages(record, err) &&
		(run == NULL ||
			store_record_run(record->store, run, follows, err)) &&
		store_commit(record->store, err);
}

/* Is there anything to tell of the run? Else it is worth no write to the disk.
 */
static bool is_news(const struct attempt *attempt)
{
	const struct tally *tally = &attempt->outcome->tally;

	return attempt->rebuilds || tally->fetched > 0 || tally->erased > 0 ||
		tally->status != 0 || attempt->knowledge.first ||
		attempt->outcome->after != NEXT_NONE ||
		store_has_failed(attempt->mailbox.store);
}

bool record_run(struct attempt *attempt, struct error *err)
{
	const struct outcome *outcome = attempt->outcome;
	const struct tally *tally = &outcome->tally;
	struct store *store = attempt->mailbox.store;
	struct store_run run = {
		.started = outcome->began,
		.ended = now_seconds(),
		.status = tally->status,
		.fetched = tally->fetched,
		.octets = tally->octets,
		.erased = tally->erased,
		.left = tally->left,
		.failed = tally->failed,
		.error = tally->status == 0 ? NULL : outcome->error.text,
	};
	struct record record = {
		.attempt = attempt,
		.mailbox = &attempt->mailbox,
		.store = store,
		.now = clock_stamp(&attempt->mailbox.clock),
	};
	bool news = is_news(attempt);
	bool ok = true;

	if (!attempt->quiet || news) {
		record.memories = attempt_memories(attempt);
		if (record.memories != NULL)
			record.count = attempt->mailbox.maildrop.count;
		ok = record_all(&record, news ? &run : NULL, err);
		free(record.memories);
	}
	/* Behind the commit: a run whose record failed is no success. */
	if (ok && !news)
		store_note_success(store, run.ended);
	return ok;
}
