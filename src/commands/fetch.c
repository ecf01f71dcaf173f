/* SPDX-License-Identifier: ISC */
#include "commands/fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "cli/report.h"
#include "commands/list.h"
#include "core/text.h"
#include "core/xalloc.h"
#include "engine/accounts.h"
#include "engine/connect.h"
#include "engine/copies.h"
#include "engine/duplicate.h"
#include "engine/identity.h"
#include "engine/ladder.h"
#include "engine/listing.h"
#include "engine/listing_without_uidl.h"
#include "engine/places.h"
#include "engine/proof.h"
#include "engine/rebuild.h"
#include "engine/record.h"
#include "engine/run.h"
#include "engine/sessions.h"
#include "engine/start.h"
#include "engine/state.h"
#include "engine/transfer.h"
#include "io/process/digest.h"
#include "io/process/log.h"
#include "io/process/privilege.h"

/* The same one for the same numbers and uids, on this machine. */
static void digest_listing(
	const struct maildrop *maildrop, unsigned char sha256[DIGEST_LENGTH])
{
	struct digest *digest = digest_new();
	uint32_t numbers[512];
	size_t n = 0;

	/* Numbers and lengths, which tell the uids behind them apart. */
	for (size_t i = 0; i < maildrop->count; i++) {
		numbers[n++] = maildrop->messages[i].number;
		numbers[n++] = maildrop->messages[i].uid_length;
		if (n == sizeof numbers / sizeof numbers[0] ||
			i + 1 == maildrop->count) {
			digest_update(digest, numbers, n * sizeof numbers[0]);
			n = 0;
		}
	}
	if (maildrop->uids_length > 0)
		digest_update(digest, maildrop->uids, maildrop->uids_length);
	digest_finish(digest, sha256);
	digest_free(digest);
}

static bool list(struct run *run, struct error *err)
{
	uint64_t key[2] = {0, 0};

	if (getrandom(key, sizeof key, 0) < 0)
		key[0] = (uint64_t)run_now();
	maildrop_init(&run->maildrop, key);
	if (!listing_uids(run->session, run->account, &run->maildrop, err)) {
		if (!listing_lacks_uidl(run, err))
			return false;
		*err = (struct error){.kind = ERROR_NONE};
		run->uids_made = true;
		if (!listing_without_uidl(run, err))
			return false;
	}
	run->tally->listed = true;
	run->tally->left = run->maildrop.count;
	digest_listing(&run->maildrop, run->listing);
	return true;
}

/* The same as last time, when nothing was to be done? */
static bool is_quiet(struct run *run)
{
	char policy[POLICY_KEY_MAX];

	run->quiet = store_is_quiet(run->store, run->listing,
		policy_key(policy, &run->account->policy), run_now());
	return run->quiet;
}

/* A server that confirms QUIT and erases nothing, or not for long. */
static void warn_returned(const struct run *run)
{
	size_t returned = 0;

	for (size_t i = 0; i < run->plan.count; i++)
		returned += run->plan.steps[i].reason == REASON_RETURNED;
	if (returned > 0)
		log_line(LOG_SUMMARY,
			"left alone: %zu that were erased, or gone for a while, "
			"and are listed again (keepmail -n -v shows them); the "
			"server may keep them by a setting of its own",
			returned);
}

static const char *day(char *room, size_t size, int64_t seconds)
{
	time_t time = (time_t)seconds;
	struct tm utc;

	if (gmtime_r(&time, &utc) == NULL ||
		strftime(room, size, "%Y-%m-%d", &utc) == 0)
		snprintf(room, size, "an impossible date");
	return room;
}

/* Why what is due by the clock stays, if anything is. */
static void warn_clock(const struct run *run)
{
	const struct clock *clock = &run->clock;
	size_t due = 0;
	char now[32];
	char then[32];

	for (size_t i = 0; i < run->plan.count; i++)
		due += run->plan.steps[i].reason == REASON_CLOCK;
	if (due == 0)
		return;
	day(now, sizeof now, clock->now);
	day(then, sizeof then, clock_stamp(clock));
	if (clock->trust == CLOCK_LEAPT)
		log_line(LOG_WARNINGS,
			"the clock says %s, and the last run was on %s: the "
			"%zu %s on the server until a "
			"run on another day confirms this",
			now, then, due,
			text_plural(due, "message that is due stays",
				"messages that are due stay"));
	else
		log_line(LOG_WARNINGS,
			"the clock says %s, but earlier runs or mail are of "
			"%s: the %zu %s on the server. "
			"Set the clock, or, if it is right, run once with "
			"--no-brake",
			now, then, due,
			text_plural(due, "message that is due stays",
				"messages that are due stay"));
}

/* What time it is, as far as it can be believed. */
static bool read_clock(struct run *run, struct error *err)
{
	struct clock_record record;
	int64_t now = run_now();

	if (!store_clock(run->store, &record, err))
		return false;
	run->clock = run->options->no_brake
		? clock_accept(now)
		: clock_judge(&record, now, run->account->policy.after);
	return true;
}

/* RFC 1939 section 7: each message has a uid of its own, of 1 to 70 printable
 * octets. All of them are taken as they are. */
static void say_odd_uids(struct run *run)
{
	const struct maildrop *maildrop = &run->maildrop;
	bool twice = false;
	bool none = false;
	bool odd = false;

	for (size_t i = 0; i < maildrop->count; i++) {
		const struct message *message = &maildrop->messages[i];
		const char *uid = maildrop_uid(maildrop, message).bytes;

		twice |= message->uid_length > 0 && message->ordinal > 0;
		none |= message->uid_length == 0;
		odd |= message->uid_length > 70;
		for (size_t k = 0; k < message->uid_length; k++)
			odd |= uid[k] < '!' || uid[k] > '~';
	}
	if (twice)
		run_say_once(run, STORE_SAID_TWICE,
			"the server gives several messages the same uid: they are distinguished by their order (this is said once)");
	if (none)
		run_say_once(run, STORE_SAID_NO_UID,
			"the server lists messages without a uid, or with one of over 1,024 bytes: they are left there (this is said once)");
	if (odd && !run->uids_made)
		run_say_once(run, STORE_SAID_ODD,
			"the server gives uids that RFC 1939 forbids (over 70 bytes, blanks or characters that do not print): they are used as they are (this is said once)");
}

/* What may be lost here in a power cut is not erased there. */
static void hold_unsynced(struct run *run)
{
	if (run->options->dry_run || run->plan.erasures == 0 ||
		run->account->trust_filesystem || places_can_sync(run->account))
		return;
	run_say_once(run, STORE_SAID_UNSYNCED,
		"the file system of the mail cannot sync a directory, so that "
		"mail may be lost in a power cut: nothing is erased on the "
		"server unless trust-filesystem is true (this is said once)");
	run->account->policy.keep = true;
	plan_release(&run->plan);
	run->plan = plan_make(&run->account->policy, &run->maildrop,
		run->memories, &run->clock);
}

static bool make_plan(struct run *run, struct error *err)
{
	const struct policy *policy = &run->account->policy;

	if (!maildrop_index(&run->maildrop, err) ||
		!store_recall(
			run->store, &run->maildrop, &run->memories, err) ||
		!start_mark(run, err))
		return false;
	say_odd_uids(run);
	if ((run->options->dry_run ||
		    plan_needs_sizes(policy, &run->maildrop, run->memories)) &&
		!listing_sizes(run->session, &run->maildrop, err))
		return false;
	if (!identity_check(run, err))
		return false;
	sessions_hold_back(run);
	run->plan =
		plan_make(policy, &run->maildrop, run->memories, &run->clock);
	if (!copies_check(run, err))
		return false;
	hold_unsynced(run);
	run->tally->too_large = run->plan.too_large;
	/* What is known of an older message under the same uid says nothing of
	 * this one: it is kept once it was fetched, and not before. */
	for (size_t i = 0; !run->options->dry_run && i < run->plan.count; i++) {
		if (run->plan.steps[i].fetch)
			run->memories[i] =
				(struct memory){.tries = run->memories[i].tries,
					.held = run->memories[i].held,
					.oversize = run->memories[i].oversize};
	}
	warn_returned(run);
	warn_clock(run);
	return run->options->dry_run || start_record(run, err);
}

/* The server has erased what was marked. */
static void count_erased(struct run *run)
{
	for (size_t i = 0; i < run->erased_count; i++)
		run_say_message(run, run->erased[i], "erased", "");
	run->tally->erased = run->erased_count;
	run->tally->left -= run->erased_count;
}

/* RFC 2449 section 6.7: a server's own retention may be shorter than ours. */
static void warn_expiry(struct run *run)
{
	const struct pop3_capabilities *capabilities =
		session_capabilities(run->session);
	const struct policy *policy = &run->account->policy;

	if (!capabilities->expires || policy->erase == ERASE_NOW)
		return;
	if (policy->erase != ERASE_AFTER ||
		policy->after > (int64_t)capabilities->expire_days * 86400)
		log_line(LOG_SUMMARY,
			"the server itself erases mail %u days after it was "
			"fetched, which is sooner than delete says",
			capabilities->expire_days);
}

static bool log_in(struct run *run, char *password, struct error *err)
{
	run->session = connect_account(run->account, password, run->store,
		!run->options->dry_run, run->options->stop, err);
	if (run->session == NULL)
		return false;
	run->one_by_one = store_was_out_of_step(run->store, run_now());
	run->form = store_uidl_form(run->store);
	warn_expiry(run);
	return run->options->dry_run ||
		store_bind_mailbox(run->store, run->account->server,
			run->account->user, err);
}

/* In the place of a plan: what is listed, and here, is on record then. */
static bool rebuild(struct run *run, struct error *err)
{
	if (!maildrop_index(&run->maildrop, err) ||
		!store_recall(
			run->store, &run->maildrop, &run->memories, err) ||
		!listing_sizes(run->session, &run->maildrop, err) ||
		!rebuild_match(run, err))
		return false;
	session_leave(run->session);
	return true;
}

/* The story of a run; what goes wrong on the way ends it here. */
static bool run_account(struct run *run, char *password, struct error *err)
{
	struct account *account = run->account;
	bool dry = run->options->dry_run;

	if (!privilege_become(account, err))
		return false;
	run->store = state_open(account, dry ? STORE_READ : STORE_WRITE, err);
	if (run->store == NULL || !read_clock(run, err) ||
		!store_check_mailbox(run->store, account->server, account->user,
			run->options->same_mailbox, err))
		return false;
	if (run->options->rebuild ? !rebuild_read(run, err)
				  : !places_check(run, err) ||
				!rebuild_is_not_due(run, err))
		return false;
	if (!dry) {
		if (!ladder_recover(run, err))
			return false;
		run->delivery = delivery_open(account->destination,
			account->path, account->state, err);
		if (run->delivery == NULL)
			return false;
		delivery_sweep(run->delivery);
		/* They tell a clock that is behind: see core/clock. */
		if (account->policy.erase == ERASE_AFTER)
			delivery_read_dates(run->delivery);
	}
	if (!log_in(run, password, err) || !list(run, err))
		return false;
	if (run->options->rebuild)
		return rebuild(run, err);
	bool quiet = !dry && is_quiet(run);

	if (!quiet && !make_plan(run, err))
		return false;
	if (run->options->list && !list_show(run, err))
		return false;
	if (dry || quiet) {
		session_leave(run->session);
		return true;
	}
	if (!rebuild_find_strays(run, err) || !duplicate_prepare(run, err) ||
		!transfer_fetch(run, err) ||
		!transfer_erase(run, sessions_is_likely(run), err))
		return false;
	count_erased(run);
	return true;
}

/*
 * After an error or a signal: what came whole, and surely under its own uid, is
 * kept, the rest is dropped, and the connection is closed without QUIT, so that
 * nothing is erased. What goes wrong in that is added to the error.
 */
static void salvage(struct run *run, struct error *err)
{
	struct error second = {.kind = ERROR_NONE};
	bool published = ladder_wait(run, &second);
	size_t believed = published ? proof_believed(run, err) : 0;
	size_t doubtful = run->open->count - believed;

	/* Not for good: the line may be at fault, and others are tried first.
	 */
	if (err->kind == ERROR_TEMPORARY && !*run->options->stop &&
		run->arriving != MAILDROP_NOT_FOUND && run->plan.fetches > 0) {
		run_note_trouble(run, run->arriving, err);
		run->broken = true;
	} else if (err->kind == ERROR_TEMPORARY && published) {
		/* No message is at fault. */
		run->cut = run->plan.fetches > 0;
	}
	/* One that breaks off early each time would get no further. */
	run->was_out_of_step = run->memories != NULL && !run->learnt &&
		(err->kind == ERROR_PROTOCOL ||
			(doubtful > 0 && believed + run->tally->fetched == 0 &&
				store_was_fruitless(run->store)));
	session_close(run->session);
	run->session = NULL;
	if (run->delivery == NULL)
		return;
	delivery_drop(run->delivery);
	delivery_drop_last(run->delivery, doubtful);
	run->open->count = believed;
	if (published)
		ladder_finish(run, &second);
	error_add(err, &second);
}

static void run_release(struct run *run)
{
	session_close(run->session);
	delivery_close(run->delivery);
	store_close(run->store);
	maildrop_release(&run->maildrop);
	plan_release(&run->plan);
	free(run->memories);
	rebuild_release(run);
	local_free(run->here);
	free(run->strays);
	free(run->erased);
	free(run->troubles);
	free(run->oversizes);
	free(run->open);
	free(run->closed);
	free(run);
}

/* unsaid: as much of err as was not said when it came, as refusals are. */
static void report(
	struct run *run, const struct error *err, const struct error *unsaid)
{
	const struct outcome *outcome = run->outcome;
	bool dry = run->options->dry_run;
	bool list = run->options->list;
	bool planned = dry && !list && run->plan.steps != NULL;

	progress_clear(&run->bar);
	if (outcome->unsaid)
		log_error(&outcome->error);
	if (unsaid->kind != ERROR_NONE)
		log_error(unsaid);
	/* What is listed was printed as it came. */
	if (run->options->json && !(list && err->kind == ERROR_NONE))
		report_json(run->account, &outcome->tally, &outcome->error,
			&run->maildrop, run->memories,
			planned ? &run->plan : NULL);
	else if (planned)
		report_plan(run->account, &run->maildrop, run->memories,
			&run->plan, run->options->verbose);
	if (run->tally->listed && run->options->rebuild)
		report_rebuilt(run->tally, dry);
	else if (!dry && run->tally->listed)
		report_summary(&outcome->tally);
	fflush(stdout);
}

/* Reports where the session that was to follow cannot be had. */
static void conclude(const struct account *account,
	const struct run_options *options, struct outcome *outcome)
{
	log_account(account->name);
	if (outcome->unsaid)
		log_error(&outcome->error);
	if (options->json)
		report_json(account, &outcome->tally, &outcome->error, NULL,
			NULL, NULL);
	report_summary(&outcome->tally);
	fflush(stdout);
	outcome->next = NEXT_NONE;
}

/* What this session came to goes to what the others did. */
static void add_up(struct run *run, const struct error *err)
{
	const struct tally *tally = run->tally;
	struct outcome *outcome = run->outcome;
	struct tally *total = &outcome->tally;
	/* What broke the last one is here now? Then it was nothing. */
	bool fresh = outcome->after == NEXT_AFTER_BREAK &&
		outcome->earlier == 0 && run->memories != NULL &&
		sessions_in_trouble(run) < outcome->in_trouble;

	if (outcome->after != NEXT_AFTER_BREAK)
		outcome->earlier = total->status;

	*total = (struct tally){
		.status = fresh ? tally->status
				: error_worse(total->status, tally->status),
		.listed = total->listed || tally->listed,
		.fetched = total->fetched + tally->fetched,
		.octets = total->octets + tally->octets,
		.twice = total->twice + tally->twice,
		.rebuilt = tally->rebuilt,
		.erased = total->erased + tally->erased,
		.left = tally->listed ? tally->left : total->left,
		.too_large = tally->too_large,
		.failed = total->failed + tally->failed,
	};
	/* What broke a session and is not here stays the run's error, but for
	 * what broke this one. */
	if (fresh ||
		(err->kind != ERROR_NONE &&
			(run->broken || !outcome->unsaid))) {
		outcome->error = *err;
		outcome->unsaid = false;
	}
}

/* A server may need a moment to unlock the mailbox of the one that broke. */
static void pause_before(const struct run *run)
{
	struct timespec moment = {.tv_nsec = 100000000};

	if (run->outcome->after == NEXT_AFTER_BREAK && !*run->options->stop)
		nanosleep(&moment, NULL);
}

/*
 * One session more was tried, and the server did not want it: that is no error
 * of the run's. What is wrong here is.
 */
static bool was_in_vain(const struct run *run, const struct error *err)
{
	bool theirs = err->kind == ERROR_HOST || err->kind == ERROR_LOGIN ||
		err->kind == ERROR_UNAVAILABLE ||
		err->kind == ERROR_TEMPORARY || err->kind == ERROR_PROTOCOL;

	return run->outcome->after != NEXT_NONE && !run->tally->listed &&
		theirs && !*run->options->stop;
}

static void end_session(struct run *run, struct error *err)
{
	struct error recording = {.kind = ERROR_NONE};
	struct outcome *outcome = run->outcome;
	bool said = err->kind != ERROR_NONE &&
		strcmp(err->text, run->refusal.text) == 0;

	run->tally->status = error_status(err->kind);
	if (was_in_vain(run, err)) {
		if (log_shows(LOG_MESSAGES))
			log_error(err);
		conclude(run->account, run->options, outcome);
		return;
	}
	add_up(run, err);
	if (run->store != NULL && !run->options->dry_run &&
		!record_run(run, &recording)) {
		outcome->tally.status = error_worse(
			outcome->tally.status, error_status(recording.kind));
		error_add(err, &recording);
		error_add(&outcome->error, &recording);
	}
	if (!sessions_decide(run, err))
		report(run, err, said ? &recording : err);
}

/*
 * One session of an account, in a process of its own: fetches what is new and
 * applies the retention policy, as the plan says, adds to *outcome what came of
 * it, and reports: errors and the summary through log, JSON and dry runs on
 * standard output; unless another session is to follow (outcome->next), in
 * another process. One that came to nothing after one that did leaves the
 * outcome as it was. password: NULL to look it up; both it and the account's
 * own are wiped once they were used. Returns the exit status, also in the
 * tally. Whatever goes wrong, and wherever it is killed, no message is lost:
 * see the commit ladder in HACKING.
 */
static int fetch_account(struct account *account,
	const struct run_options *options, char *password,
	struct progress *progress, struct outcome *outcome)
{
	struct run *run = xcalloc(1, sizeof *run);
	struct error err = {.kind = ERROR_NONE};
	struct tally tally = {.status = 0};

	run->arriving = MAILDROP_NOT_FOUND;
	run->open = xcalloc(1, sizeof *run->open);
	run->closed = xcalloc(1, sizeof *run->closed);
	run->account = account;
	run->options = options;
	run->progress = progress;
	run->tally = &tally;
	run->outcome = outcome;
	log_account(account->name);
	pause_before(run);
	outcome->sessions++;
	if (!run_account(run, password, &err))
		salvage(run, &err);
	else if (run->refusal.kind != ERROR_NONE)
		err = run->refusal;
	end_session(run, &err);
	run_release(run);
	return outcome->tally.status;
}

/* An account whose run did not come to its own report. */
static void report_failure(const struct account *account,
	const struct run_options *options, const struct outcome *outcome,
	const struct error *err)
{
	log_account(account->name);
	log_error(err);
	if (!options->json)
		return;
	report_json(account, &outcome->tally, err, NULL, NULL, NULL);
	fflush(stdout);
}

int fetch_accounts(struct account *const *accounts, size_t count, unsigned jobs,
	const struct run_options *options)
{
	static const struct account_verb fetch = {
		.session = fetch_account,
		.conclude = conclude,
		.report_failure = report_failure,
	};

	return accounts_run(accounts, count, jobs, &fetch, options);
}
