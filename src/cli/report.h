/* SPDX-License-Identifier: ISC */
/* Prints runs and plans, for people and as JSON. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/account.h"
#include "core/error.h"
#include "core/maildrop.h"
#include "core/plan.h"
#include "core/tally.h"
#include "core/text.h"

/*
 * Buffer sizes for text from outside made printable, for a path or a recorded
 * error made printable, for a time, and for a step's reasons.
 */
#define REPORT_SHOWN (4 * TEXT_SHOWN_MAX + 8)
#define REPORT_LONG_MAX 4808
#define REPORT_TIME_MAX 40
#define REPORT_WHY_MAX (PLAN_WHY_MAX + 32)

/*
 * Formats a local time as "2026-12-01 10:20". Returns room (REPORT_TIME_MAX).
 */
char *report_date(char *room, int64_t seconds);

/* Formats a local time with its zone: "2026-12-01T10:20:30+01:00". */
char *report_time(char *room, int64_t seconds);

/*
 * Makes a path or a recorded error printable. A recorded error has at most
 * 1,200 bytes, each shown as up to 4. Returns room (REPORT_LONG_MAX).
 */
char *report_long(char *room, const char *text);

/* Prints the summary line of a rebuild. */
void report_rebuilt(const struct tally *tally, bool dry_run);

/* Returns what a step does: "fetch", "fetch, erase", "erase" or "leave". */
const char *report_verb(const struct step *step);

/*
 * Formats a step's reasons, with the date when the message is due. Returns
 * room.
 */
char *report_why(char room[REPORT_WHY_MAX], const struct account *account,
	const struct memory *memory, const struct step *step);

/*
 * Prints the summary line of a run: "fetched 3 (41 KiB), erased 2, left 118".
 */
void report_summary(const struct tally *tally);

/*
 * Prints a plan on standard output: a line for each message to be fetched or
 * erased, and one for each reason why others stay (with all, a line for each of
 * those messages).
 */
void report_plan(const struct account *account, const struct facts *facts,
	const struct plan *plan, bool all);

/*
 * Prints the JSON object of an account on standard output. plan and facts, from
 * which it was made, are NULL unless this is a dry run. err: ERROR_NONE if the
 * run succeeded.
 */
void report_json(const struct account *account, const struct tally *tally,
	const struct error *err, const struct facts *facts,
	const struct plan *plan);

/* Reports an account whose process did not report its failure itself. */
void report_failure(const struct account *account, const struct tally *tally,
	const struct error *err, bool json);

#endif
