/* SPDX-License-Identifier: ISC */
#include "cli/report_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/format.h"
#include "core/text.h"
#include "core/uid_name.h"
#include "io/process/log.h"

void report_summary(const struct tally *tally)
{
	char size[32];
	char large[64] = "";
	char failed[64] = "";
	char twice[64] = "";

	if (tally->twice > 0)
		snprintf(twice, sizeof twice,
			" (%" PRIu64 " of them already stored)", tally->twice);
	if (tally->too_large > 0)
		snprintf(large, sizeof large, ", %" PRIu64 " over max-size",
			tally->too_large);
	if (tally->failed > 0)
		snprintf(failed, sizeof failed, ", %" PRIu64 " refused",
			tally->failed);
	log_line(LOG_SUMMARY,
		"fetched %" PRIu64 " (%s)%s, deleted %" PRIu64 ", left %" PRIu64
		"%s%s",
		tally->fetched, text_size(size, sizeof size, tally->octets),
		twice, tally->erased, tally->left, large, failed);
}

void report_rebuilt(const struct tally *tally, bool dry_run)
{
	log_line(LOG_SUMMARY,
		"%" PRIu64 " of %" PRIu64
		" %s on the server %s found here by header and %s recorded as kept",
		tally->rebuilt, tally->left,
		text_plural(tally->left, "message", "messages"),
		text_plural(tally->rebuilt, "was", "were"),
		dry_run ? "would be"
			: text_plural(tally->rebuilt, "is now", "are now"));
}

static void print_step(struct report *report, const struct account *account,
	const struct facts *facts, size_t i, const struct step *step)
{
	const struct message *message = &facts->maildrop->messages[i];
	char *uid = uid_text(maildrop_uid(facts->maildrop, message));
	char size[32] = "?";
	char why[FORMAT_WHY_MAX];

	if (message->size != MAILDROP_SIZE_UNKNOWN)
		text_size(size, sizeof size, message->size);
	report_line(report, 6, "  %-12s %6u %10s  %s  (%s)", format_verb(step),
		message->number, size, uid,
		format_why(why, account, &facts->memories[i], step));
	free(uid);
}

/* Formats when the first of the messages that are not due yet will be due. */
static void make_next_due(char room[FORMAT_WHY_MAX], const struct facts *facts,
	const struct plan *plan)
{
	int64_t next = INT64_MAX;
	char date[FORMAT_TIME_MAX];

	room[0] = '\0';
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->steps[i].why_erase == REASON_NOT_DUE &&
			facts->memories[i].kept_at < next)
			next = facts->memories[i].kept_at;
	}
	if (next != INT64_MAX)
		snprintf(room, FORMAT_WHY_MAX, ", the first on %s",
			format_date(date, next + facts->policy->after));
}

static void print_head(struct report *report, const struct account *account,
	const struct facts *facts, const struct plan *plan)
{
	char size[32];
	char policy[64];

	report_line(report, 4,
		"%s: delete = %s; would fetch %zu (%s), delete %zu, leave %zu; nothing was changed",
		account->name,
		facts->restraint == RESTRAINT_KEEP
			? "never (-k)"
			: policy_format_delete(
				  policy, sizeof policy, facts->policy),
		plan->fetches, text_size(size, sizeof size, plan->octets),
		plan->erasures, plan->count - plan->erasures);
}

void report_next(struct report *report, const struct memory *memory,
	const struct step *step)
{
	char why[PLAN_WHY_MAX];

	report_flag(report, "fetch", step->fetch);
	report_flag(report, "erase", step->erase);
	if (memory->state == MEMORY_KEPT || memory->state == MEMORY_ERASED)
		report_number(report, "kept_at", memory->kept_at);
	report_string(report, "reason", plan_why(why, step));
}

static void report_step(struct report *report, const struct facts *facts,
	size_t i, const struct step *step)
{
	const struct message *message = &facts->maildrop->messages[i];
	const struct memory *memory = &facts->memories[i];
	struct uid uid = maildrop_uid(facts->maildrop, message);

	report_begin_object(report, NULL);
	report_count(report, "number", message->number);
	report_bytes(report, "uid", uid.bytes, uid.length);
	if (message->size != MAILDROP_SIZE_UNKNOWN)
		report_count(report, "size", message->size);
	report_next(report, memory, step);
	report_end(report);
}

void report_plan(struct report *report, const struct account *account,
	const struct facts *facts, const struct plan *plan, bool all)
{
	size_t by_pair[PLAN_PAIRS] = {0};
	char why[PLAN_WHY_MAX];

	report_flag(report, "dry_run", true);
	report_count(report, "would_fetch", plan->fetches);
	report_count(report, "would_erase", plan->erasures);
	print_head(report, account, facts, plan);
	report_begin_array(report, "plan");
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];

		report_step(report, facts, i, step);
		if (all || step->fetch || step->erase)
			print_step(report, account, facts, i, step);
		else
			by_pair[plan_pair(step)]++;
	}
	report_end(report);
	for (size_t i = 0; i < PLAN_PAIRS; i++) {
		struct step step = plan_of_pair(i);
		char next[FORMAT_WHY_MAX] = "";

		if (by_pair[i] == 0)
			continue;
		if (step.why_erase == REASON_NOT_DUE)
			make_next_due(next, facts, plan);
		report_line(report, 4, "  leave %zu (%s%s)", by_pair[i],
			plan_why(why, &step), next);
	}
}

void report_seen(struct uid uid)
{
	struct report report = report_to(false);
	char shown[4 * TEXT_SHOWN_MAX + 8];

	report_print(&report, "  seen  %s\n",
		text_printable(shown, sizeof shown, uid.bytes, uid.length));
}

void report_begin_run(struct report *report, const struct account *account,
	const struct tally *tally, const struct error *err)
{
	report_begin(report, account->name);
	report_number(report, "status", tally->status);
	report_count(report, "fetched", tally->fetched);
	report_count(report, "octets", tally->octets);
	report_count(report, "erased", tally->erased);
	/* Unknown without a listing. */
	if (tally->listed)
		report_count(report, "left", tally->left);
	else
		report_null(report, "left");
	report_count(report, "too_large", tally->too_large);
	report_count(report, "failed", tally->failed);
	if (err->kind != ERROR_NONE) {
		report_string(report, "error", err->text);
		report_optional(report, "server_said", err->server);
	}
}

void report_run(const struct account *account, const struct tally *tally,
	const struct error *err, bool json)
{
	struct report report = report_to(json);

	report_begin_run(&report, account, tally, err);
	report_end(&report);
}

void report_error(struct report *report, const struct account *account,
	const struct error *err)
{
	log_error(err);
	report_begin(report, account->name);
	report_number(report, "status", error_status(err->kind));
	report_string(report, "error", err->text);
	report_end(report);
}

void report_failure(const struct account *account, const struct tally *tally,
	const struct error *err, bool json)
{
	log_account(account->name);
	log_error(err);
	report_run(account, tally, err, json);
	report_flush();
}

void report_task_failure(const struct account *account,
	const struct tally *tally, const struct error *err, bool json)
{
	struct report report = report_to(json);

	(void)tally;
	log_account(account->name);
	report_error(&report, account, err);
	report_flush();
}
