/* SPDX-License-Identifier: ISC */
#include "commands/jobs.h"

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

#include "commands/report.h"
#include "core/error.h"
#include "core/text.h"
#include "core/xalloc.h"
#include "io/log.h"
#include "io/privilege.h"
#include "io/progress.h"
#include "io/secret.h"

/* What parent and children share. */
struct shared {
	struct progress *progress; /* one for each account, side by side */
	struct tally *tallies;
};

struct child {
	pid_t pid; /* 0: not running */
	size_t account;
	int output; /* what it prints: a file in memory, or -1 */
};

struct jobs {
	struct account *const *accounts;
	size_t count;
	const struct fetch_options *options;
	struct shared shared;
	char **passwords; /* asked for beforehand; NULL: it has its own */
	struct child *children;
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

/* An account whose run did not come to its own report. */
static void account_failed(struct jobs *jobs, size_t i, const struct error *err)
{
	struct tally *tally = &jobs->shared.tallies[i];

	tally->status = error_status(err->kind);
	jobs->status = error_worse(jobs->status, tally->status);
	progress_clear(&jobs->bar);
	log_account(jobs->accounts[i]->name);
	log_error(err);
	if (jobs->options->json) {
		report_json(jobs->accounts[i], tally, err, NULL, NULL, NULL);
		fflush(stdout);
	}
}

/*
 * May this account be fetched? Then asks for what no rc file says, before
 * children would ask all at once.
 */
static bool make_ready(struct jobs *jobs, size_t i)
{
	const struct account *account = jobs->accounts[i];
	struct error err = {.kind = ERROR_NONE};

	if (privilege_check(account, &err)) {
		if (account->password != NULL ||
			account->password_command != NULL ||
			account->password_file != NULL)
			return true;
		if (*jobs->options->stop)
			error_set(&err, ERROR_TEMPORARY, "ended by a signal");
		else if (secret_ask(account, jobs->options->stop,
				 &jobs->passwords[i], &err))
			return true;
	}
	account_failed(jobs, i, &err);
	return false;
}

/* Does a child print anything on standard output? */
static bool has_output(const struct fetch_options *options)
{
	return options->json || options->dry_run;
}

/* What one server may get out of a worker is not the others' passwords. */
static void forget_others(struct jobs *jobs, size_t i)
{
	for (size_t k = 0; k < jobs->count; k++) {
		if (k == i)
			continue;
		account_forget_password(jobs->accounts[k]);
		secret_free(jobs->passwords[k]);
		jobs->passwords[k] = NULL;
	}
}

static void start_child(struct jobs *jobs, struct child *child, size_t i)
{
	struct fetch_options options = *jobs->options;
	struct error err = {.kind = ERROR_NONE};

	options.bar = false;
	child->account = i;
	child->output = -1;
	child->pid = -1;
	if (has_output(&options))
		child->output = memfd_create("keepmail", MFD_CLOEXEC);
	if (child->output >= 0 || !has_output(&options))
		child->pid = fork();
	if (child->pid == 0) {
		int status = EX_OSERR;

		forget_others(jobs, i);
		if (child->output < 0 ||
			dup2(child->output, STDOUT_FILENO) >= 0)
			status = fetch_account(jobs->accounts[i], &options,
				jobs->passwords[i], &jobs->shared.progress[i],
				&jobs->shared.tallies[i]);
		if (fflush(stdout) != 0)
			status = error_worse(status, EX_IOERR);
		_exit(status);
	}
	if (child->pid > 0) {
		jobs->running++;
		/* The child has it; nobody needs it here. */
		account_forget_password(jobs->accounts[i]);
		secret_free(jobs->passwords[i]);
		jobs->passwords[i] = NULL;
		return;
	}
	error_set(&err, ERROR_TEMPORARY, "cannot start a process for it: %s",
		strerror(errno));
	account_failed(jobs, i, &err);
	if (child->output >= 0)
		close(child->output);
	child->pid = 0;
}

/* Passes on what a child printed. */
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

static void child_ended(struct jobs *jobs, pid_t pid, int result, unsigned most)
{
	for (unsigned i = 0; i < most; i++) {
		struct child *child = &jobs->children[i];
		struct error err = {.kind = ERROR_NONE};

		if (child->pid != pid)
			continue;
		child->pid = 0;
		jobs->running--;
		progress_clear(&jobs->bar);
		pass_output(child);
		if (WIFSIGNALED(result)) {
			error_set(&err,
				WTERMSIG(result) == SIGKILL ? ERROR_TEMPORARY
							    : ERROR_SOFTWARE,
				"its process was ended by signal %d; nothing "
				"is lost, run it again",
				WTERMSIG(result));
			account_failed(jobs, child->account, &err);
			continue;
		}
		int status = WEXITSTATUS(result);

		jobs->shared.tallies[child->account].status = status;
		jobs->status = error_worse(jobs->status, status);
	}
}

/* Waits for a child to end, drawing the bar meanwhile. */
static void wait_child(struct jobs *jobs, unsigned most)
{
	struct timespec tick = {.tv_nsec = 50000000};
	int result;
	pid_t pid = waitpid(-1, &result, jobs->options->bar ? WNOHANG : 0);

	if (pid > 0)
		child_ended(jobs, pid, result, most);
	if (pid == 0) {
		progress_draw(&jobs->bar, jobs->shared.progress,
			(unsigned)jobs->count);
		nanosleep(&tick, NULL);
	}
	/* A signal to us alone is for all of us. */
	if (*jobs->options->stop && !jobs->stopped) {
		jobs->stopped = true;
		for (unsigned i = 0; i < most; i++) {
			if (jobs->children[i].pid > 0)
				kill(jobs->children[i].pid, SIGTERM);
		}
	}
}

static void run_children(struct jobs *jobs, unsigned most)
{
	size_t next = 0;

	while (jobs->running > 0 || (next < jobs->count && !jobs->stopped)) {
		for (unsigned i = 0;
			i < most && next < jobs->count && !*jobs->options->stop;
			i++) {
			if (jobs->children[i].pid != 0)
				continue;
			/* It is not ready: that was said already. */
			if (jobs->shared.tallies[next].status == 0)
				start_child(jobs, &jobs->children[i], next);
			next++;
		}
		if (jobs->running > 0)
			wait_child(jobs, most);
		else if (*jobs->options->stop)
			break;
	}
	progress_clear(&jobs->bar);
	for (; next < jobs->count; next++) {
		struct error err = {.kind = ERROR_NONE};

		error_set(&err, ERROR_TEMPORARY,
			"ended by a signal before it was begun");
		if (jobs->shared.tallies[next].status == 0)
			account_failed(jobs, next, &err);
	}
}

static void say_total(const struct jobs *jobs)
{
	struct tally total = {.status = 0};
	size_t failed = 0;
	char size[32];
	char failures[48] = "";

	for (size_t i = 0; i < jobs->count; i++) {
		total.fetched += jobs->shared.tallies[i].fetched;
		total.octets += jobs->shared.tallies[i].octets;
		total.erased += jobs->shared.tallies[i].erased;
		total.left += jobs->shared.tallies[i].left;
		failed += jobs->shared.tallies[i].status != 0;
	}
	if (failed > 0)
		snprintf(failures, sizeof failures, "; %zu failed", failed);
	log_account(NULL);
	log_line(LOG_SUMMARY,
		"%zu accounts: fetched %" PRIu64 " (%s), erased %" PRIu64
		", left %" PRIu64 "%s",
		jobs->count, total.fetched,
		text_size(size, sizeof size, total.octets), total.erased,
		total.left, failures);
}

int jobs_fetch(struct account *const *accounts, size_t count,
	unsigned jobs_at_once, const struct fetch_options *options)
{
	unsigned most = jobs_at_once < count ? jobs_at_once : (unsigned)count;
	struct jobs jobs = {
		.accounts = accounts,
		.count = count,
		.options = options,
		.shared.progress = share(count, sizeof(struct progress)),
		.shared.tallies = share(count, sizeof(struct tally)),
		.passwords = xcalloc(count, sizeof jobs.passwords[0]),
		.children = xcalloc(most, sizeof jobs.children[0]),
	};

	if (jobs.shared.progress == NULL || jobs.shared.tallies == NULL) {
		log_line(LOG_ERRORS, "no memory to share: %s", strerror(errno));
		jobs.status = EX_OSERR;
	} else {
		bool ready = false;

		for (size_t i = 0; i < count; i++)
			ready |= make_ready(&jobs, i);
		if (count > 1) {
			run_children(&jobs, most);
			if (!options->dry_run)
				say_total(&jobs);
		} else if (ready) {
			jobs.status = fetch_account(accounts[0], options,
				jobs.passwords[0], &jobs.shared.progress[0],
				&jobs.shared.tallies[0]);
		}
	}
	for (size_t i = 0; i < count; i++)
		secret_free(jobs.passwords[i]);
	free(jobs.passwords);
	free(jobs.children);
	if (jobs.shared.progress != NULL)
		munmap(jobs.shared.progress, count * sizeof(struct progress));
	if (jobs.shared.tallies != NULL)
		munmap(jobs.shared.tallies, count * sizeof(struct tally));
	return jobs.status;
}
