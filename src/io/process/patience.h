/* SPDX-License-Identifier: ISC */
/* How long something is waited for. */
#ifndef IO_PROCESS_PATIENCE_H
#define IO_PROCESS_PATIENCE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* When to stop waiting. */
struct patience {
	int64_t end;			   /* monotonic, in milliseconds */
	const volatile sig_atomic_t *stop; /* borrowed; or NULL */
	/* Nor longer than until the other end of this socket is closed, or
	 * shut down; 0: there is none. */
	int socket;
};

/* Is over after this many seconds, or as soon as *stop is set. */
struct patience patience_begin(
	int64_t seconds, const volatile sig_atomic_t *stop);
/* Did a signal come, or the other end go? */
bool patience_is_stopped(const struct patience *patience);
bool patience_is_over(const struct patience *patience);

#endif
