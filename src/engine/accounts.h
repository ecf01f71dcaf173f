/* SPDX-License-Identifier: ISC */
/* Many accounts, for any command: each in a child process. */
#ifndef ENGINE_ACCOUNTS_H
#define ENGINE_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/account.h"
#include "core/error.h"
#include "engine/outcome.h"
#include "io/process/progress.h"

/* What is done for each account: a task, or sessions. */
struct account_verb {
	/*
	 * All of it, in a process of its own. It asks for the password itself,
	 * prints and reports as it goes, and returns the exit status. NULL: the
	 * sessions below.
	 */
	int (*task)(struct account *account, const struct run_options *options,
		void *context);
	void *context; /* the task's */
	/* The task runs in this process unless the accounts are several users'
	 * (it was started by root): for one that contacts no server. */
	bool in_place;
	/*
	 * One session, in a process of its own; password: NULL to look it up.
	 * Adds to *outcome what came of it, and returns the exit status.
	 */
	int (*session)(struct account *account,
		const struct run_options *options, char *password,
		struct progress *progress, struct outcome *outcome);
	/* Reports where the session that was to follow cannot be had. */
	void (*conclude)(const struct account *account,
		const struct run_options *options, struct outcome *outcome);
	/* Reports an account that did not come to its own report; NULL: the
	 * error is logged. */
	void (*report_failure)(const struct account *account,
		const struct run_options *options,
		const struct outcome *outcome, const struct error *err);
};

/*
 * Does it for the accounts (count of them), at most jobs at once, and returns
 * the worst exit status. Each session has a process of its own, which ends when
 * this one does. An account that fails does not stop the others. Tasks
 * that run one at a time print as they go; otherwise, where there are several,
 * each one's standard output appears in one piece when it is done. After a
 * signal the status of tasks is 75, or worse. Their passwords are forgotten on
 * the way: a child has its own account's alone, and this process none while a
 * server is talked to.
 */
int accounts_run(struct account *const *accounts, size_t count, unsigned jobs,
	const struct account_verb *verb, const struct run_options *options);

#endif
