/* SPDX-License-Identifier: ISC */
/*
 * io/background.h without a thread, which no input could control: a task is
 * executed when it is begun, or as late as possible.
 */
#include "fakes.h"
#include "io/process/background.h"

bool fake_background_is_late;

void background_begin(
	struct background *background, void (*task)(void *data), void *data)
{
	PROMISE(!background->begun);
	background->task = task;
	background->data = data;
	background->begun = fake_background_is_late;
	if (!background->begun)
		task(data);
}

bool background_is_busy(const struct background *background)
{
	return background->begun;
}

void background_wait(struct background *background)
{
	if (background->begun)
		background->task(background->data);
	background->begun = false;
}
