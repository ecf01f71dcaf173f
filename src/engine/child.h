/* SPDX-License-Identifier: ISC */
/*
 * Runs a function in a child process, since changing the user and dropping
 * permissions cannot be undone.
 */
#ifndef ENGINE_CHILD_H
#define ENGINE_CHILD_H

#include <signal.h>
#include <sys/types.h>

#include "core/error.h"

/* Runs in the child; returns its exit status. */
typedef int child_task(void *context);

/*
 * Starts a process that runs task and exits with the status it returns. output,
 * unless negative, becomes its standard output. The child is terminated when
 * this process ends. Returns its pid; or -1 with ERROR_TEMPORARY if it cannot
 * be started.
 */
pid_t child_start(
	child_task *task, void *context, int output, struct error *err);

/*
 * Waits until a child ends, a signal arrives, or this many milliseconds have
 * passed (0: no limit). Returns the child's pid, with *result as waitpid stores
 * it; 0 if none has ended (immediately if *stop is not 0); or -1 if there are
 * no children.
 */
pid_t child_wait(
	const volatile sig_atomic_t *stop, int milliseconds, int *result);

/*
 * Converts a result of child_wait to an exit status. If the child was killed,
 * sets err and returns that error's status.
 */
int child_status(int result, struct error *err);

#endif
