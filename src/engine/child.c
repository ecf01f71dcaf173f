/* SPDX-License-Identifier: ISC */
#include "engine/child.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "io/process/log.h"
#include "io/process/privilege.h"
#include "io/process/streams.h"

#ifdef COVERAGE
void __gcov_dump(void); /* gcc's */
#endif

/* In a build for coverage, _exit does not write the counts. */
static void write_counts(void)
{
#ifdef COVERAGE
	__gcov_dump();
#endif
}

/* The signals that end a wait. */
static void make_wait_set(sigset_t *set)
{
	static const int numbers[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP};

	sigemptyset(set);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		sigaddset(set, numbers[i]);
}

static void on_child(int number)
{
	(void)number;
}

/*
 * The parent process may have ignored SIGCHLD or blocked these signals. Done
 * once, before the first fork.
 */
static void enable_signals(void)
{
	static bool done;
	struct sigaction action = {
		.sa_handler = on_child,
		.sa_flags = SA_RESTART,
	};
	sigset_t heard;

	if (done)
		return;
	done = true;
	make_wait_set(&heard);
	sigaction(SIGCHLD, &action, NULL);
	sigprocmask(SIG_UNBLOCK, &heard, NULL);
}

pid_t child_start(
	child_task *task, void *context, int output, struct error *err)
{
	pid_t parent = getpid();

	enable_signals();
	/* Otherwise both processes would print what is still buffered. */
	fflush(stdout);
	pid_t pid = fork();

	if (pid == 0) {
		struct error unwritten = {.kind = ERROR_NONE};
		int status = EX_OSERR;

		privilege_end_with(parent);
		if (output < 0 || dup2(output, STDOUT_FILENO) >= 0)
			status = task(context);
		if (!streams_flush(&unwritten)) {
			log_error(&unwritten);
			status = error_worse(
				status, error_status(unwritten.kind));
		}
		write_counts();
		_exit(status);
	}
	if (pid < 0)
		error_set(err, ERROR_TEMPORARY,
			"cannot start a process for this account: %s",
			strerror(errno));
	return pid;
}

/*
 * The signals are blocked until pselect, so that one that arrives after *stop
 * was checked still ends the wait.
 */
pid_t child_wait(
	const volatile sig_atomic_t *stop, int milliseconds, int *result)
{
	struct timespec timeout = {.tv_nsec = milliseconds * 1000000L};
	sigset_t held;
	sigset_t before;

	make_wait_set(&held);
	sigprocmask(SIG_BLOCK, &held, &before);
	pid_t pid = waitpid(-1, result, WNOHANG);

	if (pid == 0 && !*stop) {
		pselect(0, NULL, NULL, NULL, milliseconds > 0 ? &timeout : NULL,
			&before);
		pid = waitpid(-1, result, WNOHANG);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid;
}

int child_status(int result, struct error *err)
{
	if (WIFEXITED(result))
		return WEXITSTATUS(result);
	error_set(err,
		WTERMSIG(result) == SIGKILL ? ERROR_TEMPORARY : ERROR_SOFTWARE,
		"the process for this account was killed by signal %d; no mail was lost, run keepmail again",
		WTERMSIG(result));
	return error_status(err->kind);
}
