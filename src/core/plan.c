/* SPDX-License-Identifier: ISC */
#include "core/plan.h"

#include <stdlib.h>

#include "core/xalloc.h"

bool plan_needs_sizes(const struct policy *policy,
	const struct maildrop *maildrop, const struct memory *memories)
{
	for (size_t i = 0; i < maildrop->count; i++) {
		if (memories[i].state == MEMORY_ERASED ||
			memories[i].vanished ||
			((memories[i].state == MEMORY_KEPT ||
				 memories[i].state == MEMORY_SEEN) &&
				memories[i].size != MAILDROP_SIZE_UNKNOWN))
			return true;
		if ((memories[i].state == MEMORY_NONE || memories[i].reused) &&
			policy->max_size > 0)
			return true;
	}
	return policy->keep_larger > 0 || policy->delete_larger > 0 ||
		policy->max_server_size > 0;
}

/* Is the message one of those that keep-newest protects? */
static bool is_newest(
	const struct policy *policy, const struct maildrop *maildrop, size_t i)
{
	return maildrop->count - i <= policy->keep_newest;
}

/* By what LIST says, or by what came when it was asked for in vain. */
static bool is_too_large(const struct policy *policy,
	const struct message *message, const struct memory *memory)
{
	uint64_t listed =
		message->size == MAILDROP_SIZE_UNKNOWN ? 0 : message->size;

	return policy->max_size > 0 &&
		(listed > policy->max_size ||
			memory->oversize > policy->max_size);
}

/* Larger than a size that the policy names? Not while it is not known. */
static bool is_larger(const struct message *message, uint64_t limit)
{
	return limit > 0 && message->size != MAILDROP_SIZE_UNKNOWN &&
		message->size > limit;
}

/* A message to fetch: reason, or then_erased when it is erased at once. */
static struct step fetch_step(const struct policy *policy,
	const struct maildrop *maildrop, const struct memory *memory, size_t i,
	enum reason reason, enum reason then_erased)
{
	bool newest = is_newest(policy, maildrop, i);

	if (is_too_large(policy, &maildrop->messages[i], memory))
		return (struct step){.reason = REASON_TOO_LARGE};
	if (policy->keep || policy->erase != ERASE_NOW)
		return (struct step){.fetch = true, .reason = reason};
	if (newest)
		return (struct step){
			.fetch = true, .reason = REASON_NEW_NEWEST};
	if (is_larger(&maildrop->messages[i], policy->keep_larger))
		return (struct step){.fetch = true, .reason = reason};
	return (struct step){
		.fetch = true, .erase = true, .reason = then_erased};
}

/* Erased for a reason, if its copy here is well, or its owner removed it. */
static struct step erase_step(const struct memory *memory, enum reason reason)
{
	switch (memory->local) {
	case LOCAL_UNKNOWN:
	case LOCAL_HERE:
	case LOCAL_TRASHED:
	case LOCAL_GONE:
		break;
	case LOCAL_CHANGED:
		return (struct step){.reason = REASON_CHANGED};
	case LOCAL_UNREADABLE:
		return (struct step){.reason = REASON_UNREADABLE};
	case LOCAL_UNTRACED:
		return (struct step){.reason = REASON_UNTRACED};
	}
	return (struct step){.erase = true, .reason = reason};
}

/* What stays since its copy was not removed, or nobody can tell. */
static struct step here_step(const struct memory *memory)
{
	struct step step = erase_step(memory, REASON_STILL_HERE);

	step.erase = false;
	return step;
}

bool plan_is_dated(const struct memory *memory, const struct clock *clock)
{
	return memory->kept_at != 0 &&
		!clock_is_void(clock->now, memory->kept_at);
}

/* What the delete setting says of a message that is kept here. */
static struct step rule_step(const struct policy *policy,
	const struct memory *memory, const struct clock *clock)
{
	bool gone = memory->local == LOCAL_GONE;

	switch (policy->erase) {
	case ERASE_NEVER:
		break;
	case ERASE_NOW:
		return erase_step(memory, REASON_ERASE_NOW);
	case ERASE_AFTER:
		if (!plan_is_dated(memory, clock))
			return (struct step){.reason = REASON_UNDATED};
		if (clock->now - memory->kept_at < policy->after)
			return (struct step){.reason = REASON_NOT_DUE};
		if (clock->trust != CLOCK_SURE)
			return (struct step){.reason = REASON_CLOCK};
		return erase_step(memory, REASON_DUE);
	case ERASE_WHEN_TRASHED:
		if (gone || memory->local == LOCAL_TRASHED)
			return erase_step(memory, REASON_TRASHED);
		return here_step(memory);
	case ERASE_WHEN_PURGED:
		if (gone)
			return erase_step(memory, REASON_PURGED);
		return here_step(memory);
	}
	return (struct step){.reason = REASON_NEVER};
}

static struct step kept_step(const struct policy *policy,
	const struct maildrop *maildrop, const struct memory *memory, size_t i,
	const struct clock *clock)
{
	const struct message *message = &maildrop->messages[i];

	if (!policy_erases_later(policy))
		return (struct step){.reason = REASON_NEVER};
	if (memory->held)
		return (struct step){.reason = REASON_HELD};
	if (is_newest(policy, maildrop, i))
		return (struct step){.reason = REASON_NEWEST};
	if (is_larger(message, policy->keep_larger))
		return (struct step){.reason = REASON_KEPT_LARGE};
	struct step step = rule_step(policy, memory, clock);

	if (!step.erase && is_larger(message, policy->delete_larger))
		return erase_step(memory, REASON_LARGE);
	return step;
}

/*
 * Listed again after it was erased or had vanished: the same message, on a
 * server that does not let go or lists only a window, or another one under a
 * uid used again. The same size does not prove the same message, only its
 * header does, so without that it is not erased; and what was erased is not
 * erased once more.
 */
static struct step returned_step(const struct policy *policy,
	const struct maildrop *maildrop, const struct memory *memory, size_t i,
	const struct clock *clock)
{
	struct step step = kept_step(policy, maildrop, memory, i, clock);

	if (memory->state == MEMORY_ERASED ||
		(!memory->same && policy_erases_later(policy)))
		return (struct step){.reason = REASON_RETURNED};
	return step;
}

/* A time further ahead than any patience was a wrong clock's. */
static bool is_put_off(const struct memory *memory, int64_t now)
{
	return memory->next_try == INT64_MAX ||
		(now < memory->next_try &&
			!clock_is_void(now, memory->next_try));
}

/*
 * A message to fetch, unless it could not be fetched before and its time has
 * not come: it holds up no other. What is held is not erased even then.
 */
static struct step new_step(const struct policy *policy,
	const struct maildrop *maildrop, const struct memory *memory, size_t i,
	const struct clock *clock, enum reason reason, enum reason then_erased)
{
	if (memory->tries > 0 && memory->quarantined)
		return (struct step){.reason = REASON_QUARANTINED};
	if (memory->tries > 0 && is_put_off(memory, clock->now))
		return (struct step){.reason = REASON_WAITING};
	struct step step =
		fetch_step(policy, maildrop, memory, i, reason, then_erased);

	step.last = step.fetch && memory->tries > 0;
	if (step.erase && memory->held)
		return (struct step){
			.fetch = true, .last = step.last, .reason = reason};
	return step;
}

/* Is its size another one than it was? */
static bool has_other_size(
	const struct memory *memory, const struct message *message)
{
	return message->size != MAILDROP_SIZE_UNKNOWN &&
		memory->size != MAILDROP_SIZE_UNKNOWN &&
		message->size != memory->size;
}

/* Does the uid stand for another message now than when it was fetched? */
static bool is_another(
	const struct memory *memory, const struct message *message)
{
	switch (memory->state) {
	case MEMORY_NONE:
	case MEMORY_ARRIVING:
		return false;
	case MEMORY_SEEN: /* its header was never known */
		return memory->reused;
	case MEMORY_KEPT:
	case MEMORY_ERASED:
		break;
	}
	if (memory->same || memory->reused)
		return memory->reused;
	return !memory->loose && has_other_size(memory, message);
}

static struct step decide(const struct policy *policy,
	const struct maildrop *maildrop, const struct memory *memory, size_t i,
	const struct clock *clock)
{
	const struct message *message = &maildrop->messages[i];
	bool again = memory->tries > 0;

	if (message->uid_length == 0)
		return (struct step){.reason = REASON_NO_UID};
	if (is_another(memory, message)) {
		struct step step = new_step(policy, maildrop, memory, i, clock,
			REASON_REUSED, REASON_REUSED_THEN_ERASED);

		step.reused = step.fetch;
		return step;
	}
	switch (memory->state) {
	case MEMORY_NONE:
		if (memory->old)
			return (struct step){.reason = REASON_OLD};
		return new_step(policy, maildrop, memory, i, clock,
			again ? REASON_RETRY : REASON_NEW,
			again ? REASON_RETRY_THEN_ERASED
			      : REASON_NEW_THEN_ERASED);
	case MEMORY_ARRIVING:
		return (struct step){.reason = REASON_INTERRUPTED};
	case MEMORY_KEPT:
		/* Another message, or the same: only its header would tell. */
		if (memory->loose && !memory->same &&
			has_other_size(memory, message))
			return (struct step){.reason = REASON_OTHER_SIZE};
		if (memory->vanished)
			return returned_step(
				policy, maildrop, memory, i, clock);
		return kept_step(policy, maildrop, memory, i, clock);
	case MEMORY_ERASED:
		return returned_step(policy, maildrop, memory, i, clock);
	case MEMORY_SEEN:
		return (struct step){.reason = REASON_SEEN};
	}
	return (struct step){.reason = REASON_NEVER};
}

/* Until when will nothing come of this message? 0: something does. */
static int64_t quiet_until(const struct policy *policy,
	const struct memory *memory, const struct step *step)
{
	if (step->fetch || step->erase ||
		(memory->vanished && policy_erases_later(policy)))
		return 0;
	/* What its owner does with it is in no listing. */
	if (policy->erase == ERASE_WHEN_TRASHED ||
		policy->erase == ERASE_WHEN_PURGED)
		return 0;
	if (step->reason == REASON_NEVER || step->reason == REASON_NEWEST ||
		step->reason == REASON_HELD || step->reason == REASON_SEEN ||
		step->reason == REASON_KEPT_LARGE ||
		step->reason == REASON_QUARANTINED)
		return INT64_MAX;
	if (step->reason == REASON_WAITING)
		return memory->next_try;
	if (step->reason != REASON_NOT_DUE)
		return 0;
	if (memory->kept_at > INT64_MAX - policy->after)
		return INT64_MAX;
	return memory->kept_at + policy->after;
}

/* So many copies, if they are all that there were. */
#define BRAKE_ALL 3

/*
 * Too many copies missing at once, or all of few: a disk that is not mounted,
 * or another program that filed them, looks the same as an owner who removed
 * them.
 */
static void brake(const struct policy *policy, const struct maildrop *maildrop,
	const struct memory *memories, struct plan *plan)
{
	for (size_t i = 0; i < maildrop->count; i++) {
		const struct memory *memory = &memories[i];

		if (memory->state != MEMORY_KEPT ||
			memory->local == LOCAL_UNKNOWN ||
			memory->local == LOCAL_UNTRACED || memory->missing)
			continue;
		plan->looked_for++;
		plan->missing += memory->local == LOCAL_GONE;
	}
	plan->braked = !policy->no_brake &&
		((plan->missing >= BRAKE_ALL &&
			 plan->missing == plan->looked_for) ||
			(plan->missing > 10 &&
				plan->missing * 100 >
					plan->looked_for * policy->brake));
	for (size_t i = 0; plan->braked && i < plan->count; i++) {
		if (!plan->steps[i].erase)
			continue;
		plan->steps[i].erase = false;
		plan->steps[i].reason = REASON_BRAKE;
	}
}

/* The oldest kept ones go until the others fit into max-server-size. */
static void make_room(const struct policy *policy,
	const struct maildrop *maildrop, const struct memory *memories,
	struct plan *plan)
{
	uint64_t stays = 0;

	if (policy->keep || policy->max_server_size == 0 || plan->braked)
		return;
	for (size_t i = 0; i < plan->count; i++) {
		uint64_t size = maildrop->messages[i].size;

		if (!plan->steps[i].erase && size != MAILDROP_SIZE_UNKNOWN)
			stays += size;
	}
	for (size_t i = 0; i < plan->count && stays > policy->max_server_size;
		i++) {
		struct step *step = &plan->steps[i];
		uint64_t size = maildrop->messages[i].size;
		bool may = !step->fetch && !step->erase &&
			memories[i].state == MEMORY_KEPT &&
			(step->reason == REASON_NEVER ||
				step->reason == REASON_NOT_DUE ||
				step->reason == REASON_STILL_HERE);

		if (!may || size == MAILDROP_SIZE_UNKNOWN)
			continue;
		*step = erase_step(&memories[i], REASON_NO_ROOM);
		if (step->erase)
			stays -= size;
	}
}

static void count_steps(const struct policy *policy,
	const struct maildrop *maildrop, const struct memory *memories,
	struct plan *plan)
{
	plan->quiet_until = INT64_MAX;
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];
		uint64_t size = maildrop->messages[i].size;
		int64_t until = quiet_until(policy, &memories[i], step);

		if (until < plan->quiet_until)
			plan->quiet_until = until;
		plan->fetches += step->fetch;
		plan->erasures += step->erase;
		plan->too_large += step->reason == REASON_TOO_LARGE;
		if (step->fetch && size != MAILDROP_SIZE_UNKNOWN)
			plan->octets += size;
	}
}

struct plan plan_make(const struct policy *policy,
	const struct maildrop *maildrop, const struct memory *memories,
	const struct clock *clock)
{
	struct plan plan = {
		.steps = xcalloc(maildrop->count, sizeof plan.steps[0]),
		.count = maildrop->count,
	};

	for (size_t i = 0; i < plan.count; i++)
		plan.steps[i] =
			decide(policy, maildrop, &memories[i], i, clock);
	brake(policy, maildrop, memories, &plan);
	make_room(policy, maildrop, memories, &plan);
	count_steps(policy, maildrop, memories, &plan);
	return plan;
}

int64_t plan_patience(uint32_t tries)
{
	/* The first failures may be the line's. */
	static const int64_t hours[] = {0, 0, 0, 1, 4, 12, 24};
	size_t count = sizeof hours / sizeof hours[0];

	return 3600 * hours[tries < count ? tries : count - 1];
}

void plan_release(struct plan *plan)
{
	free(plan->steps);
	*plan = (struct plan){.count = 0};
}

/* plan_test asks for each of them. */
static const char *const reasons[] = {
	[REASON_NEW] = "new",
	[REASON_NEW_THEN_ERASED] = "new; delete = now",
	[REASON_NEW_NEWEST] = "new; among the newest that stay",
	[REASON_REUSED] = "another message under a known uid",
	[REASON_REUSED_THEN_ERASED] =
		"another message under a known uid; delete = now",
	[REASON_NO_UID] = "the server lists it without a uid",
	[REASON_TOO_LARGE] = "larger than max-size",
	[REASON_INTERRUPTED] =
		"a run was interrupted while storing it; the next fetch resolves it",
	[REASON_NEVER] = "kept here; nothing is to be deleted",
	[REASON_NOT_DUE] = "kept here; not due yet",
	[REASON_UNDATED] =
		"kept here; stored while the clock was wrong: its days count from the first run with a correct one",
	[REASON_CLOCK] =
		"kept here; due by a clock that may be wrong: not erased",
	[REASON_NEWEST] = "kept here; among the newest that stay",
	[REASON_ERASE_NOW] = "kept here; delete = now",
	[REASON_DUE] = "kept here; retention period expired",
	[REASON_RETURNED] =
		"kept here; erased or gone before, and listed again",
	[REASON_OTHER_SIZE] =
		"kept here; its size has changed, as often on this server, and no header shows that it is the same message: left alone",
	[REASON_SEEN] = "counts as seen; it was never fetched by keepmail",
	[REASON_OLD] = "older than start; counts as seen",
	[REASON_HELD] = "kept here; held (keepmail release lets it go)",
	[REASON_STILL_HERE] = "kept here; its copy was not removed",
	[REASON_TRASHED] = "kept here; its copy was trashed",
	[REASON_PURGED] = "kept here; its copy was removed",
	[REASON_KEPT_LARGE] = "kept here; larger than keep-larger-than",
	[REASON_LARGE] = "kept here; larger than delete-larger-than",
	[REASON_NO_ROOM] = "kept here; the oldest that is over max-server-size",
	[REASON_CHANGED] = "its copy here is not what was stored: not erased",
	[REASON_UNREADABLE] = "its copy here cannot be read: not erased",
	[REASON_UNTRACED] =
		"its copy was not found, and its header does not identify it: not erased",
	[REASON_BRAKE] = "too many copies are missing here: nothing is erased",
	[REASON_RETRY] =
		"could not be fetched before; tried again after the others",
	[REASON_RETRY_THEN_ERASED] =
		"could not be fetched before; tried again after the others; delete = now",
	[REASON_WAITING] = "could not be fetched before; tried again later",
	[REASON_QUARANTINED] =
		"failed too often (keepmail retry tries it again)",
};

const char *plan_reason(enum reason reason)
{
	return (size_t)reason <= REASON_LAST ? reasons[reason] : "";
}
