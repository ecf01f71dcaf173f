/* SPDX-License-Identifier: ISC */
/* The progress of a run: counters, and a bar on the terminal. */
#ifndef IO_PROCESS_PROGRESS_H
#define IO_PROCESS_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The counters of an account. They may be in memory that a child shares with
 * its parent; counting needs no system call.
 */
struct progress {
	_Atomic uint64_t messages;	 /* fetched so far */
	_Atomic uint64_t octets;	 /* of messages, received so far */
	_Atomic uint64_t total_messages; /* 0: unknown */
	_Atomic uint64_t total_octets;	 /* 0: unknown */
};

/*
 * Sets how much is still to be fetched, in addition to what was counted so far,
 * perhaps in earlier sessions of the run. octets: 0 if unknown.
 */
void progress_start(
	struct progress *progress, uint64_t messages, uint64_t octets);

/* Counts bytes that were received, and messages that are complete. */
void progress_add(
	struct progress *progress, uint64_t messages, uint64_t octets);

/* The bar; to be zeroed before the first progress_draw. */
struct progress_bar {
	bool shown;
	double started; /* seconds, monotonic */
	double drawn;
};

/*
 * Draws the bar on standard error, for the sum of the counters of count
 * accounts, unless there is nothing to show or it was drawn less than 0.1
 * seconds ago.
 */
void progress_draw(struct progress_bar *bar, const struct progress *progress,
	unsigned count);

/* Erases the bar. */
void progress_clear(struct progress_bar *bar);

#endif
