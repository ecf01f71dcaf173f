/* SPDX-License-Identifier: ISC */
#include "core/clock.h"

#define LEAP_MIN (30 * CLOCK_DAY)

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The current time cannot be earlier than this. */
static int64_t earliest(const struct clock_record *record)
{
	return later(
		CLOCK_RELEASED, later(record->sure_at, record->evidence_at));
}

/* Did a recent run on another day find the same leap? */
static bool is_confirmed(
	const struct clock_record *record, int64_t now, int64_t leap)
{
	return record->leapt_at != 0 && now >= record->leapt_at &&
		now / CLOCK_DAY != record->leapt_at / CLOCK_DAY &&
		now - record->leapt_at <= leap;
}

struct clock clock_judge(
	const struct clock_record *record, int64_t now, int64_t interval)
{
	struct clock clock = {.now = now, .record = *record};
	int64_t leap = later(interval, LEAP_MIN);
	bool leapt = record->sure_at != 0 && now - record->sure_at > leap;

	if (now < earliest(record) - CLOCK_DAY) {
		clock.trust = CLOCK_BEHIND;
	} else if (leapt && !is_confirmed(record, now, leap)) {
		clock.trust = CLOCK_LEAPT;
		/* If the same leap was found before, that time is kept. */
		if (record->leapt_at == 0 || now < record->leapt_at ||
			now - record->leapt_at > leap)
			clock.record.leapt_at = now;
		return clock;
	} else {
		clock.record.sure_at = later(record->sure_at, now);
	}
	clock.record.leapt_at = 0;
	return clock;
}

struct clock clock_accept(int64_t now)
{
	return (struct clock){.now = now, .record.sure_at = now};
}

void clock_learn(struct clock *clock, int64_t received)
{
	if (received <= clock->record.evidence_at)
		return;
	clock->record.evidence_at = received;
	if (clock->now >= received - CLOCK_DAY)
		return;
	clock->turned = clock->turned || clock->trust == CLOCK_SURE;
	clock->trust = CLOCK_BEHIND;
}

int64_t clock_kept_since(const struct clock *clock, int64_t now)
{
	return clock->trust == CLOCK_SURE ? now : 0;
}

int64_t clock_stamp(const struct clock *clock)
{
	switch (clock->trust) {
	case CLOCK_SURE:
		break;
	case CLOCK_BEHIND:
		return earliest(&clock->record);
	case CLOCK_LEAPT:
		return clock->record.sure_at;
	}
	return clock->now;
}

bool clock_is_void(int64_t now, int64_t at)
{
	return at > now && at - now > CLOCK_DAY;
}
