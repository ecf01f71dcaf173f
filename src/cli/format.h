/* SPDX-License-Identifier: ISC */
/* Times, long texts and reasons, as people read them. */
#ifndef CLI_FORMAT_H
#define CLI_FORMAT_H

#include <stdint.h>

#include "core/account.h"
#include "core/plan.h"

/*
 * Buffer sizes for a path or a recorded error made printable, for a time, and
 * for a step's reasons.
 */
#define FORMAT_LONG_MAX 4808
#define FORMAT_TIME_MAX 40
#define FORMAT_WHY_MAX (PLAN_WHY_MAX + 32)

/*
 * Formats a local time as "2026-12-01 10:20". Returns room (FORMAT_TIME_MAX).
 */
char *format_date(char *room, int64_t seconds);

/* Formats a local time with its zone: "2026-12-01T10:20:30+01:00". */
char *format_time(char *room, int64_t seconds);

/*
 * Makes a path or a recorded error printable. A recorded error has at most
 * 1,200 bytes, each shown as up to 4. Returns room (FORMAT_LONG_MAX).
 */
char *format_long(char *room, const char *text);

/* Returns what a step does: "fetch", "fetch, erase", "erase" or "leave". */
const char *format_verb(const struct step *step);

/*
 * Formats a step's reasons, with the date when the message is due. Returns
 * room.
 */
char *format_why(char room[FORMAT_WHY_MAX], const struct account *account,
	const struct memory *memory, const struct step *step);

#endif
