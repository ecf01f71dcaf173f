/* SPDX-License-Identifier: ISC */
#include "engine/rebuild.h"
#include "cli/command.h"
#include "cli/report_run.h"
#include "commands/run_options.h"
#include "engine/accounts.h"
#include "engine/attempt.h"
#include "engine/listing.h"
#include "engine/record.h"
#include "engine/recover.h"
#include "io/process/log.h"

/* Lists the mailbox and records the messages that are here. */
static bool match_listed(
	struct attempt *attempt, struct rebuild *rebuild, struct error *err)
{
	struct mailbox *mailbox = &attempt->mailbox;

	if (!mailbox_log_in(mailbox, false, err) ||
		!mailbox_bind(mailbox, err) || !mailbox_list(mailbox, err) ||
		!facts_recall(&attempt->knowledge, mailbox, err) ||
		!listing_sizes(mailbox->session, &mailbox->maildrop, err) ||
		!rebuild_match(rebuild, &attempt->knowledge,
			&attempt->tally.rebuilt, err))
		return false;
	mailbox_leave(mailbox);
	return true;
}

static bool rebuild_all(struct attempt *attempt, struct error *err)
{
	struct mailbox *mailbox = &attempt->mailbox;
	struct rebuild *rebuild = NULL;
	bool doubt;
	bool ok = mailbox_open(mailbox, err);

	/* The mail must be read before the process is confined. */
	if (ok)
		rebuild = rebuild_read(mailbox, err);
	ok = rebuild != NULL &&
		(mailbox->options->dry_run ||
			recover_arriving(mailbox, &doubt, err)) &&
		match_listed(attempt, rebuild, err);
	rebuild_free(rebuild);
	return ok;
}

static void report(struct attempt *attempt, const struct error *err)
{
	const struct mailbox *mailbox = &attempt->mailbox;
	const struct outcome *outcome = attempt->outcome;

	progress_clear(&attempt->mailbox.bar);
	if (err->kind != ERROR_NONE)
		log_error(err);
	report_run(mailbox->account, &outcome->tally, &outcome->error,
		mailbox->options->json);
	if (attempt->tally.listed)
		report_rebuilt(&attempt->tally, mailbox->options->dry_run);
	report_flush();
}

/* Runs in a process of its own, as a fetch does. */
static int rebuild_account(struct account *account,
	const struct run_options *options, char *password,
	struct progress *progress, struct outcome *outcome)
{
	struct attempt attempt = {.outcome = outcome, .rebuilds = true};
	struct mailbox *mailbox = &attempt.mailbox;
	struct error err = {.kind = ERROR_NONE};
	struct error recording = {.kind = ERROR_NONE};

	outcome->sessions++;
	if (mailbox_begin(mailbox, account, options, password, &err)) {
		mailbox->began = outcome->began;
		mailbox->progress = progress;
		rebuild_all(&attempt, &err);
		/* The next run then asks for one thing at a time. */
		attempt.out_of_step = err.kind == ERROR_PROTOCOL &&
			attempt.knowledge.memories != NULL &&
			!mailbox->proof.learnt;
	}
	attempt_count(&attempt, &err);
	attempt_add_up(&attempt, &err);
	if (!options->dry_run)
		record_run(&attempt, &recording);
	error_add(&err, &recording);
	report(&attempt, &err);
	attempt_release(&attempt);
	return outcome->tally.status;
}

int command_rebuild(const struct invocation *invocation)
{
	static const struct account_verb verb = {
		.session = rebuild_account,
		.report_failure = report_failure,
	};
	struct run_options how = run_options_make(invocation);

	return accounts_run(invocation->accounts, invocation->account_count,
		(unsigned)invocation->options.jobs, &verb, &how);
}
