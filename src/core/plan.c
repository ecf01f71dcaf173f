/* SPDX-License-Identifier: ISC */
#include "core/plan.h"

#include <stdlib.h>

#include "core/xalloc.h"

bool plan_needs_sizes(const struct policy *policy,
	const struct maildrop *maildrop, const struct memory *memories)
{
	for (size_t i = 0; i < maildrop->count; i++) {
		if (memories[i].state == MEMORY_ERASED || memories[i].vanished)
			return true;
		if (memories[i].state == MEMORY_NONE && policy->max_size > 0)
			return true;
	}
	return false;
}

/* Is the message one of those that keep-newest protects? */
static bool is_newest(
	const struct policy *policy, const struct maildrop *maildrop, size_t i)
{
	return maildrop->count - i <= policy->keep_newest;
}

static bool is_too_large(
	const struct policy *policy, const struct message *message)
{
	return policy->max_size > 0 && message->size != MAILDROP_SIZE_UNKNOWN &&
		message->size > policy->max_size;
}

/* A message to fetch: reason, or then_erased when it is erased at once. */
static struct step fetch_step(const struct policy *policy,
	const struct maildrop *maildrop, size_t i, enum reason reason,
	enum reason then_erased)
{
	bool newest = is_newest(policy, maildrop, i);

	if (is_too_large(policy, &maildrop->messages[i]))
		return (struct step){.reason = REASON_TOO_LARGE};
	if (policy->keep || policy->erase != ERASE_NOW)
		return (struct step){.fetch = true, .reason = reason};
	if (newest)
		return (struct step){
			.fetch = true, .reason = REASON_NEW_NEWEST};
	return (struct step){
		.fetch = true, .erase = true, .reason = then_erased};
}

static struct step kept_step(const struct policy *policy,
	const struct maildrop *maildrop, const struct memory *memory, size_t i,
	int64_t now)
{
	if (policy->keep || policy->erase == ERASE_NEVER)
		return (struct step){.reason = REASON_NEVER};
	if (memory->held)
		return (struct step){.reason = REASON_HELD};
	if (is_newest(policy, maildrop, i))
		return (struct step){.reason = REASON_NEWEST};
	if (policy->erase == ERASE_NOW)
		return (struct step){.erase = true, .reason = REASON_ERASE_NOW};
	/* A clock that was set back makes it younger, never older. */
	if (now - memory->kept_at < policy->after)
		return (struct step){.reason = REASON_NOT_DUE};
	return (struct step){.erase = true, .reason = REASON_DUE};
}

/*
 * Listed again after it was erased or had vanished: the same message, on a
 * server that does not let go or lists only a window, or another one under a
 * uid used again. Another size is another message: it is fetched. The same size
 * does not prove the same message, so what was erased is not erased once more.
 */
static struct step returned_step(const struct policy *policy,
	const struct maildrop *maildrop, const struct memory *memory, size_t i,
	int64_t now)
{
	uint64_t size = maildrop->messages[i].size;
	bool known = size != MAILDROP_SIZE_UNKNOWN &&
		memory->size != MAILDROP_SIZE_UNKNOWN;

	if (known && size != memory->size)
		return fetch_step(policy, maildrop, i, REASON_REUSED,
			REASON_REUSED_THEN_ERASED);
	if (memory->state == MEMORY_ERASED || !known)
		return (struct step){.reason = REASON_RETURNED};
	return kept_step(policy, maildrop, memory, i, now);
}

static struct step decide(const struct policy *policy,
	const struct maildrop *maildrop, const struct memory *memory, size_t i,
	int64_t now)
{
	if (maildrop->messages[i].uid_length == 0)
		return (struct step){.reason = REASON_NO_UID};
	switch (memory->state) {
	case MEMORY_NONE:
		if (memory->old)
			return (struct step){.reason = REASON_OLD};
		return fetch_step(policy, maildrop, i, REASON_NEW,
			REASON_NEW_THEN_ERASED);
	case MEMORY_ARRIVING:
		return (struct step){.reason = REASON_INTERRUPTED};
	case MEMORY_KEPT:
		if (memory->vanished)
			return returned_step(policy, maildrop, memory, i, now);
		return kept_step(policy, maildrop, memory, i, now);
	case MEMORY_ERASED:
		return returned_step(policy, maildrop, memory, i, now);
	case MEMORY_SEEN:
		return (struct step){.reason = REASON_SEEN};
	}
	return (struct step){.reason = REASON_NEVER};
}

/* Until when will nothing come of this message? 0: something does. */
static int64_t quiet_until(const struct policy *policy,
	const struct memory *memory, const struct step *step)
{
	if (step->fetch || step->erase || memory->vanished)
		return 0;
	if (step->reason == REASON_NEVER || step->reason == REASON_NEWEST ||
		step->reason == REASON_HELD || step->reason == REASON_SEEN)
		return INT64_MAX;
	if (step->reason != REASON_NOT_DUE)
		return 0;
	if (memory->kept_at > INT64_MAX - policy->after)
		return INT64_MAX;
	return memory->kept_at + policy->after;
}

struct plan plan_make(const struct policy *policy,
	const struct maildrop *maildrop, const struct memory *memories,
	int64_t now)
{
	struct plan plan = {
		.steps = xcalloc(maildrop->count, sizeof plan.steps[0]),
		.count = maildrop->count,
		.quiet_until = INT64_MAX,
	};

	for (size_t i = 0; i < plan.count; i++) {
		struct step step =
			decide(policy, maildrop, &memories[i], i, now);
		uint64_t size = maildrop->messages[i].size;

		int64_t until = quiet_until(policy, &memories[i], &step);

		plan.steps[i] = step;
		if (until < plan.quiet_until)
			plan.quiet_until = until;
		plan.fetches += step.fetch;
		plan.erasures += step.erase;
		plan.too_large += step.reason == REASON_TOO_LARGE;
		if (step.fetch && size != MAILDROP_SIZE_UNKNOWN)
			plan.octets += size;
	}
	return plan;
}

void plan_release(struct plan *plan)
{
	free(plan->steps);
	*plan = (struct plan){.count = 0};
}

const char *plan_reason(enum reason reason)
{
	switch (reason) {
	case REASON_NEW:
		return "new";
	case REASON_NEW_THEN_ERASED:
		return "new; delete = now";
	case REASON_NEW_NEWEST:
		return "new; among the newest that stay";
	case REASON_REUSED:
		return "another message under a uid that was erased before";
	case REASON_REUSED_THEN_ERASED:
		return "another message under a uid that was erased before; "
		       "delete = now";
	case REASON_NO_UID:
		return "the server lists it without a uid";
	case REASON_TOO_LARGE:
		return "larger than max-size";
	case REASON_INTERRUPTED:
		return "a run was ended while storing it; the next fetch "
		       "settles it";
	case REASON_NEVER:
		return "kept here; nothing is to be deleted";
	case REASON_NOT_DUE:
		return "kept here; not due yet";
	case REASON_NEWEST:
		return "kept here; among the newest that stay";
	case REASON_ERASE_NOW:
		return "kept here; delete = now";
	case REASON_DUE:
		return "kept here; its time is over";
	case REASON_RETURNED:
		return "kept here; erased or gone before, and listed again";
	case REASON_SEEN:
		return "counts as seen; it was never fetched by keepmail";
	case REASON_OLD:
		return "older than start; counts as seen";
	case REASON_HELD:
		return "kept here; held (keepmail release lets it go)";
	}
	return "";
}
