/* SPDX-License-Identifier: ISC */
/*
 * Something done in a process of its own: to become another user, and to give
 * up what is not needed any more, is for good.
 */
#ifndef ENGINE_CHILD_H
#define ENGINE_CHILD_H

#include <signal.h>
#include <sys/types.h>

#include "core/error.h"

/* Returns an exit status. */
typedef int child_task(void *context);

/*
 * Starts a process that does the task and exits with its status; output, unless
 * negative, is its standard output. It ends when this process does. Returns its
 * id; or -1, with ERROR_TEMPORARY, where none can be started.
 */
pid_t child_start(
	child_task *task, void *context, int output, struct error *err);

/*
 * Waits until one of them has ended, a signal came, or so many milliseconds
 * passed (0: however long it takes). Returns its id, and waitpid's *result; or
 * 0, at once when *stop is not 0 already; or -1: there is none.
 */
pid_t child_wait(
	const volatile sig_atomic_t *stop, int milliseconds, int *result);

/*
 * The exit status in such a result; for a process that was killed, that of the
 * error, which says so.
 */
int child_status(int result, struct error *err);

#endif
