/* SPDX-License-Identifier: ISC */
#include "cli/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/json.h"
#include "cli/page.h"
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

const char *report_verb(const struct step *step)
{
	if (step->fetch)
		return step->erase ? "fetch, erase" : "fetch";
	return step->erase ? "erase" : "leave";
}

static struct tm local_time(int64_t seconds)
{
	time_t time = (time_t)seconds;
	struct tm local = {.tm_mday = 1};

	localtime_r(&time, &local);
	return local;
}

char *report_date(char *room, int64_t seconds)
{
	struct tm local = local_time(seconds);

	if (strftime(room, REPORT_TIME_MAX, "%Y-%m-%d %H:%M", &local) == 0)
		room[0] = '\0';
	return room;
}

char *report_long(char *room, const char *text)
{
	return text_printable_long(room, REPORT_LONG_MAX, text, strlen(text));
}

char *report_time(char *room, int64_t seconds)
{
	struct tm local = local_time(seconds);
	size_t n = strftime(
		room, REPORT_TIME_MAX - 1, "%Y-%m-%dT%H:%M:%S%z", &local);

	/* strftime writes +0100, ISO 8601 +01:00. */
	if (n > 2) {
		memmove(room + n - 1, room + n - 2, 3);
		room[n - 2] = ':';
	} else {
		room[0] = '\0';
	}
	return room;
}

char *report_why(char room[REPORT_WHY_MAX], const struct account *account,
	const struct memory *memory, const struct step *step)
{
	char due[REPORT_TIME_MAX + 8] = "";
	char date[REPORT_TIME_MAX];
	char why[PLAN_WHY_MAX];

	if (step->why_erase == REASON_NOT_DUE)
		snprintf(due, sizeof due, ", on %s",
			report_date(
				date, memory->kept_at + account->policy.after));
	snprintf(room, REPORT_WHY_MAX, "%s%s", plan_why(why, step), due);
	return room;
}

static void print_step(const struct account *account, const struct facts *facts,
	size_t i, const struct step *step)
{
	const struct message *message = &facts->maildrop->messages[i];
	char *uid = uid_text(maildrop_uid(facts->maildrop, message));
	char size[32] = "?";
	char why[REPORT_WHY_MAX];

	if (message->size != MAILDROP_SIZE_UNKNOWN)
		text_size(size, sizeof size, message->size);
	page_line(6, "  %-12s %6u %10s  %s  (%s)", report_verb(step),
		message->number, size, uid,
		report_why(why, account, &facts->memories[i], step));
	free(uid);
}

/* Formats when the first of the messages that are not due yet will be due. */
static void make_next_due(char room[REPORT_WHY_MAX], const struct facts *facts,
	const struct plan *plan)
{
	int64_t next = INT64_MAX;
	char date[REPORT_TIME_MAX];

	room[0] = '\0';
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->steps[i].why_erase == REASON_NOT_DUE &&
			facts->memories[i].kept_at < next)
			next = facts->memories[i].kept_at;
	}
	if (next != INT64_MAX)
		snprintf(room, REPORT_WHY_MAX, ", the first on %s",
			report_date(date, next + facts->policy->after));
}

static void print_head(const struct account *account, const struct facts *facts,
	const struct plan *plan)
{
	char size[32];
	char policy[64];

	page_line(4,
		"%s: delete = %s; would fetch %zu (%s), delete %zu, leave %zu; nothing was changed",
		account->name,
		facts->restraint == RESTRAINT_KEEP
			? "never (-k)"
			: policy_format_delete(
				  policy, sizeof policy, facts->policy),
		plan->fetches, text_size(size, sizeof size, plan->octets),
		plan->erasures, plan->count - plan->erasures);
}

void report_plan(const struct account *account, const struct facts *facts,
	const struct plan *plan, bool all)
{
	size_t by_pair[PLAN_PAIRS] = {0};
	char why[PLAN_WHY_MAX];

	print_head(account, facts, plan);
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];

		if (all || step->fetch || step->erase)
			print_step(account, facts, i, step);
		else
			by_pair[plan_pair(step)]++;
	}
	for (size_t i = 0; i < PLAN_PAIRS; i++) {
		struct step step = plan_of_pair(i);

		if (by_pair[i] == 0)
			continue;
		char next[REPORT_WHY_MAX] = "";

		if (step.why_erase == REASON_NOT_DUE)
			make_next_due(next, facts, plan);
		page_line(4, "  leave %zu (%s%s)", by_pair[i],
			plan_why(why, &step), next);
	}
}

static void print_json_step(const struct maildrop *maildrop,
	const struct message *message, const struct memory *memory,
	const struct step *step)
{
	char why[PLAN_WHY_MAX];

	printf("{\"number\":%u,\"uid\":", message->number);
	json_uid(maildrop_uid(maildrop, message));
	if (message->size != MAILDROP_SIZE_UNKNOWN)
		printf(",\"size\":%" PRIu64, message->size);
	printf(",\"fetch\":%s,\"erase\":%s", step->fetch ? "true" : "false",
		step->erase ? "true" : "false");
	if (memory->state == MEMORY_KEPT || memory->state == MEMORY_ERASED)
		printf(",\"kept_at\":%" PRId64, memory->kept_at);
	json_field("reason", plan_why(why, step));
	putchar('}');
}

void report_json(const struct account *account, const struct tally *tally,
	const struct error *err, const struct facts *facts,
	const struct plan *plan)
{
	printf("{\"account\":");
	json_string(account->name, strlen(account->name));
	printf(",\"status\":%d,\"fetched\":%" PRIu64 ",\"octets\":%" PRIu64
	       ",\"erased\":%" PRIu64,
		tally->status, tally->fetched, tally->octets, tally->erased);
	/* Unknown without a listing. */
	if (tally->listed)
		printf(",\"left\":%" PRIu64, tally->left);
	else
		printf(",\"left\":null");
	printf(",\"too_large\":%" PRIu64 ",\"failed\":%" PRIu64,
		tally->too_large, tally->failed);
	if (err->kind != ERROR_NONE) {
		json_field("error", err->text);
		if (err->server[0] != '\0')
			json_field("server_said", err->server);
	}
	if (plan != NULL) {
		printf(",\"dry_run\":true,\"would_fetch\":%zu"
		       ",\"would_erase\":%zu,\"plan\":[",
			plan->fetches, plan->erasures);
		for (size_t i = 0; i < plan->count; i++) {
			if (i > 0)
				putchar(',');
			print_json_step(facts->maildrop,
				&facts->maildrop->messages[i],
				&facts->memories[i], &plan->steps[i]);
		}
		putchar(']');
	}
	printf("}\n");
}

void report_failure(const struct account *account, const struct tally *tally,
	const struct error *err, bool json)
{
	log_account(account->name);
	log_error(err);
	if (!json)
		return;
	report_json(account, tally, err, NULL, NULL);
	fflush(stdout);
}
