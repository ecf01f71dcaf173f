/* SPDX-License-Identifier: ISC */
/* Reports runs, plans and failures. */
#ifndef CLI_REPORT_RUN_H
#define CLI_REPORT_RUN_H

#include <stdbool.h>

#include "cli/report.h"
#include "core/account.h"
#include "core/error.h"
#include "core/plan.h"
#include "core/tally.h"

/* Logs the summary line of a rebuild. */
void report_rebuilt(const struct tally *tally, bool dry_run);

/*
 * Logs the summary line of a run: "fetched 3 (41 KiB), erased 2, left 118".
 */
void report_summary(const struct tally *tally);

/*
 * Begins the object of a run. err: ERROR_NONE if it succeeded. The caller ends
 * the object.
 */
void report_begin_run(struct report *report, const struct account *account,
	const struct tally *tally, const struct error *err);

/*
 * Reports what a dry run would do, within the object of the run: each message,
 * and as text a line for each to be fetched or erased, and one for each reason
 * why others stay (with all, a line for each of those messages).
 */
void report_plan(struct report *report, const struct account *account,
	const struct facts *facts, const struct plan *plan, bool all);

/* The fields that say what a fetch will do with a message, and why. */
void report_next(struct report *report, const struct memory *memory,
	const struct step *step);

/* Prints a line for a message that a dry run would mark as seen. */
void report_seen(struct uid uid);

/* The whole object of a run. */
void report_run(const struct account *account, const struct tally *tally,
	const struct error *err, bool json);

/* Logs an error, which is all that can be reported of the account. */
void report_error(struct report *report, const struct account *account,
	const struct error *err);

/*
 * Reports an account whose process did not report its failure itself, with the
 * counts of a run or, for commands that do not have these, without.
 */
void report_failure(const struct account *account, const struct tally *tally,
	const struct error *err, bool json);
void report_task_failure(const struct account *account,
	const struct tally *tally, const struct error *err, bool json);

#endif
