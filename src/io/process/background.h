/* SPDX-License-Identifier: ISC */
/* One task at a time beside the one that waits for the network. */
#ifndef IO_PROCESS_BACKGROUND_H
#define IO_PROCESS_BACKGROUND_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* All zero: nothing was begun. */
struct background {
	pthread_t thread;
	bool begun; /* and not waited for */
	void (*task)(void *data);
	void *data; /* borrowed */
	atomic_bool done;
};

/*
 * Begins the task, in a thread of its own, which gets no signals; where there
 * is none to be had, does it at once. Not before the last one was waited for.
 */
void background_begin(
	struct background *background, void (*task)(void *data), void *data);

/* Is a task under way? */
bool background_is_busy(const struct background *background);

/* Waits until the task is done: what it wrote may be read then. */
void background_wait(struct background *background);

#endif
