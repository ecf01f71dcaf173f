/* SPDX-License-Identifier: ISC */
#include "core/plan.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define DAY INT64_C(86400)
#define NOW INT64_C(1800000000)
#define UNKNOWN MAILDROP_SIZE_UNKNOWN

/* The message in question is the first of three; the other two are kept. */
static const struct row {
	const char *sentence; /* that must be true */
	struct policy policy;
	struct memory memory;
	uint64_t size;
	struct step step;
} rows[] = {
	{"new mail is fetched", {.erase = ERASE_NEVER}, {.state = MEMORY_NONE},
		1000, {.fetch = true, .reason = REASON_NEW}},
	{"new mail is fetched and erased at once under delete = now",
		{.erase = ERASE_NOW}, {.state = MEMORY_NONE}, 1000,
		{.fetch = true,
			.erase = true,
			.reason = REASON_NEW_THEN_ERASED}},
	{"new mail is not erased under delete = after",
		{.erase = ERASE_AFTER, .after = DAY}, {.state = MEMORY_NONE},
		1000, {.fetch = true, .reason = REASON_NEW}},
	{"new mail among the newest is fetched and stays",
		{.erase = ERASE_NOW, .keep_newest = 3}, {.state = MEMORY_NONE},
		1000, {.fetch = true, .reason = REASON_NEW_NEWEST}},
	{"-k fetches new mail and leaves it there",
		{.erase = ERASE_NOW, .keep = true}, {.state = MEMORY_NONE},
		1000, {.fetch = true, .reason = REASON_NEW}},
	{"-k leaves due mail there",
		{.erase = ERASE_AFTER, .after = DAY, .keep = true},
		{.state = MEMORY_KEPT, .kept_at = 1}, 1000,
		{.reason = REASON_NEVER}},
	{"new mail one older than the newest goes",
		{.erase = ERASE_NOW, .keep_newest = 2}, {.state = MEMORY_NONE},
		1000,
		{.fetch = true,
			.erase = true,
			.reason = REASON_NEW_THEN_ERASED}},
	{"mail of exactly max-size is fetched", {.max_size = 1000},
		{.state = MEMORY_NONE}, 1000,
		{.fetch = true, .reason = REASON_NEW}},
	{"mail over max-size is left", {.max_size = 1000},
		{.state = MEMORY_NONE}, 1001, {.reason = REASON_TOO_LARGE}},
	{"mail over max-size is left even under delete = now",
		{.erase = ERASE_NOW, .max_size = 1000}, {.state = MEMORY_NONE},
		1001, {.reason = REASON_TOO_LARGE}},
	{"mail of unknown size is fetched whatever max-size is",
		{.max_size = 1000}, {.state = MEMORY_NONE}, UNKNOWN,
		{.fetch = true, .reason = REASON_NEW}},
	{"kept mail stays under delete = never", {.erase = ERASE_NEVER},
		{.state = MEMORY_KEPT, .kept_at = 0}, 1000,
		{.reason = REASON_NEVER}},
	{"kept mail over max-size is kept mail all the same",
		{.erase = ERASE_NOW, .max_size = 10}, {.state = MEMORY_KEPT},
		1000, {.erase = true, .reason = REASON_ERASE_NOW}},
	{"kept mail goes under delete = now", {.erase = ERASE_NOW},
		{.state = MEMORY_KEPT, .kept_at = NOW}, 1000,
		{.erase = true, .reason = REASON_ERASE_NOW}},
	{"kept mail stays a second before its time",
		{.erase = ERASE_AFTER, .after = 30 * DAY},
		{.state = MEMORY_KEPT, .kept_at = NOW - 30 * DAY + 1}, 1000,
		{.reason = REASON_NOT_DUE}},
	{"kept mail goes at its time",
		{.erase = ERASE_AFTER, .after = 30 * DAY},
		{.state = MEMORY_KEPT, .kept_at = NOW - 30 * DAY}, 1000,
		{.erase = true, .reason = REASON_DUE}},
	{"kept mail goes long after its time",
		{.erase = ERASE_AFTER, .after = DAY},
		{.state = MEMORY_KEPT, .kept_at = 1}, 1000,
		{.erase = true, .reason = REASON_DUE}},
	{"mail kept in the future (a clock set back) stays",
		{.erase = ERASE_AFTER, .after = DAY},
		{.state = MEMORY_KEPT, .kept_at = NOW + 400 * DAY}, 1000,
		{.reason = REASON_NOT_DUE}},
	{"due mail among the newest stays",
		{.erase = ERASE_AFTER, .after = DAY, .keep_newest = 3},
		{.state = MEMORY_KEPT, .kept_at = 1}, 1000,
		{.reason = REASON_NEWEST}},
	{"due mail stays when keep-newest is more than there is",
		{.erase = ERASE_NOW, .keep_newest = 1000000},
		{.state = MEMORY_KEPT, .kept_at = 1}, 1000,
		{.reason = REASON_NEWEST}},
	{"mail that a killed run left half stored is not touched",
		{.erase = ERASE_NOW}, {.state = MEMORY_ARRIVING}, 1000,
		{.reason = REASON_INTERRUPTED}},
	{"erased mail listed again with its size is neither fetched nor erased",
		{.erase = ERASE_NOW}, {.state = MEMORY_ERASED, .size = 1000},
		1000, {.reason = REASON_RETURNED}},
	{"nor under delete = never", {.erase = ERASE_NEVER},
		{.state = MEMORY_ERASED, .size = 1000}, 1000,
		{.reason = REASON_RETURNED}},
	{"kept mail that had vanished and is back with its size is kept mail",
		{.erase = ERASE_NOW},
		{.state = MEMORY_KEPT, .size = 1000, .vanished = true}, 1000,
		{.erase = true, .reason = REASON_ERASE_NOW}},
	{"another size under a uid that had vanished is another message",
		{.erase = ERASE_NOW},
		{.state = MEMORY_KEPT, .size = 999, .vanished = true}, 1000,
		{.fetch = true,
			.erase = true,
			.reason = REASON_REUSED_THEN_ERASED}},
	{"kept mail that had vanished is not erased without a size",
		{.erase = ERASE_NOW},
		{.state = MEMORY_KEPT, .size = UNKNOWN, .vanished = true}, 1000,
		{.reason = REASON_RETURNED}},
	{"another size under an erased uid is another message: fetched",
		{.erase = ERASE_NEVER}, {.state = MEMORY_ERASED, .size = 999},
		1000, {.fetch = true, .reason = REASON_REUSED}},
	{"another message under an erased uid obeys delete = now",
		{.erase = ERASE_NOW}, {.state = MEMORY_ERASED, .size = 999},
		1000,
		{.fetch = true,
			.erase = true,
			.reason = REASON_REUSED_THEN_ERASED}},
	{"another message under an erased uid obeys max-size",
		{.erase = ERASE_NOW, .max_size = 10},
		{.state = MEMORY_ERASED, .size = 999}, 1000,
		{.reason = REASON_TOO_LARGE}},
	{"erased mail listed again without a size is left alone",
		{.erase = ERASE_NOW}, {.state = MEMORY_ERASED, .size = 999},
		UNKNOWN, {.reason = REASON_RETURNED}},
	{"mail older than start is neither fetched nor erased",
		{.erase = ERASE_NOW}, {.state = MEMORY_NONE, .old = true}, 1000,
		{.reason = REASON_OLD}},
	{"what is known is not older than start", {.erase = ERASE_NOW},
		{.state = MEMORY_KEPT, .old = true}, 1000,
		{.erase = true, .reason = REASON_ERASE_NOW}},
	{"mail that is only seen is neither fetched nor erased",
		{.erase = ERASE_NOW}, {.state = MEMORY_SEEN, .kept_at = 1},
		1000, {.reason = REASON_SEEN}},
	{"nor when its days are over", {.erase = ERASE_AFTER, .after = DAY},
		{.state = MEMORY_SEEN, .kept_at = 1}, 1000,
		{.reason = REASON_SEEN}},
	{"nor when it had vanished and is back, of whatever size",
		{.erase = ERASE_NOW},
		{.state = MEMORY_SEEN, .size = 999, .vanished = true}, 1000,
		{.reason = REASON_SEEN}},
	{"nor over max-size, or among the newest",
		{.erase = ERASE_NOW, .max_size = 1, .keep_newest = 3},
		{.state = MEMORY_SEEN, .held = true}, 1000,
		{.reason = REASON_SEEN}},
	{"erased mail whose size was never known is left alone",
		{.erase = ERASE_NOW}, {.state = MEMORY_ERASED, .size = UNKNOWN},
		1000, {.reason = REASON_RETURNED}},
};

static void three(struct maildrop *maildrop, uint64_t size, const char *uid)
{
	static const uint64_t key[2] = {1, 2};
	struct error err = {.kind = ERROR_NONE};

	maildrop_init(maildrop, key);
	maildrop_add(maildrop, 1, uid, strlen(uid), &err);
	maildrop_add(maildrop, 2, "two", 3, &err);
	maildrop_add(maildrop, 3, "three", 5, &err);
	maildrop_index(maildrop, &err);
	maildrop_set_size(maildrop, 1, size);
}

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];
		struct memory memories[3] = {row->memory,
			{.state = MEMORY_KEPT, .kept_at = NOW},
			{.state = MEMORY_KEPT, .kept_at = NOW}};
		struct maildrop maildrop;

		three(&maildrop, row->size, "one");
		struct plan plan =
			plan_make(&row->policy, &maildrop, memories, NOW);
		const struct step *step = &plan.steps[0];

		ok(step->fetch == row->step.fetch &&
				step->erase == row->step.erase &&
				step->reason == row->step.reason,
			"%s", row->sentence);
		plan_release(&plan);
		maildrop_release(&maildrop);
	}
}

static int64_t quiet_after(
	const struct policy *policy, const struct memory memories[3])
{
	struct maildrop maildrop;

	three(&maildrop, 10, "one");
	struct plan plan = plan_make(policy, &maildrop, memories, NOW);
	int64_t until = plan.quiet_until;

	plan_release(&plan);
	maildrop_release(&maildrop);
	return until;
}

static void test_quiet(void)
{
	struct policy never = {.erase = ERASE_NEVER};
	struct policy after = {.erase = ERASE_AFTER, .after = 100};
	struct policy small = {.erase = ERASE_NEVER, .max_size = 5};
	struct memory kept = {.state = MEMORY_KEPT, .kept_at = NOW - 40};
	struct memory all[3] = {kept, kept, kept};

	ok(quiet_after(&never, all) == INT64_MAX,
		"what is kept for ever is quiet for ever");
	ok(quiet_after(&after, all) == NOW + 60,
		"what is not due is quiet until it is");
	all[1].kept_at = NOW - 90;
	ok(quiet_after(&after, all) == NOW + 10,
		"what is due first ends the quiet");
	all[1].kept_at = NOW - 100;
	ok(quiet_after(&after, all) == 0, "what is due is not quiet");
	all[1].kept_at = INT64_MAX - 1;
	ok(quiet_after(&after, all) == NOW + 60,
		"a time that is far off does no harm");
	all[1] = kept;
	all[2] = (struct memory){.state = MEMORY_NONE};
	ok(quiet_after(&never, all) == 0, "what is new is not quiet");
	all[2] = (struct memory){.state = MEMORY_ERASED, .size = 10};
	ok(quiet_after(&never, all) == 0,
		"what is listed again is said each time");
	all[2] = kept;
	all[2].vanished = true;
	ok(quiet_after(&never, all) == 0,
		"what was gone for a while is to be recorded");
	all[2] = (struct memory){.state = MEMORY_SEEN};
	ok(quiet_after(&never, all) == INT64_MAX,
		"what is only seen is quiet for ever");
	all[2] = kept;
	all[0] = (struct memory){.state = MEMORY_NONE};
	ok(quiet_after(&small, all) == 0,
		"what is too large is counted each time");
}

static void test_no_uid(void)
{
	struct memory memories[3] = {{.state = MEMORY_NONE}};
	struct policy policy = {.erase = ERASE_NOW};
	struct maildrop maildrop;

	three(&maildrop, 10, "");
	struct plan plan = plan_make(&policy, &maildrop, memories, NOW);

	ok(!plan.steps[0].fetch && !plan.steps[0].erase &&
			plan.steps[0].reason == REASON_NO_UID,
		"mail without a uid is left where it is");
	ok(plan.fetches == 2 && plan.erasures == 2 && plan.count == 3,
		"the plan counts what it does");
	plan_release(&plan);
	maildrop_release(&maildrop);
}

static void test_totals(void)
{
	struct memory memories[3] = {{.state = MEMORY_NONE}};
	struct policy policy = {.max_size = 100};
	struct maildrop maildrop;

	three(&maildrop, 101, "one");
	maildrop_set_size(&maildrop, 2, 70);
	struct plan plan = plan_make(&policy, &maildrop, memories, NOW);

	ok(plan.too_large == 1 && plan.fetches == 2,
		"the plan counts what is too large");
	ok(plan.octets == 70, "the plan adds up the sizes that are known");
	plan_release(&plan);
	plan_release(&plan);
	maildrop_release(&maildrop);
}

static void test_sizes(void)
{
	struct memory memories[3] = {{.state = MEMORY_KEPT},
		{.state = MEMORY_KEPT}, {.state = MEMORY_KEPT}};
	struct policy policy = {.erase = ERASE_NEVER};
	struct maildrop maildrop;

	three(&maildrop, UNKNOWN, "one");
	ok(!plan_needs_sizes(&policy, &maildrop, memories),
		"no sizes are needed when all is kept");
	policy.max_size = 10;
	ok(!plan_needs_sizes(&policy, &maildrop, memories),
		"nor under max-size when nothing is new");
	memories[2].state = MEMORY_NONE;
	ok(plan_needs_sizes(&policy, &maildrop, memories),
		"they are for a new message under max-size");
	policy.max_size = 0;
	ok(!plan_needs_sizes(&policy, &maildrop, memories),
		"not for a new message without max-size");
	memories[2] = (struct memory){.state = MEMORY_KEPT, .vanished = true};
	ok(plan_needs_sizes(&policy, &maildrop, memories),
		"and for one that had vanished");
	memories[2].vanished = false;
	memories[1].state = MEMORY_ERASED;
	ok(plan_needs_sizes(&policy, &maildrop, memories),
		"and for an erased message that is listed again");
	maildrop_release(&maildrop);
}

/* Whatever the policy and the memory: what no plan may ever say. */
static void test_never(void)
{
	static const enum erase_rule rules[] = {
		ERASE_NEVER, ERASE_NOW, ERASE_AFTER};
	unsigned wrong = 0;
	unsigned tried = 0;

	for (unsigned i = 0; i < 3 * 4 * 4 * 4 * 3; i++) {
		struct policy policy = {
			.erase = rules[i % 3],
			.after = DAY,
			.keep_newest = i / 3 % 4,
			.max_size = i / 12 % 4 * 500,
		};
		struct memory memories[3] = {
			{.state = (enum memory_state)(i / 48 % 4 + 1),
				.size = i / 192 % 3 * 500},
			{.state = MEMORY_NONE},
			{.state = MEMORY_KEPT, .kept_at = 1}};
		struct maildrop maildrop;

		three(&maildrop, 1000, "one");
		struct plan plan = plan_make(&policy, &maildrop, memories, NOW);

		for (size_t k = 0; k < plan.count; k++) {
			const struct step *step = &plan.steps[k];
			bool safe =
				memories[k].state == MEMORY_KEPT || step->fetch;

			wrong += step->erase && policy.erase == ERASE_NEVER;
			wrong += step->erase && !safe;
			wrong +=
				step->fetch && memories[k].state == MEMORY_KEPT;
			wrong += plan_reason(step->reason)[0] == '\0';
			tried++;
		}
		plan_release(&plan);
		maildrop_release(&maildrop);
	}
	ok(wrong == 0 && tried > 1000,
		"in %u steps: nothing erased under never, nothing that is not "
		"kept or fetched, nothing kept fetched again, each with a "
		"reason",
		tried);
}

static void test_reasons(void)
{
	for (int i = 0; i <= REASON_LAST; i++)
		ok(plan_reason((enum reason)i)[0] != '\0',
			"reason %d is said in words", i);
}

int main(void)
{
	test_rows();
	test_quiet();
	test_no_uid();
	test_totals();
	test_sizes();
	test_never();
	test_reasons();
	return done();
}
