/* SPDX-License-Identifier: ISC */
#include "cli/command.h"
#include "cli/report_run.h"
#include "commands/run_options.h"
#include "core/text.h"
#include "engine/accounts.h"
#include "engine/marks.h"
#include "io/process/log.h"
#include "io/store/store_seen.h"

static bool mark_all(struct marks *marks, struct error *err)
{
	const struct mailbox *mailbox = marks->mailbox;
	const struct maildrop *maildrop = &mailbox->maildrop;
	bool marked;

	if (!marks_begin(marks, err))
		return false;
	for (size_t i = 0; i < maildrop->count; i++) {
		const struct message *message = &maildrop->messages[i];
		struct store_seen seen = {
			.uid = maildrop_uid(maildrop, message),
			.since = mailbox->clock.now,
			.origin = "mark-seen",
		};

		/* A message without a uid is never fetched anyway. */
		if (seen.uid.length > 0 &&
			!marks_add(marks, &seen, &marked, err))
			return false;
	}
	return marks_commit(marks, err);
}

static int mark_account(struct account *account,
	const struct run_options *options, void *context)
{
	struct error err = {.kind = ERROR_NONE};
	struct report report = report_to(options->json);
	struct mailbox mailbox;
	struct marks marks = {.mailbox = &mailbox, .show = report_seen};

	(void)context;
	if (mailbox_begin(&mailbox, account, options, NULL, &err) &&
		marks_list(&marks, &err) && mark_all(&marks, &err)) {
		if (options->dry_run)
			report_print(&report,
				"%s: %zu %s would count as seen; %zu already known; nothing was changed\n",
				account->name, marks.marked,
				text_plural(
					marks.marked, "message", "messages"),
				marks.known);
		else
			log_line(LOG_SUMMARY,
				"%zu %s as seen; %zu already known",
				marks.marked,
				text_plural(marks.marked, "message now counts",
					"messages now count"),
				marks.known);
	}
	return marks_end(&marks, &err);
}

int command_mark_seen(const struct invocation *invocation)
{
	static const struct account_verb mark = {.task = mark_account};
	struct run_options options = run_options_make(invocation);

	return accounts_run(invocation->accounts, invocation->account_count, 1,
		&mark, &options);
}
