/* SPDX-License-Identifier: ISC */
/*
 * Which time is believed: a board without a battery starts in 1970, and one
 * wrong second hand is enough to make all mail thirty days old.
 */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* All times are in seconds since 1970. */
#define CLOCK_DAY INT64_C(86400)

/* No run is before this: 2026-11-25. To be moved on with each release. */
#define CLOCK_RELEASED INT64_C(1795564800)

/* What earlier runs knew of the time; 0 where nothing is known. */
struct clock_record {
	int64_t sure_at; /* the latest time at which a run was surely right */
	int64_t evidence_at; /* the newest date a mail server wrote into mail */
	int64_t leapt_at;    /* when the clock was found to have leapt ahead */
};

enum clock_trust {
	CLOCK_SURE,
	CLOCK_BEHIND, /* earlier runs, or mail, are of a later time */
	CLOCK_LEAPT,  /* so far ahead of the last run that a second run, on
		       * another day, must agree */
};

struct clock {
	int64_t now;
	enum clock_trust trust;
	bool turned;		    /* it was sure, until mail told otherwise */
	struct clock_record record; /* as it is to be recorded */
};

/*
 * Judges the clock, which says now, by what is on record. It leaps if it is
 * more than interval, and more than 30 days, after the last run. A day's
 * difference is never doubted.
 */
struct clock clock_judge(
	const struct clock_record *record, int64_t now, int64_t interval);

/* Its owner says that the clock is right, whatever is on record. */
struct clock clock_accept(int64_t now);

/*
 * Mail was fetched that a server received at this time (0: none tells). The
 * clock is behind if that is later.
 */
void clock_learn(struct clock *clock, int64_t received);

/* A time for the record that is no later than what is surely past. */
int64_t clock_stamp(const struct clock *clock);

/* Is this time on record so far ahead that it was a wrong clock's? */
bool clock_is_void(int64_t now, int64_t at);

#endif
