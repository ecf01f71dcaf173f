/* SPDX-License-Identifier: ISC */
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/report_run.h"
#include "commands/run_options.h"
#include "engine/accounts.h"
#include "engine/attempt.h"
#include "engine/notices.h"
#include "engine/places.h"
#include "engine/rebuild.h"
#include "engine/record.h"
#include "engine/sessions.h"
#include "engine/start.h"
#include "engine/transfer.h"
#include "io/process/log.h"
#include "io/store/store_run.h"

/* Is the listing the same as last time, when it led to no action? */
static bool is_quiet(struct mailbox *mailbox)
{
	char policy[POLICY_KEY_MAX];

	return store_is_quiet(mailbox->store, mailbox->listing_digest,
		policy_key(policy, &mailbox->account->policy,
			mailbox->options->keep),
		mailbox->clock.now);
}

/* Reports the messages that the server has erased. */
static void report_erased(struct attempt *attempt)
{
	const struct fates *fates = &attempt->fates;

	for (size_t i = 0; i < fates->count && fates->erased > 0; i++) {
		if (fates->at[i].accepted)
			mailbox_say_message(&attempt->mailbox, i,
				&attempt->plan.steps[i], "deleted", "");
	}
}

/*
 * After an error or a signal: keeps complete messages that certainly have the
 * right uid, drops the rest, and closes the connection without QUIT, so that
 * nothing is erased. Errors while doing so are added to err.
 */
static void salvage(struct attempt *attempt, const struct transfer *transfer,
	struct error *err)
{
	struct mailbox *mailbox = &attempt->mailbox;
	struct error second = {.kind = ERROR_NONE};
	struct ladder_rest rest = {.sound = true};
	bool temporary = err->kind == ERROR_TEMPORARY;
	bool fetches = attempt->plan.fetches > 0;

	if (attempt->ladder != NULL)
		rest = ladder_weigh(attempt->ladder, err, &second);
	/* The connection may be to blame, so the message is not given up, but
	 * others are tried first. */
	if (temporary && rest.sound && !rest.local &&
		!*mailbox->options->stop && transfer->arrives && fetches) {
		fates_trouble(&attempt->fates, transfer->arriving, err);
		attempt->broken = true;
	} else if (temporary && rest.sound && !rest.local) {
		/* No message is to blame. */
		attempt->cut = fetches;
	}
	/* If the server breaks off early each time, no progress would be
	 * possible without proofs after each message. */
	attempt->out_of_step = attempt->knowledge.memories != NULL &&
		!mailbox->proof.learnt &&
		(err->kind == ERROR_PROTOCOL ||
			(rest.doubtful > 0 &&
				rest.believed + attempt->fates.fetched == 0 &&
				store_was_fruitless(mailbox->store)));
	mailbox_hang_up(mailbox);
	if (attempt->ladder != NULL)
		ladder_salvage(attempt->ladder, &rest, &second);
	error_add(err, &second);
}

/* Fetches and erases what the plan says. */
static bool execute_plan(struct attempt *attempt, struct error *err)
{
	struct mailbox *mailbox = &attempt->mailbox;
	struct transfer transfer = {.mailbox = mailbox,
		.facts = &attempt->knowledge.facts,
		.plan = &attempt->plan,
		.fates = &attempt->fates,
		.ladder = attempt->ladder};
	bool ok = ladder_begin(attempt->ladder, transfer.facts, transfer.plan,
			  transfer.fates, err) &&
		transfer_fetch(&transfer, err) &&
		transfer_erase(&transfer, sessions_is_likely(attempt), err);

	if (ok)
		report_erased(attempt);
	else
		salvage(attempt, &transfer, err);
	transfer_release(&transfer);
	return ok;
}

/* Collects the facts and makes the plan. */
static bool make_plan(struct attempt *attempt, struct error *err)
{
	struct mailbox *mailbox = &attempt->mailbox;

	if (!facts_gather(&attempt->knowledge, mailbox, attempt->outcome,
		    &attempt->plan, err))
		return false;
	fates_init(&attempt->fates, attempt->plan.count);
	return !attempt->knowledge.first ||
		start_record(mailbox, &attempt->plan, &attempt->fates, err);
}

/* Opens everything, logs in, and lists the mailbox. */
static bool open_all(struct attempt *attempt, struct error *err)
{
	struct mailbox *mailbox = &attempt->mailbox;

	if (!mailbox_open(mailbox, err) || !places_check(mailbox, err) ||
		!rebuild_check_due(mailbox, err))
		return false;
	attempt->ladder = ladder_open(mailbox, err);
	if (attempt->ladder == NULL || !mailbox_log_in(mailbox, true, err))
		return false;
	notices_expiry(mailbox);
	return mailbox_bind(mailbox, err) && mailbox_list(mailbox, err);
}

/* One session from start to end; an error at any step ends it. */
static bool fetch(struct attempt *attempt, struct error *err)
{
	static const struct transfer none = {.arrives = false};
	bool ok = open_all(attempt, err);

	attempt->quiet = ok && is_quiet(&attempt->mailbox);
	if (attempt->quiet) {
		mailbox_leave(&attempt->mailbox);
		return true;
	}
	if (ok && make_plan(attempt, err))
		return execute_plan(attempt, err);
	salvage(attempt, &none, err);
	return false;
}

/*
 * Reports the account if a further session was expected but cannot be started.
 */
static void conclude(const struct account *account,
	const struct run_options *options, struct outcome *outcome)
{
	log_account(account->name);
	if (outcome->unsaid)
		log_error(&outcome->error);
	report_run(account, &outcome->tally, &outcome->error, options->json);
	report_summary(&outcome->tally);
	report_flush();
	outcome->next = NEXT_NONE;
}

/*
 * Reports the account. unsaid: the part of the error that was not logged when
 * it occurred, as refusals are.
 */
static void report(struct attempt *attempt, const struct error *unsaid)
{
	const struct outcome *outcome = attempt->outcome;
	const struct mailbox *mailbox = &attempt->mailbox;

	progress_clear(&attempt->mailbox.bar);
	if (outcome->unsaid)
		log_error(&outcome->error);
	if (unsaid->kind != ERROR_NONE)
		log_error(unsaid);
	report_run(mailbox->account, &outcome->tally, &outcome->error,
		mailbox->options->json);
	if (attempt->tally.listed)
		report_summary(&outcome->tally);
	report_flush();
}

/* The server may need a moment to unlock the mailbox after a broken session. */
static void pause_before(const struct attempt *attempt, bool stopped)
{
	struct timespec moment = {.tv_nsec = 100000000};

	if (attempt->outcome->after == NEXT_AFTER_BREAK && !stopped)
		nanosleep(&moment, NULL);
}

/*
 * Did the server refuse or break an additional session before listing anything?
 * This does not make the run fail, but a local error does.
 */
static bool is_extra_failure(
	const struct attempt *attempt, const struct error *err)
{
	bool theirs = err->kind == ERROR_HOST || err->kind == ERROR_LOGIN ||
		err->kind == ERROR_UNAVAILABLE ||
		err->kind == ERROR_TEMPORARY || err->kind == ERROR_PROTOCOL;

	return attempt->outcome->after != NEXT_NONE &&
		!attempt->mailbox.listed && theirs &&
		!*attempt->mailbox.options->stop;
}

static void end_session(struct attempt *attempt, struct error *err)
{
	const struct mailbox *mailbox = &attempt->mailbox;
	struct error recording = {.kind = ERROR_NONE};
	struct outcome *outcome = attempt->outcome;
	bool said = err->kind != ERROR_NONE &&
		strcmp(err->text, mailbox->refusal.text) == 0;

	attempt_count(attempt, err);
	if (is_extra_failure(attempt, err)) {
		if (log_shows(LOG_MESSAGES))
			log_error(err);
		conclude(mailbox->account, mailbox->options, outcome);
		return;
	}
	attempt_add_up(attempt, err);
	record_run(attempt, &recording);
	error_add(err, &recording);
	if (!sessions_decide(attempt, err))
		report(attempt, said ? &recording : err);
}

/* Shows what a fetch would do: see --dry-run. */
static int preview_account(struct account *account,
	const struct run_options *options, char *password,
	struct outcome *outcome)
{
	struct attempt attempt = {.outcome = outcome};
	struct mailbox *mailbox = &attempt.mailbox;
	struct error err = {.kind = ERROR_NONE};
	struct report report = report_to(options->json);
	bool ok = mailbox_begin(mailbox, account, options, password, &err) &&
		attempt_preview(&attempt, &err);

	if (ok) {
		mailbox_leave(mailbox);
		err = mailbox->refusal;
	}
	attempt_count(&attempt, &err);
	attempt_add_up(&attempt, &err);
	if (err.kind != ERROR_NONE && !ok)
		log_error(&err);
	report_begin_run(&report, account, &outcome->tally, &outcome->error);
	if (attempt.plan.steps != NULL)
		report_plan(&report, account, &attempt.knowledge.facts,
			&attempt.plan, options->verbose);
	report_end(&report);
	report_flush();
	attempt_release(&attempt);
	return outcome->tally.status;
}

/*
 * Runs one session of an account, in a process of its own: fetches new mail and
 * applies the retention policy according to the plan, adds the result to
 * *outcome, and reports it (errors and the summary by log, JSON on standard
 * output), unless another session follows in another process (outcome->next).
 * If an additional session fails before it lists anything, the outcome remains
 * as it was. Whatever goes wrong, and whenever the process is killed, no
 * message is lost: see the commit ladder in HACKING.
 */
static int fetch_account(struct account *account,
	const struct run_options *options, char *password,
	struct progress *progress, struct outcome *outcome)
{
	struct attempt attempt = {.outcome = outcome};
	struct mailbox *mailbox = &attempt.mailbox;
	struct error err = {.kind = ERROR_NONE};

	outcome->sessions++;
	if (options->dry_run)
		return preview_account(account, options, password, outcome);
	pause_before(&attempt, *options->stop);
	bool ok = mailbox_begin(mailbox, account, options, password, &err);

	mailbox->began = outcome->began;
	mailbox->progress = progress;
	if (ok && fetch(&attempt, &err) && mailbox->refusal.kind != ERROR_NONE)
		err = mailbox->refusal;
	end_session(&attempt, &err);
	attempt_release(&attempt);
	return outcome->tally.status;
}

int command_fetch(const struct invocation *invocation)
{
	static const struct account_verb verb = {
		.session = fetch_account,
		.conclude = conclude,
		.report_failure = report_failure,
	};
	struct run_options how = run_options_make(invocation);

	return accounts_run(invocation->accounts, invocation->account_count,
		(unsigned)invocation->options.jobs, &verb, &how);
}
