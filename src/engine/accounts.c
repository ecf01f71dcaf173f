/* SPDX-License-Identifier: ISC */
#include "engine/accounts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "core/error.h"
#include "core/text.h"
#include "core/xalloc.h"
#include "engine/child.h"
#include "engine/sessions.h"
#include "io/process/config.h"
#include "io/process/log.h"
#include "io/process/now.h"
#include "io/process/privilege.h"
#include "io/process/progress.h"
#include "io/process/secret.h"

/* Milliseconds between two updates of the progress bar. */
#define TICK 50

struct child {
	pid_t pid; /* 0: not running */
	size_t account;
	int output; /* its standard output: a memfd; -1: not collected */
	/* Shared with this child only, as a malicious server may have taken
	 * control of it. */
	struct outcome *outcome;
};

struct jobs {
	struct account *const *accounts;
	size_t count;
	const struct account_verb *verb;
	const struct run_options *options;
	struct progress *progress; /* shared; one for each account */
	struct outcome *outcomes;  /* owned; the parent's own, private copy */
	char **passwords;	   /* asked for in advance, or NULL */
	struct child *children;
	unsigned most; /* number of children */
	size_t running;
	struct progress_bar bar;
	int status;
	bool stopped;
};

static void *share(size_t count, size_t size)
{
	void *memory = mmap(NULL, count * size, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* Reports an account whose child did not report its failure itself. */
static void account_failed(struct jobs *jobs, size_t i, const struct error *err)
{
	struct tally *tally = &jobs->outcomes[i].tally;

	tally->status = error_status(err->kind);
	jobs->status = error_worse(jobs->status, tally->status);
	progress_clear(&jobs->bar);
	if (jobs->verb->report_failure != NULL) {
		jobs->verb->report_failure(
			jobs->accounts[i], tally, err, jobs->options->json);
	} else {
		log_account(jobs->accounts[i]->name);
		log_error(err);
	}
}

/*
 * Checks that this user may fetch the account, and asks for a password that is
 * not in the rc file now, before several children would ask at once.
 */
static void make_ready(struct jobs *jobs, size_t i)
{
	const struct account *account = jobs->accounts[i];
	struct error err = {.kind = ERROR_NONE};

	if (privilege_check(account, &err)) {
		if (secret_is_at_hand(account))
			return;
		if (*jobs->options->stop)
			error_set(&err, ERROR_TEMPORARY, "stopped by a signal");
		else if (secret_ask(account, jobs->options->stop,
				 &jobs->passwords[i], &err))
			return;
	}
	account_failed(jobs, i, &err);
}

/* Does a child print on standard output? */
static bool has_output(const struct run_options *options)
{
	return options->json || options->dry_run;
}

/*
 * A child that its server has taken control of must not know the passwords of
 * other accounts.
 */
static void forget_others(struct jobs *jobs, size_t i)
{
	for (size_t k = 0; k < jobs->count; k++) {
		if (k == i)
			continue;
		account_forget_secrets(jobs->accounts[k]);
		secret_free(jobs->passwords[k]);
		jobs->passwords[k] = NULL;
	}
}

struct work {
	struct jobs *jobs;
	const struct child *child;
};

static int work(void *context)
{
	const struct work *this = context;
	struct jobs *jobs = this->jobs;
	size_t i = this->child->account;
	struct run_options options = *jobs->options;

	/* Of several accounts, the parent draws the bar. */
	options.bar &= jobs->count == 1 || jobs->verb->task != NULL;
	forget_others(jobs, i);
	for (unsigned k = 0; k < jobs->most; k++) {
		struct child *other = &jobs->children[k];

		if (other != this->child && other->outcome != NULL)
			munmap(other->outcome, sizeof *other->outcome);
	}
	if (jobs->verb->task != NULL)
		return jobs->verb->task(
			jobs->accounts[i], &options, jobs->verb->context);
	/* The session owns it from now on. */
	char *password = jobs->passwords[i];

	jobs->passwords[i] = NULL;
	return jobs->verb->session(jobs->accounts[i], &options, password,
		&jobs->progress[i], this->child->outcome);
}

/* The child has a copy. */
static void forget_password(struct jobs *jobs, size_t i)
{
	account_forget_secrets(jobs->accounts[i]);
	secret_free(jobs->passwords[i]);
	jobs->passwords[i] = NULL;
}

/*
 * The output of parallel children is collected so that it is not interleaved. A
 * child that runs alone prints directly.
 */
static bool collect_output(const struct jobs *jobs, struct child *child)
{
	bool alone = jobs->count == 1 ||
		(jobs->most == 1 && jobs->verb->task != NULL);

	child->output = -1;
	if (alone || !has_output(jobs->options))
		return true;
	child->output = memfd_create("keepmail", MFD_CLOEXEC);
	return child->output >= 0;
}

/* Releases what start_child allocated. */
static void release_child(struct child *child)
{
	if (child->outcome != NULL)
		munmap(child->outcome, sizeof *child->outcome);
	child->outcome = NULL;
	child->pid = 0;
}

static bool start_child(
	struct jobs *jobs, struct child *child, size_t i, struct error *err)
{
	struct work context = {jobs, child};

	child->account = i;
	child->outcome = share(1, sizeof *child->outcome);
	if (child->outcome == NULL || !collect_output(jobs, child)) {
		error_set(err, ERROR_TEMPORARY,
			"cannot allocate shared memory: %s", strerror(errno));
		release_child(child);
		return false;
	}
	if (jobs->outcomes[i].sessions == 0)
		jobs->outcomes[i].began = now_seconds();
	*child->outcome = jobs->outcomes[i];
	pid_t pid = child_start(work, &context, child->output, err);

	if (pid < 0) {
		if (child->output >= 0)
			close(child->output);
		release_child(child);
		return false;
	}
	child->pid = pid;
	jobs->running++;
	forget_password(jobs, i);
	return true;
}

/* Starts the first session of an account. */
static void begin_account(struct jobs *jobs, struct child *child, size_t i)
{
	struct error err = {.kind = ERROR_NONE};

	if (!start_child(jobs, child, i, &err))
		account_failed(jobs, i, &err);
}

/* Gets what was forgotten from the rc file again, if it was there. */
static bool recall_password(struct account *account)
{
	bool at_hand = secret_is_at_hand(account);

	/* OAuth may need the secret of a client, or not. */
	return (at_hand && account->oauth.provider == OAUTH_NONE &&
		       account->destination.gmail.oauth.provider ==
			       OAUTH_NONE) ||
		config_recall_password(account) || at_hand;
}

/*
 * Starts another session of the account in a new process, since the last one
 * has given up the password and the permission to read it. The user is not
 * asked for a password twice.
 */
static bool continue_account(struct jobs *jobs, struct child *child)
{
	struct account *account = jobs->accounts[child->account];
	struct outcome *outcome = &jobs->outcomes[child->account];
	struct error err = {.kind = ERROR_NONE};

	if (*jobs->options->stop || !sessions_may_follow(account, outcome))
		return false;
	if (!recall_password(account)) {
		log_account(account->name);
		log_line(LOG_SUMMARY,
			"no password is available for another session: the next run will fetch the rest");
		return false;
	}
	outcome->after = outcome->next;
	outcome->next = NEXT_NONE;
	if (start_child(jobs, child, child->account, &err))
		return true;
	account_failed(jobs, child->account, &err);
	return true;
}

/* Reports an account whose report was deferred to another session. */
static void conclude_account(struct jobs *jobs, size_t i)
{
	struct outcome *outcome = &jobs->outcomes[i];

	forget_password(jobs, i);
	if (*jobs->options->stop && outcome->error.kind == ERROR_NONE) {
		error_set(&outcome->error, ERROR_TEMPORARY,
			"stopped by a signal before the next session");
		outcome->unsaid = true;
		outcome->tally.status = error_worse(
			outcome->tally.status, error_status(ERROR_TEMPORARY));
	}
	if (jobs->verb->conclude != NULL)
		jobs->verb->conclude(jobs->accounts[i], jobs->options, outcome);
	jobs->status = error_worse(jobs->status, outcome->tally.status);
}

/* Copies a child's collected output to standard output. */
static void pass_output(struct child *child)
{
	char block[8192];
	ssize_t n;

	if (child->output < 0)
		return;
	if (lseek(child->output, 0, SEEK_SET) == 0) {
		while ((n = read(child->output, block, sizeof block)) > 0)
			fwrite(block, 1, (size_t)n, stdout);
	}
	fflush(stdout);
	close(child->output);
}

static struct child *find_child(struct jobs *jobs, pid_t pid)
{
	for (unsigned i = 0; i < jobs->most; i++) {
		if (jobs->children[i].pid == pid)
			return &jobs->children[i];
	}
	return NULL;
}

static void child_ended(struct jobs *jobs, struct child *child, int result)
{
	struct error err = {.kind = ERROR_NONE};
	struct outcome *outcome = &jobs->outcomes[child->account];
	int status = child_status(result, &err);

	jobs->running--;
	progress_clear(&jobs->bar);
	pass_output(child);
	outcome_take(&jobs->outcomes[child->account], child->outcome);
	release_child(child);
	if (err.kind != ERROR_NONE) {
		account_failed(jobs, child->account, &err);
	} else if (outcome->next == NEXT_NONE || jobs->verb->task != NULL) {
		outcome->tally.status = status;
		jobs->status = error_worse(jobs->status, status);
	} else if (!continue_account(jobs, child)) {
		conclude_account(jobs, child->account);
	}
}

static void child_lost(struct jobs *jobs, struct child *child)
{
	struct error err = {.kind = ERROR_NONE};

	error_set(&err, ERROR_SOFTWARE,
		"the process for this account disappeared; no mail was lost, run keepmail again");
	jobs->running--;
	progress_clear(&jobs->bar);
	pass_output(child);
	release_child(child);
	account_failed(jobs, child->account, &err);
}

/* Forwards a signal that only this process received to its children. */
static void pass_signal(struct jobs *jobs)
{
	if (!*jobs->options->stop || jobs->stopped)
		return;
	jobs->stopped = true;
	for (unsigned i = 0; i < jobs->most; i++) {
		if (jobs->children[i].pid > 0)
			kill(jobs->children[i].pid, SIGTERM);
	}
}

/* Waits for a child to end, and updates the bar meanwhile. */
static void wait_child(struct jobs *jobs)
{
	static const volatile sig_atomic_t never;
	bool draws = jobs->options->bar && jobs->count > 1 &&
		jobs->verb->task == NULL;
	int result = 0;
	pid_t pid = child_wait(jobs->stopped ? &never : jobs->options->stop,
		draws ? TICK : 0, &result);
	struct child *child = pid > 0 ? find_child(jobs, pid) : NULL;

	if (child != NULL)
		child_ended(jobs, child, result);
	if (pid == 0 && draws)
		progress_draw(
			&jobs->bar, jobs->progress, (unsigned)jobs->count);
	/* No children exist: another part of the process has reaped them. */
	for (unsigned i = 0; pid < 0 && i < jobs->most; i++) {
		if (jobs->children[i].pid > 0)
			child_lost(jobs, &jobs->children[i]);
	}
	pass_signal(jobs);
}

/*
 * Reports the accounts from next on that were not started before a signal came.
 */
static void report_unbegun(struct jobs *jobs, size_t next)
{
	for (; next < jobs->count; next++) {
		struct error err = {.kind = ERROR_NONE};

		error_set(&err, ERROR_TEMPORARY,
			"stopped by a signal before this account was started");
		if (jobs->outcomes[next].tally.status == 0)
			account_failed(jobs, next, &err);
	}
}

/* Can all accounts be processed without child processes? */
static bool runs_here(const struct jobs *jobs)
{
	return jobs->verb->task != NULL && jobs->verb->in_place &&
		(jobs->count == 1 || geteuid() != 0);
}

static void run_here(struct jobs *jobs)
{
	const struct account_verb *verb = jobs->verb;
	size_t next = 0;

	for (; next < jobs->count && !*jobs->options->stop; next++)
		jobs->status = error_worse(jobs->status,
			verb->task(jobs->accounts[next], jobs->options,
				verb->context));
	report_unbegun(jobs, next);
}

static void run_children(struct jobs *jobs)
{
	size_t next = 0;

	while (jobs->running > 0 || (next < jobs->count && !jobs->stopped)) {
		for (unsigned i = 0; i < jobs->most && next < jobs->count &&
			!*jobs->options->stop;
			i++) {
			if (jobs->children[i].pid != 0)
				continue;
			/* A failure in make_ready has already been reported. */
			if (jobs->outcomes[next].tally.status == 0)
				begin_account(jobs, &jobs->children[i], next);
			next++;
		}
		if (jobs->running > 0)
			wait_child(jobs);
		else if (*jobs->options->stop)
			break;
	}
	progress_clear(&jobs->bar);
	report_unbegun(jobs, next);
}

static void say_total(const struct jobs *jobs)
{
	struct tally total = {.status = 0};
	size_t failed = 0;
	char size[32];
	char failures[48] = "";

	for (size_t i = 0; i < jobs->count; i++) {
		total.fetched += jobs->outcomes[i].tally.fetched;
		total.octets += jobs->outcomes[i].tally.octets;
		total.erased += jobs->outcomes[i].tally.erased;
		total.left += jobs->outcomes[i].tally.left;
		failed += jobs->outcomes[i].tally.status != 0;
	}
	if (failed > 0)
		snprintf(failures, sizeof failures, "; %zu failed", failed);
	log_account(NULL);
	log_line(LOG_SUMMARY,
		"%zu accounts: fetched %" PRIu64 " (%s), deleted %" PRIu64
		", left %" PRIu64 "%s",
		jobs->count, total.fetched,
		text_size(size, sizeof size, total.octets), total.erased,
		total.left, failures);
}

int accounts_run(struct account *const *accounts, size_t count,
	unsigned jobs_at_once, const struct account_verb *verb,
	const struct run_options *options)
{
	struct jobs jobs = {
		.most = jobs_at_once < count ? jobs_at_once : (unsigned)count,
		.accounts = accounts,
		.count = count,
		.verb = verb,
		.options = options,
		.progress = share(count, sizeof(struct progress)),
		.outcomes = xcalloc(count, sizeof jobs.outcomes[0]),
		.passwords = xcalloc(count, sizeof jobs.passwords[0]),
		.children = xcalloc(count, sizeof jobs.children[0]),
	};

	if (jobs.progress == NULL) {
		log_line(LOG_ERRORS, "cannot allocate shared memory: %s",
			strerror(errno));
		jobs.status = EX_OSERR;
	} else if (runs_here(&jobs)) {
		run_here(&jobs);
	} else {
		for (size_t i = 0; verb->task == NULL && i < count; i++)
			make_ready(&jobs, i);
		run_children(&jobs);
		if (verb->task == NULL && count > 1 && !options->dry_run)
			say_total(&jobs);
	}
	if (verb->task != NULL && *options->stop)
		jobs.status = error_worse(jobs.status, EX_TEMPFAIL);
	for (size_t i = 0; i < count; i++)
		secret_free(jobs.passwords[i]);
	free(jobs.outcomes);
	free(jobs.passwords);
	free(jobs.children);
	if (jobs.progress != NULL)
		munmap(jobs.progress, count * sizeof(struct progress));
	return jobs.status;
}
