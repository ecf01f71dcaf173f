/* SPDX-License-Identifier: ISC */
#include "io/process/background.h"

#include <signal.h>
#include <stddef.h>

static void *run(void *data)
{
	struct background *background = data;

	background->task(background->data);
	atomic_store(&background->done, true);
	return NULL;
}

void background_begin(
	struct background *background, void (*task)(void *data), void *data)
{
	sigset_t all;
	sigset_t before;

	background->task = task;
	background->data = data;
	atomic_store(&background->done, false);
	sigfillset(&all);
	/* Signals are to interrupt the thread that waits for the network. */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	background->begun =
		pthread_create(&background->thread, NULL, run, background) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!background->begun)
		run(background);
}

bool background_is_busy(const struct background *background)
{
	return background->begun && !atomic_load(&background->done);
}

void background_wait(struct background *background)
{
	if (background->begun)
		pthread_join(background->thread, NULL);
	background->begun = false;
}
