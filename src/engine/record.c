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

/* In seconds; see struct fate. */
#define BLAMELESS_WAIT 3600

/* What is recorded, and what is known of each message by now. */
struct record {
	struct attempt *attempt;
	struct mailbox *mailbox;
	struct store *store;
	struct memory *memories; /* owned; or NULL if nothing was recalled */
	size_t count;		 /* number of memories */
	int64_t now; /* a time that is certainly not in the future */
};

/* Findings about a message that a fetched one replaced no longer apply. */
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
 * Records until when the same listing would lead to no action, but only after a
 * run that left the server's mailbox unchanged.
 */
static bool record_quiet(struct record *record, struct error *err)
{
	const struct attempt *attempt = record->attempt;
	const struct facts *facts = &attempt->knowledge.facts;
	const struct clock *clock = &record->mailbox->clock;
	char key[POLICY_KEY_MAX];

	/* Something held back in this run may be done in the next one. */
	if (attempt->tally.status != 0 || attempt->tally.erased > 0 ||
		attempt->rebuilds || attempt->outcome->after != NEXT_NONE ||
		clock->trust != CLOCK_SURE)
		return true;
	struct finding *findings = findings_now(record);
	int64_t until = facts_quiet_until(facts, record->memories, findings);

	free(findings);

	/* UIDL shows no sizes, which reveal reused uids, so the time is
	 * limited. */
	if (until > clock->now + STORE_QUIET_MAX)
		until = clock->now + STORE_QUIET_MAX;
	return until <= clock->now ||
		store_record_quiet(record->store,
			record->mailbox->listing_digest,
			policy_key(key, facts->policy,
				facts->restraint != RESTRAINT_NONE),
			until, err);
}

static struct uid uid_at(const struct record *record, size_t i)
{
	const struct maildrop *maildrop = &record->mailbox->maildrop;

	return maildrop_uid(maildrop, &maildrop->messages[i]);
}

/* Records that a message could not be fetched. */
static bool record_trouble(struct record *record, size_t i, struct error *err)
{
	const struct fate *fate = &record->attempt->fates.at[i];
	uint32_t tries = record->memories[i].tries + 1;
	bool last = tries >= PLAN_TRIES_MAX && !fate->blameless;
	int64_t wait = plan_patience(tries);
	struct store_failure failure = {
		.uid = uid_at(record, i),
		.now = record->now,
		.next = record->now +
			(fate->blameless && wait > BLAMELESS_WAIT
					? BLAMELESS_WAIT
					: wait),
		.quarantined = last,
		.most = fate->blameless ? PLAN_TRIES_MAX - 2 : UINT32_MAX,
		.error = fate->trouble,
	};

	if (!store_record_trouble(record->store, &failure, err))
		return false;
	if (last)
		log_line(LOG_WARNINGS,
			"message %u could not be fetched after %u attempts: it stays on the server and is no longer tried. Run keepmail retry %s to try it again",
			record->mailbox->maildrop.messages[i].number, tries,
			record->mailbox->account->name);
	return true;
}

/* Did it fail in this session? */
static bool fails(const struct record *record, size_t i)
{
	const struct fates *fates = &record->attempt->fates;

	return i < fates->count && fates->at[i].trouble != NULL;
}

/* Is a message that failed before now kept or recorded otherwise? */
static bool is_settled(const struct record *record, size_t i)
{
	const struct plan *plan = &record->attempt->plan;
	enum reason why =
		i < plan->count ? plan->steps[i].why_fetch : REASON_NEW;

	/* It was fetched, or became known in another way. */
	return record->memories[i].tries > 0 && !fails(record, i) &&
		record->memories[i].state != MEMORY_NONE &&
		record->memories[i].state != MEMORY_ARRIVING &&
		why != REASON_WAITING && why != REASON_QUARANTINED;
}

/* Records the messages that failed, and those that no longer fail. */
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

/*
 * Records messages that turned out to exceed max-size, so that they are not
 * fetched again.
 */
static bool record_oversizes(struct record *record, struct error *err)
{
	return record->memories == NULL ||
		store_record_oversizes(record->store,
			&record->mailbox->maildrop, record->memories,
			&record->attempt->plan, err);
}

/*
 * Records the sizes of seen messages, by which alone they can be told from
 * others.
 */
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
 * Messages stored while the clock was wrong are dated by the first run with a
 * correct one. If the mail of this run shows that the clock is wrong, what it
 * dated before becomes undated.
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

/* Records what the server has erased: nothing, unless QUIT was answered +OK. */
static bool record_erased(struct record *record, struct error *err)
{
	const struct fates *fates = &record->attempt->fates;

	for (size_t i = 0; i < fates->count && fates->erased > 0; i++) {
		if (fates->at[i].accepted &&
			!store_record_erased(record->store,
				record->memories[i].row, record->now, err))
			return false;
	}
	return true;
}

/* Records what was found out about the server. */
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
			"the server reports different sizes for the same message: from now on, a different size alone does not make it another message (reported once)");
	if (mailbox->loose_sizes &&
		!store_record_loose_sizes(store, record->now, err))
		return false;
	return mailbox->said == 0 ||
		store_record_said(store, mailbox->said, err);
}

/* Records what became of the messages, within a transaction. */
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

/* Is the run worth recording? If not, writing to the disk is avoided. */
static bool is_news(const struct attempt *attempt)
{
	const struct tally *tally = &attempt->outcome->tally;

	return attempt->rebuilds || tally->fetched > 0 || tally->erased > 0 ||
		tally->status != 0 || attempt->knowledge.first ||
		attempt->outcome->after != NEXT_NONE ||
		store_has_failed(attempt->mailbox.store);
}

static bool write_run(struct attempt *attempt, struct error *err)
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
	/* After the commit: a run that could not be recorded is not
	 * successful. */
	if (ok && !news)
		store_note_success(store, run.ended);
	return ok;
}

void record_run(struct attempt *attempt, struct error *err)
{
	struct outcome *outcome = attempt->outcome;

	if (attempt->mailbox.store == NULL || write_run(attempt, err))
		return;
	outcome->tally.status =
		error_worse(outcome->tally.status, error_status(err->kind));
	error_add(&outcome->error, err);
}
