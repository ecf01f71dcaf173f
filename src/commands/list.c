/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <sysexits.h>

#include "cli/command.h"
#include "cli/page.h"
#include "cli/report_run.h"
#include "commands/list_local.h"
#include "commands/list_show.h"
#include "commands/run_options.h"
#include "engine/accounts.h"
#include "io/process/log.h"

static int list_account(struct account *account,
	const struct run_options *options, void *context)
{
	struct outcome outcome = {.sessions = 1};
	struct attempt attempt = {.outcome = &outcome};
	struct mailbox *mailbox = &attempt.mailbox;
	struct error err = {.kind = ERROR_NONE};
	bool ok = mailbox_begin(mailbox, account, options, NULL, &err);
	/* Must be opened before the process is confined. */
	struct language *language = ok ? language_open() : NULL;

	(void)context;
	ok = ok && attempt_preview(&attempt, &err) &&
		list_show(&attempt, language, &err);
	if (ok) {
		mailbox_leave(mailbox);
		err = mailbox->refusal;
	} else {
		log_error(&err);
	}
	attempt_count(&attempt, &err);
	/* The list itself was printed while headers arrived. */
	if (err.kind != ERROR_NONE)
		report_run(account, &attempt.tally, &err, options->json);
	report_flush();
	language_close(language);
	attempt_release(&attempt);
	return attempt.tally.status;
}

int command_list(const struct invocation *invocation)
{
	static const struct account_verb verb = {
		.task = list_account, .report_failure = report_failure};
	const struct options *options = &invocation->options;
	struct run_options how = run_options_make(invocation);

	if (!options->local) {
		how.dry_run = true;
		how.columns = options->json ? 0 : page_columns();
		return accounts_run(invocation->accounts,
			invocation->account_count, 1, &verb, &how);
	}
	if (options->keep || options->no_brake || options->same_mailbox) {
		fputs("keepmail: list --local contacts no server: -k, --no-brake and --same-mailbox cannot be used with it\n",
			stderr);
		return EX_USAGE;
	}
	return list_local(invocation->accounts[0], &how);
}
