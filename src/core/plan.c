/* SPDX-License-Identifier: ISC */
#include "core/plan.h"

#include <stdio.h>
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
		if (memories[i].state == MEMORY_NONE && policy->max_size > 0)
			return true;
	}
	return policy->keep_larger > 0 || policy->delete_larger > 0 ||
		policy->max_server_size > 0;
}

bool plan_needs_verify(const struct step *step, const struct finding *finding)
{
	return step->erase && !step->fetch && finding->local == LOCAL_HERE &&
		!finding->verified;
}

/* May messages fetched by earlier runs be erased? */
static bool erases_later(const struct facts *facts)
{
	return facts->restraint == RESTRAINT_NONE &&
		policy_erases_later(facts->policy);
}

enum need plan_needs(const struct facts *facts, const struct plan *plan)
{
	enum erase_rule rule = facts->policy->erase;
	bool later = rule == ERASE_WHEN_TRASHED || rule == ERASE_WHEN_PURGED;
	bool verify = policy_verify(facts->policy) == VERIFY_DIGEST;
	bool unread = false;

	if (erases_later(facts)) {
		for (size_t i = 0; i < plan->count; i++) {
			const struct step *step = &plan->steps[i];

			later |= step->erase && !step->fetch;
			unread |= plan_needs_verify(step, &facts->findings[i]);
		}
		if (later && !facts->looked)
			return NEED_COPIES;
		if (verify && unread)
			return NEED_VERIFY;
	}
	return plan->erasures > 0 && !facts->sync_known ? NEED_SYNC
							: NEED_NOTHING;
}

/* Is the message protected by keep-newest? */
static bool is_newest(const struct facts *facts, size_t i)
{
	return facts->maildrop->count - i <= facts->policy->keep_newest;
}

/* By the size in LIST, or the size received when it was fetched in vain. */
static bool is_too_large(const struct facts *facts, size_t i)
{
	uint64_t max = facts->policy->max_size;
	uint64_t listed = facts->maildrop->messages[i].size;

	if (listed == MAILDROP_SIZE_UNKNOWN)
		listed = 0;
	return max > 0 && (listed > max || facts->memories[i].oversize > max);
}

/* Is it larger than a limit of the policy? Not if its size is unknown. */
static bool is_larger(const struct facts *facts, size_t i, uint64_t limit)
{
	uint64_t size = facts->maildrop->messages[i].size;

	return limit > 0 && size != MAILDROP_SIZE_UNKNOWN && size > limit;
}

/* Not fetched, and not known in a way that would allow erasing it. */
static struct step skip(enum reason why)
{
	return (struct step){.why_fetch = why};
}

/* Kept here, and left on the server. */
static struct step leave_kept(enum reason why)
{
	return (struct step){.why_fetch = REASON_KEPT, .why_erase = why};
}

/* Returns the reason to leave a message that corresponds to a restraint. */
static enum reason restraint_reason(enum restraint restraint)
{
	switch (restraint) {
	case RESTRAINT_NONE:
		break;
	case RESTRAINT_KEEP:
		return REASON_KEEP;
	case RESTRAINT_COPIES:
		return REASON_COPIES;
	case RESTRAINT_UNSYNCED:
		return REASON_UNSYNCED;
	}
	return REASON_NEVER;
}

/* Decides whether a message that is fetched is erased in the same session. */
static void decide_at_once(
	const struct facts *facts, size_t i, struct step *step)
{
	const struct policy *policy = facts->policy;

	if (policy->erase != ERASE_NOW)
		return;
	if (facts->restraint != RESTRAINT_NONE)
		step->why_erase = restraint_reason(facts->restraint);
	else if (is_newest(facts, i))
		step->why_erase = REASON_NEWEST;
	else if (is_larger(facts, i, policy->keep_larger))
		step->why_erase = REASON_KEPT_LARGE;
	else if (facts->memories[i].held)
		step->why_erase = REASON_HELD;
	else
		step->why_erase = REASON_ERASE_NOW;
	step->erase = step->why_erase == REASON_ERASE_NOW;
}

/* A next_try further ahead than any retry interval was set by a wrong clock. */
static bool is_put_off(const struct facts *facts, size_t i)
{
	int64_t now = facts->clock.now;
	int64_t next = facts->memories[i].next_try;

	return facts->findings[i].put_off ||
		(now < next && !clock_is_void(now, next));
}

/*
 * Fetches the message, unless it failed before and is not to be retried yet, so
 * that it does not hold up others.
 */
static struct step new_step(
	const struct facts *facts, size_t i, enum reason why)
{
	const struct memory *memory = &facts->memories[i];
	struct step step = {.fetch = true, .why_fetch = why};

	if (memory->tries > 0 && memory->quarantined)
		return skip(REASON_QUARANTINED);
	if (memory->tries > 0 && is_put_off(facts, i))
		return skip(REASON_WAITING);
	if (is_too_large(facts, i))
		return skip(REASON_TOO_LARGE);
	step.last = memory->tries > 0;
	step.reused = why == REASON_REUSED;
	decide_at_once(facts, i, &step);
	return step;
}

/*
 * Erases the message, provided that its copy here is intact or was removed by
 * its owner.
 */
static struct step erase_step(
	const struct facts *facts, size_t i, enum reason why)
{
	struct step step = {.why_fetch = REASON_FETCHED_BEFORE};

	switch (facts->findings[i].local) {
	case LOCAL_UNKNOWN:
	case LOCAL_HERE:
	case LOCAL_TRASHED:
	case LOCAL_CONFIRMED:
		step.why_fetch = REASON_KEPT;
		break;
	case LOCAL_GONE:
		break;
	case LOCAL_CHANGED:
		step.why_erase = REASON_CHANGED;
		return step;
	case LOCAL_UNREADABLE:
		step.why_erase = REASON_UNREADABLE;
		return step;
	case LOCAL_UNTRACED:
		step.why_erase = REASON_UNTRACED;
		return step;
	}
	step.erase = true;
	step.why_erase = why;
	return step;
}

/* Leaves a message whose copy was not removed, or may not have been. */
static struct step here_step(const struct facts *facts, size_t i)
{
	struct step step = erase_step(facts, i, REASON_STILL_HERE);

	step.erase = false;
	return step;
}

bool plan_is_dated(const struct memory *memory, const struct clock *clock)
{
	return memory->kept_at != 0 &&
		!clock_is_void(clock->now, memory->kept_at);
}

/* Applies the delete setting to a message that is kept here. */
static struct step rule_step(const struct facts *facts, size_t i)
{
	const struct policy *policy = facts->policy;
	const struct memory *memory = &facts->memories[i];
	enum local_state local = facts->findings[i].local;

	switch (policy->erase) {
	case ERASE_NEVER:
		break;
	case ERASE_NOW:
		return erase_step(facts, i, REASON_ERASE_NOW);
	case ERASE_AFTER:
		if (!plan_is_dated(memory, &facts->clock))
			return leave_kept(REASON_UNDATED);
		if (facts->clock.now - memory->kept_at < policy->after)
			return leave_kept(REASON_NOT_DUE);
		if (facts->clock.trust != CLOCK_SURE)
			return leave_kept(REASON_CLOCK);
		return erase_step(facts, i, REASON_DUE);
	case ERASE_WHEN_TRASHED:
		if (local == LOCAL_GONE || local == LOCAL_TRASHED)
			return erase_step(facts, i, REASON_TRASHED);
		return here_step(facts, i);
	case ERASE_WHEN_PURGED:
		if (local == LOCAL_GONE)
			return erase_step(facts, i, REASON_PURGED);
		return here_step(facts, i);
	}
	return leave_kept(REASON_NEVER);
}

static struct step kept_step(const struct facts *facts, size_t i)
{
	const struct policy *policy = facts->policy;

	if (!policy_erases_later(policy))
		return leave_kept(REASON_NEVER);
	if (facts->restraint != RESTRAINT_NONE)
		return leave_kept(restraint_reason(facts->restraint));
	if (facts->memories[i].held)
		return leave_kept(REASON_HELD);
	if (is_newest(facts, i))
		return leave_kept(REASON_NEWEST);
	if (is_larger(facts, i, policy->keep_larger))
		return leave_kept(REASON_KEPT_LARGE);
	struct step step = rule_step(facts, i);

	if (!step.erase && is_larger(facts, i, policy->delete_larger))
		return erase_step(facts, i, REASON_LARGE);
	return step;
}

/*
 * For a message listed again after it was erased or had vanished. It may be the
 * same message, on a server that does not delete mail or lists only part of the
 * mailbox, or another one with a reused uid. Only the same header proves that
 * it is the same, not the same size; so without that proof it is not erased,
 * and what was erased before is never erased again.
 */
static struct step returned_step(const struct facts *facts, size_t i)
{
	if (facts->memories[i].state == MEMORY_ERASED ||
		(facts->findings[i].identity != IDENTITY_SAME &&
			erases_later(facts)))
		return leave_kept(REASON_RETURNED);
	return kept_step(facts, i);
}

/* Is the listed size different from the recorded one? */
static bool has_other_size(const struct facts *facts, size_t i)
{
	uint64_t listed = facts->maildrop->messages[i].size;
	uint64_t known = facts->memories[i].size;

	return listed != MAILDROP_SIZE_UNKNOWN &&
		known != MAILDROP_SIZE_UNKNOWN && listed != known;
}

/* Does the uid now stand for another message than the one on record? */
static bool is_another(const struct facts *facts, size_t i)
{
	const struct finding *finding = &facts->findings[i];

	switch (facts->memories[i].state) {
	case MEMORY_NONE:
	case MEMORY_ARRIVING:
		return false;
	case MEMORY_SEEN: /* no header is on record */
		return finding->identity == IDENTITY_OTHER;
	case MEMORY_KEPT:
	case MEMORY_ERASED:
		break;
	}
	if (finding->identity != IDENTITY_UNKNOWN)
		return finding->identity == IDENTITY_OTHER;
	return !finding->loose && has_other_size(facts, i);
}

static struct step decide(const struct facts *facts, size_t i)
{
	const struct memory *memory = &facts->memories[i];
	const struct finding *finding = &facts->findings[i];

	if (facts->maildrop->messages[i].uid_length == 0)
		return skip(REASON_NO_UID);
	if (is_another(facts, i))
		return new_step(facts, i, REASON_REUSED);
	switch (memory->state) {
	case MEMORY_NONE:
		if (finding->old)
			return skip(REASON_OLD);
		return new_step(facts, i,
			memory->tries > 0 ? REASON_RETRY : REASON_NEW);
	case MEMORY_ARRIVING:
		return skip(REASON_INTERRUPTED);
	case MEMORY_KEPT:
		/* It may or may not be the same message; only a header could
		 * decide. */
		if (finding->loose && finding->identity != IDENTITY_SAME &&
			has_other_size(facts, i))
			return leave_kept(REASON_OTHER_SIZE);
		return memory->vanished ? returned_step(facts, i)
					: kept_step(facts, i);
	case MEMORY_ERASED:
		return returned_step(facts, i);
	case MEMORY_SEEN:
		break;
	}
	return skip(REASON_SEEN);
}

/* Returns until when this message will require no action; 0: it does now. */
static int64_t quiet_until(
	const struct facts *facts, size_t i, const struct step *step)
{
	const struct policy *policy = facts->policy;
	const struct memory *memory = &facts->memories[i];

	if (step->fetch || step->erase ||
		(memory->vanished && erases_later(facts)))
		return 0;
	/* What its owner does with the copy is not visible in a listing. */
	if (policy->erase == ERASE_WHEN_TRASHED ||
		policy->erase == ERASE_WHEN_PURGED)
		return 0;
	if (step->why_erase == REASON_NEVER || step->why_erase == REASON_KEEP ||
		step->why_erase == REASON_NEWEST ||
		step->why_erase == REASON_HELD ||
		step->why_erase == REASON_KEPT_LARGE ||
		step->why_fetch == REASON_SEEN ||
		step->why_fetch == REASON_QUARANTINED)
		return INT64_MAX;
	if (step->why_fetch == REASON_WAITING)
		return facts->findings[i].put_off ? 0 : memory->next_try;
	if (step->why_erase != REASON_NOT_DUE)
		return 0;
	if (memory->kept_at > INT64_MAX - policy->after)
		return INT64_MAX;
	return memory->kept_at + policy->after;
}

/* Minimum number of copies for the brake to act if all of them are missing. */
#define BRAKE_ALL 3

/*
 * Stops all erasures if too many copies are missing at once, or all of a few:
 * an unmounted disk, or another program that filed them, looks the same as an
 * owner who removed them.
 */
static void apply_brake(const struct facts *facts, struct plan *plan)
{
	const struct policy *policy = facts->policy;

	for (size_t i = 0; i < plan->count; i++) {
		const struct memory *memory = &facts->memories[i];
		enum local_state local = facts->findings[i].local;

		if (memory->state != MEMORY_KEPT || local == LOCAL_UNKNOWN ||
			local == LOCAL_UNTRACED || local == LOCAL_CONFIRMED ||
			memory->missing)
			continue;
		plan->looked_for++;
		plan->missing += local == LOCAL_GONE;
	}
	plan->braked = !facts->no_brake &&
		((plan->missing >= BRAKE_ALL &&
			 plan->missing == plan->looked_for) ||
			(plan->missing > 10 &&
				plan->missing * 100 >
					plan->looked_for * policy->brake));
	for (size_t i = 0; plan->braked && i < plan->count; i++) {
		if (!plan->steps[i].erase)
			continue;
		plan->steps[i].erase = false;
		plan->steps[i].why_erase = REASON_BRAKE;
	}
}

/* Erases the oldest kept messages until the rest fits into max-server-size. */
static void make_room(const struct facts *facts, struct plan *plan)
{
	const struct message *messages = facts->maildrop->messages;
	uint64_t most = facts->policy->max_server_size;
	uint64_t stays = 0;

	if (facts->restraint != RESTRAINT_NONE || most == 0 || plan->braked)
		return;
	for (size_t i = 0; i < plan->count; i++) {
		if (!plan->steps[i].erase &&
			messages[i].size != MAILDROP_SIZE_UNKNOWN)
			stays += messages[i].size;
	}
	for (size_t i = 0; i < plan->count && stays > most; i++) {
		struct step *step = &plan->steps[i];
		bool may = !step->fetch && !step->erase &&
			facts->memories[i].state == MEMORY_KEPT &&
			(step->why_erase == REASON_NEVER ||
				step->why_erase == REASON_NOT_DUE ||
				step->why_erase == REASON_STILL_HERE);

		if (!may || messages[i].size == MAILDROP_SIZE_UNKNOWN)
			continue;
		*step = erase_step(facts, i, REASON_NO_ROOM);
		if (step->erase)
			stays -= messages[i].size;
	}
}

static void count_steps(const struct facts *facts, struct plan *plan)
{
	plan->quiet_until = INT64_MAX;
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];
		uint64_t size = facts->maildrop->messages[i].size;
		int64_t until = quiet_until(facts, i, step);

		if (until < plan->quiet_until)
			plan->quiet_until = until;
		plan->fetches += step->fetch;
		plan->erasures += step->erase;
		plan->too_large += step->why_fetch == REASON_TOO_LARGE;
		if (step->fetch && size != MAILDROP_SIZE_UNKNOWN)
			plan->octets += size;
	}
}

struct plan plan_make(const struct facts *facts)
{
	size_t count = facts->maildrop->count;
	struct plan plan = {
		.steps = xcalloc(count, sizeof plan.steps[0]),
		.count = count,
	};

	for (size_t i = 0; i < count; i++)
		plan.steps[i] = decide(facts, i);
	apply_brake(facts, &plan);
	make_room(facts, &plan);
	count_steps(facts, &plan);
	return plan;
}

int64_t plan_patience(uint32_t tries)
{
	/* The first failures may be due to the connection. */
	static const int64_t hours[] = {0, 0, 0, 1, 4, 12, 24};
	size_t count = sizeof hours / sizeof hours[0];

	return 3600 * hours[tries < count ? tries : count - 1];
}

void plan_release(struct plan *plan)
{
	free(plan->steps);
	*plan = (struct plan){.count = 0};
}
