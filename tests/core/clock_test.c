/* SPDX-License-Identifier: ISC */
#include "core/clock.h"

#include <stddef.h>

#include "tap.h"

#define DAY CLOCK_DAY
#define T (CLOCK_RELEASED + 1000 * DAY)

static const struct row {
	const char *sentence;
	struct clock_record record;
	int64_t now;
	int64_t interval;
	enum clock_trust trust;
	struct clock_record after;
} rows[] = {
	{"a first run believes its clock", {.sure_at = 0}, T, 0, CLOCK_SURE,
		{.sure_at = T}},
	{"a clock that says 1970 is not believed", {.sure_at = 0}, 60, 0,
		CLOCK_BEHIND, {.sure_at = 0}},
	{"a time before the release is not believed", {.sure_at = 0},
		CLOCK_RELEASED - 2 * DAY, 0, CLOCK_BEHIND, {.sure_at = 0}},
	{"a later time than the last run's is believed", {.sure_at = T}, T + 60,
		0, CLOCK_SURE, {.sure_at = T + 60}},
	{"a clock set back by an hour is not later", {.sure_at = T}, T - 3600,
		0, CLOCK_SURE, {.sure_at = T}},
	{"a clock two days before the last run is behind", {.sure_at = T},
		T - 2 * DAY, 0, CLOCK_BEHIND, {.sure_at = T}},
	{"a clock before the arrival of known mail is behind",
		{.evidence_at = T}, T - 2 * DAY, 0, CLOCK_BEHIND,
		{.evidence_at = T}},
	{"thirty days without a run are not a leap", {.sure_at = T},
		T + 30 * DAY, 0, CLOCK_SURE, {.sure_at = T + 30 * DAY}},
	{"more are", {.sure_at = T}, T + 30 * DAY + 1, 0, CLOCK_LEAPT,
		{.sure_at = T, .leapt_at = T + 30 * DAY + 1}},
	{"a longer retention period permits a longer gap", {.sure_at = T},
		T + 60 * DAY, 90 * DAY, CLOCK_SURE, {.sure_at = T + 60 * DAY}},
	{"a second run on the same day does not confirm a leap",
		{.sure_at = T, .leapt_at = T + 100 * DAY}, T + 100 * DAY + 60,
		0, CLOCK_LEAPT, {.sure_at = T, .leapt_at = T + 100 * DAY}},
	{"a run on the next day confirms it",
		{.sure_at = T, .leapt_at = T + 100 * DAY}, T + 101 * DAY, 0,
		CLOCK_SURE, {.sure_at = T + 101 * DAY}},
	{"another leap on the next day does not confirm it",
		{.sure_at = T, .leapt_at = T + 100 * DAY}, T + 999 * DAY, 0,
		CLOCK_LEAPT, {.sure_at = T, .leapt_at = T + 999 * DAY}},
	{"a clock that was corrected has not leapt",
		{.sure_at = T, .leapt_at = T + 100 * DAY}, T + DAY, 0,
		CLOCK_SURE, {.sure_at = T + DAY}},
};

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];
		struct clock clock =
			clock_judge(&row->record, row->now, row->interval);

		ok(clock.trust == row->trust && clock.now == row->now &&
				clock.record.sure_at == row->after.sure_at &&
				clock.record.leapt_at == row->after.leapt_at &&
				clock.record.evidence_at ==
					row->after.evidence_at,
			"%s", row->sentence);
	}
}

int main(void)
{
	struct clock clock = clock_accept(T);

	test_rows();
	ok(clock.trust == CLOCK_SURE && clock_stamp(&clock) == T,
		"a time that the owner confirms is sure");
	clock_learn(&clock, T - 9 * DAY);
	clock_learn(&clock, 0);
	ok(clock.trust == CLOCK_SURE && clock.record.evidence_at == T - 9 * DAY,
		"older mail does not contradict the clock");
	clock_learn(&clock, T + DAY);
	ok(clock.trust == CLOCK_SURE,
		"mail of up to a day ahead does not contradict it");
	clock_learn(&clock, T + 2 * DAY);
	ok(clock.trust == CLOCK_BEHIND && clock_stamp(&clock) == T + 2 * DAY,
		"mail of two days ahead contradicts it");
	clock = clock_judge(
		&(struct clock_record){.sure_at = T}, T + 99 * DAY, 0);
	ok(clock_stamp(&clock) == T,
		"after a leap, the last sure time is recorded");
	ok(!clock_is_void(T, T - DAY) && !clock_is_void(T, T + DAY) &&
			clock_is_void(T, T + DAY + 1),
		"a time more than a day ahead is void");
	return done();
}
