/* SPDX-License-Identifier: ISC */
#include "commands/mark_seen.h"

#include <stdio.h>
#include <sysexits.h>

#include "engine/child.h"
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

		/* Without a uid it is never fetched anyway. */
		if (seen.uid.length > 0 &&
			!marks_add(marks, &seen, &marked, err))
			return false;
	}
	return marks_commit(marks, err);
}

static int mark_account(
	struct account *account, const struct run_options *options)
{
	struct error err = {.kind = ERROR_NONE};
	struct mailbox mailbox;
	struct marks marks = {.mailbox = &mailbox};

	if (mailbox_begin(&mailbox, account, options, NULL, &err) &&
		marks_list(&marks, &err) && mark_all(&marks, &err)) {
		if (options->dry_run)
			printf("%s: %zu would count as seen; %zu are known "
			       "already; nothing was changed\n",
				account->name, marks.marked, marks.known);
		else
			log_line(LOG_SUMMARY,
				"%zu count as seen; %zu were known already",
				marks.marked, marks.known);
	}
	return marks_end(&marks, &err);
}

struct marking {
	struct account *const *accounts;
	size_t count;
	size_t at; /* the one that is marked */
	const struct run_options *options;
};

static int mark_apart(void *context)
{
	const struct marking *marking = context;

	for (size_t i = 0; i < marking->count; i++) {
		if (i != marking->at)
			account_forget_password(marking->accounts[i]);
	}
	return mark_account(marking->accounts[marking->at], marking->options);
}

int mark_seen(struct account *const *accounts, size_t count,
	const struct run_options *options)
{
	int status = EX_OK;

	/* Each becomes another user, and gives up all but its own store. */
	for (size_t i = 0; i < count && !*options->stop; i++) {
		struct marking marking = {accounts, count, i, options};

		status = error_worse(status,
			child_run(mark_apart, &marking, accounts[i],
				options->stop));
	}
	return *options->stop ? error_worse(status, EX_TEMPFAIL) : status;
}
