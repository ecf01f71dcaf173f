/* SPDX-License-Identifier: ISC */
/*
 * Judges whether the system clock can be trusted: a board without a battery
 * starts in 1970, and a clock that is ahead makes all mail look old enough to
 * be erased.
 */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* All times are in seconds since 1970. */
#define CLOCK_DAY INT64_C(86400)

/* No run can be earlier: 2026-11-25. To be updated with each release. */
#define CLOCK_RELEASED INT64_C(1795564800)

/* What earlier runs recorded about the time; 0: nothing. */
struct clock_record {
	int64_t sure_at; /* the latest time at which the clock was trusted */
	int64_t evidence_at; /* the newest date that a mail server wrote */
	int64_t leapt_at;    /* when the clock was found to be far ahead */
};

enum clock_trust {
	CLOCK_SURE,
	CLOCK_BEHIND, /* earlier than a previous run, or than fetched mail */
	CLOCK_LEAPT,  /* so far ahead of the last run that a run on another
		       * day must confirm it */
};

struct clock {
	int64_t now;
	enum clock_trust trust;
	bool turned; /* it was CLOCK_SURE until mail contradicted it */
	struct clock_record record; /* what is to be recorded now */
};

/*
 * Judges the clock, which shows now, by what is on record. It has leapt if it
 * is more than 30 days, and more than interval (seconds), after the last run. A
 * difference of up to a day is always accepted.
 */
struct clock clock_judge(
	const struct clock_record *record, int64_t now, int64_t interval);

/* The user says that the clock is right, whatever is on record. */
struct clock clock_accept(int64_t now);

/*
 * Takes note of fetched mail that a server received at this time (0: unknown).
 * If that is later than the clock, the clock is behind.
 */
void clock_learn(struct clock *clock, int64_t received);

/* The time to record: the clock's, or the latest that is certain. */
int64_t clock_stamp(const struct clock *clock);

/*
 * Since when mail counts as kept that was stored now, by the system's clock: 0
 * (not known) if that clock is doubted.
 */
int64_t clock_kept_since(const struct clock *clock, int64_t now);

/* Is a recorded time so far in the future that the clock must have been wrong?
 */
bool clock_is_void(int64_t now, int64_t at);

#endif
