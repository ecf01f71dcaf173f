/* SPDX-License-Identifier: ISC */
/* Runs one task at a time in another thread than that of the network. */
#ifndef IO_PROCESS_BACKGROUND_H
#define IO_PROCESS_BACKGROUND_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Zeroed: no task was started. */
struct background {
	pthread_t thread;
	bool begun; /* a thread was started and not yet joined */
	void (*task)(void *data);
	void *data; /* borrowed */
	atomic_bool done;
};

/*
 * Starts the task in a thread of its own, which gets no signals; if no thread
 * can be created, runs it before returning. The previous task must have been
 * waited for.
 */
void background_begin(
	struct background *background, void (*task)(void *data), void *data);

/* Is a task running? */
bool background_is_busy(const struct background *background);

/* Waits until the task is done; afterwards its results can be read. */
void background_wait(struct background *background);

#endif
