/* SPDX-License-Identifier: ISC */
#include "commands/markseen.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "commands/visit.h"
#include "io/log.h"

static bool mark_all(struct visit *visit, struct error *err)
{
	const struct maildrop *maildrop = &visit->maildrop;
	bool marked;

	if (!visit_note(visit, err))
		return false;
	for (size_t i = 0; i < maildrop->count; i++) {
		const struct message *message = &maildrop->messages[i];
		struct store_seen seen = {
			.uid = maildrop_uid(maildrop, message),
			.uid_length = message->uid_length,
			.ordinal = message->ordinal,
			.since = visit->now,
			.origin = "mark-seen",
		};

		/* Without a uid it is never fetched anyway. */
		if (seen.uid_length > 0 &&
			!visit_mark(visit, &seen, &marked, err))
			return false;
	}
	return visit_commit(visit, err);
}

static int mark_account(
	struct account *account, const struct fetch_options *options)
{
	struct error err = {.kind = ERROR_NONE};
	struct visit visit;

	if (visit_begin(&visit, account, options, &err) &&
		visit_list(&visit, &err) && mark_all(&visit, &err)) {
		if (options->dry_run)
			printf("%s: %zu would count as seen; %zu are known "
			       "already; nothing was changed\n",
				account->name, visit.marked, visit.known);
		else
			log_line(LOG_SUMMARY,
				"%zu count as seen; %zu were known already",
				visit.marked, visit.known);
	}
	return visit_end(&visit, &err);
}

/* Each becomes another user, and gives up all but its own store, for good. */
static int mark_apart(struct account *const *accounts, size_t count, size_t i,
	const struct fetch_options *options)
{
	int result = 0;

	fflush(stdout);
	pid_t pid = fork();

	if (pid == 0) {
		for (size_t k = 0; k < count; k++) {
			if (k != i)
				account_forget_password(accounts[k]);
		}
		int status = mark_account(accounts[i], options);

		_exit(fflush(stdout) != 0 ? error_worse(status, EX_IOERR)
					  : status);
	}
	if (pid < 0) {
		log_account(accounts[i]->name);
		log_line(LOG_ERRORS, "cannot start a process for it: %s",
			strerror(errno));
		return EX_TEMPFAIL;
	}
	while (waitpid(pid, &result, 0) < 0 && errno == EINTR) {
		if (*options->stop)
			kill(pid, SIGTERM);
	}
	return WIFEXITED(result) ? WEXITSTATUS(result) : EX_SOFTWARE;
}

int mark_seen(struct account *const *accounts, size_t count,
	const struct fetch_options *options)
{
	int status = EX_OK;

	if (count == 1)
		return mark_account(accounts[0], options);
	for (size_t i = 0; i < count && !*options->stop; i++)
		status = error_worse(
			status, mark_apart(accounts, count, i, options));
	return *options->stop ? error_worse(status, EX_TEMPFAIL) : status;
}
