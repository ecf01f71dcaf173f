/* SPDX-License-Identifier: ISC */
/* What a run or a plan looks like, to people and as JSON. */
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

/* Room for what a stranger said, made printable, and for a time in words. */
#define REPORT_SHOWN (4 * TEXT_SHOWN_MAX + 8)
#define REPORT_TIME_MAX 40
#define REPORT_WHY_MAX (PLAN_WHY_MAX + 32)

/* Writes a local time as "2026-12-01 10:20". Returns room (REPORT_TIME_MAX). */
char *report_date(char *room, int64_t seconds);

/* Writes it to the second with its zone: "2026-12-01T10:20:30+01:00". */
char *report_time(char *room, int64_t seconds);

/* The same of a rebuild. */
void report_rebuilt(const struct tally *tally, bool dry_run);
/* What the plan does with a message: "fetch", "fetch, erase", "leave". */
const char *report_verb(const struct step *step);

/* Why, with the day on which it will be erased. Returns room. */
char *report_why(char room[REPORT_WHY_MAX], const struct account *account,
	const struct memory *memory, const struct step *step);

/* Shows the summary line of a run: "fetched 3 (41 KiB), erased 2, left 118". */
void report_summary(const struct tally *tally);

/*
 * Prints a plan on standard output: what would be fetched and erased line by
 * line, and what stays by reason (each line by line too with all).
 */
void report_plan(const struct account *account, const struct facts *facts,
	const struct plan *plan, bool all);

/*
 * Prints one JSON object for an account on standard output. plan (with the
 * facts that it was made of) is NULL unless this is a dry run; err has no kind
 * when all went well.
 */
void report_json(const struct account *account, const struct tally *tally,
	const struct error *err, const struct facts *facts,
	const struct plan *plan);

/* Reports an account whose run did not come to its own report. */
void report_failure(const struct account *account, const struct tally *tally,
	const struct error *err, bool json);

#endif
