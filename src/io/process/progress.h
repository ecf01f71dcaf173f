/* SPDX-License-Identifier: ISC */
/* How far long work has got: counters anyone may read, and a bar. */
#ifndef IO_PROCESS_PROGRESS_H
#define IO_PROCESS_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * One account's counters. They may lie in memory that a child process shares
 * with its parent: counting is a store to memory and costs no system call.
 */
struct progress {
	_Atomic uint64_t messages;	 /* fetched so far */
	_Atomic uint64_t octets;	 /* received so far, of these */
	_Atomic uint64_t total_messages; /* 0 until it is known */
	_Atomic uint64_t total_octets;	 /* 0 while it is not known */
};

/*
 * Says what there is to fetch, besides what came already, in earlier sessions
 * of the run, too. octets: 0 while it is not known.
 */
void progress_start(
	struct progress *progress, uint64_t messages, uint64_t octets);

/* Counts octets received, and messages complete. */
void progress_add(
	struct progress *progress, uint64_t messages, uint64_t octets);

/* A bar over count accounts; zero it before the first progress_draw. */
struct progress_bar {
	bool shown;
	double started; /* seconds, monotonic */
	double drawn;
};

/*
 * Draws the bar over the counters' sum on standard error, if a tenth of a
 * second has passed since it was last drawn and there is anything to show.
 */
void progress_draw(struct progress_bar *bar, const struct progress *progress,
	unsigned count);

/* Takes the bar off the terminal again. */
void progress_clear(struct progress_bar *bar);

#endif
