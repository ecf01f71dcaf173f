/* SPDX-License-Identifier: ISC */
/* Runs any command for a number of accounts, each in a child process. */
#ifndef ENGINE_ACCOUNTS_H
#define ENGINE_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/account.h"
#include "core/error.h"
#include "engine/outcome.h"
#include "io/process/progress.h"

/* What a command does for each account: either a task or sessions. */
struct account_verb {
	/*
	 * The whole command for one account, in a process of its own. It asks
	 * for the password itself, prints its own output and errors, and
	 * returns the exit status. NULL: session is used.
	 */
	int (*task)(struct account *account, const struct run_options *options,
		void *context);
	void *context; /* borrowed; passed to task */
	/* Runs the task in this process unless it was started by root (the
	 * accounts may then belong to several users). For tasks that contact no
	 * server. */
	bool in_place;
	/*
	 * One session, in a process of its own. password: NULL if it is to be
	 * looked up. Adds its result to *outcome and returns the exit status.
	 */
	int (*session)(struct account *account,
		const struct run_options *options, char *password,
		struct progress *progress, struct outcome *outcome);
	/* Reports the account if a further session was expected but cannot be
	 * started. NULL: the command never needs a further one. */
	void (*conclude)(const struct account *account,
		const struct run_options *options, struct outcome *outcome);
	/* Reports an account that failed without reporting it itself. NULL: the
	 * error is logged. */
	void (*report_failure)(const struct account *account,
		const struct tally *tally, const struct error *err, bool json);
};

/*
 * Runs verb for each of the accounts (count of them), with at most jobs
 * processes at a time, and returns the worst exit status. Each session has a
 * process of its own, which is terminated if this process ends. If an account
 * fails, the others continue. Tasks that run one at a time print directly;
 * otherwise, if there are several, the standard output of each is printed in
 * one piece when it ends. If a signal stopped it, the status of tasks is at
 * least EX_TEMPFAIL (75). Passwords are wiped on the way: a child keeps only
 * that of its own account, and this process keeps none while a session runs.
 */
int accounts_run(struct account *const *accounts, size_t count, unsigned jobs,
	const struct account_verb *verb, const struct run_options *options);

#endif
