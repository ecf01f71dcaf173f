/* SPDX-License-Identifier: ISC */
/*
 * Any policy, any memories: what a plan must contain, and what it may never
 * contain.
 */
#include <stdbool.h>
#include <string.h>

#include "core/plan.h"
#include "fuzz.h"

#define MESSAGES_MAX 256
#define NOW 100000

struct row {
	uint8_t state; /* and all other facts; 255: no uid */
	uint8_t size;
	uint8_t listed_size;
	uint8_t age;
};

static struct clock clock_read;
static struct message messages[MESSAGES_MAX];
static struct memory memories[MESSAGES_MAX];
static struct finding findings[MESSAGES_MAX];
static enum restraint restraint;

static uint64_t size_from(uint8_t octet)
{
	return octet % 5 == 0 ? MAILDROP_SIZE_UNKNOWN : octet;
}

static bool knows_sizes(size_t i)
{
	return messages[i].size != MAILDROP_SIZE_UNKNOWN &&
		memories[i].size != MAILDROP_SIZE_UNKNOWN;
}

static bool has_other_size(size_t i)
{
	return knows_sizes(i) && messages[i].size != memories[i].size;
}

/*
 * Is it another message under a known uid, according to its header or else its
 * size?
 */
static bool is_other(size_t i)
{
	const struct memory *memory = &memories[i];

	enum identity identity = findings[i].identity;

	if (memory->state == MEMORY_SEEN)
		return identity == IDENTITY_OTHER;
	if (memory->state != MEMORY_KEPT && memory->state != MEMORY_ERASED)
		return false;
	return identity == IDENTITY_UNKNOWN
		? has_other_size(i) && !findings[i].loose
		: identity == IDENTITY_OTHER;
}

/* May it be another message, as far as is known? */
static bool is_doubtful(size_t i)
{
	return has_other_size(i) && findings[i].loose &&
		findings[i].identity != IDENTITY_SAME;
}

static bool is_too_large(const struct policy *policy, size_t i)
{
	return policy->max_size > 0 &&
		messages[i].size != MAILDROP_SIZE_UNKNOWN &&
		messages[i].size > policy->max_size;
}

/* Has the time come to try a failed message again? */
static bool is_due_again(size_t i)
{
	return memories[i].tries == 0 ||
		(!memories[i].quarantined && !findings[i].put_off &&
			(NOW >= memories[i].next_try ||
				memories[i].next_try > NOW + CLOCK_DAY));
}

static void check_fetch(const struct policy *policy, size_t i, bool fetch)
{
	bool wanted = messages[i].uid_length > 0 && !is_too_large(policy, i) &&
		is_due_again(i) &&
		((memories[i].state == MEMORY_NONE && !findings[i].old) ||
			is_other(i));

	PROMISE(fetch == wanted);
}

/* Is its copy here as it should be, or removed by its owner? */
static bool is_well(size_t i)
{
	return findings[i].local != LOCAL_CHANGED &&
		findings[i].local != LOCAL_UNREADABLE &&
		findings[i].local != LOCAL_UNTRACED;
}

/* Does the rule erase it if it is kept? */
static bool is_over(const struct policy *policy, size_t i)
{
	const struct memory *memory = &memories[i];
	bool gone = findings[i].local == LOCAL_GONE;

	switch (policy->erase) {
	case ERASE_NEVER:
		return false;
	case ERASE_NOW:
		return true;
	case ERASE_AFTER:
		return clock_read.trust == CLOCK_SURE && memory->kept_at != 0 &&
			memory->kept_at <= NOW + CLOCK_DAY &&
			NOW - memory->kept_at >= policy->after;
	case ERASE_WHEN_TRASHED:
		return gone || findings[i].local == LOCAL_TRASHED;
	case ERASE_WHEN_PURGED:
		return gone;
	}
	return false;
}

static bool is_over_size(uint64_t limit, size_t i)
{
	return limit > 0 && messages[i].size != MAILDROP_SIZE_UNKNOWN &&
		messages[i].size > limit;
}

static void check_erase(const struct policy *policy, size_t count, size_t i,
	const struct step *step)
{
	const struct memory *memory = &memories[i];
	bool kept = memory->state == MEMORY_KEPT;
	bool protected = restraint != RESTRAINT_NONE ||
		count - i <= policy->keep_newest ||
		messages[i].uid_length == 0 ||
		is_over_size(policy->keep_larger, i);
	bool wanted =
		is_over(policy, i) || is_over_size(policy->delete_larger, i);

	if (step->erase) {
		PROMISE(!protected);
		PROMISE(step->fetch || kept);
		PROMISE(!step->fetch || policy->erase == ERASE_NOW);
		/* A uid that was away is trusted only if the header proves
		 * it. */
		PROMISE(step->fetch || !memory->vanished ||
			findings[i].identity == IDENTITY_SAME);
		PROMISE(step->fetch || !is_doubtful(i));
		PROMISE(!memory->held);
		PROMISE(step->fetch || is_well(i));
		PROMISE(step->fetch || wanted || policy->max_server_size > 0);
		return;
	}
	/* Mail that is due is not forgotten. */
	PROMISE(protected || step->why_erase == REASON_BRAKE || !kept ||
		memory->vanished || memory->held || step->fetch ||
		is_other(i) || is_doubtful(i) || !is_well(i) || !wanted);
}

/* If too many are missing at once, nothing is erased. */
static void check_brake(const struct policy *policy,
	const struct maildrop *maildrop, const struct plan *plan)
{
	size_t looked_for = 0;
	size_t missing = 0;

	for (size_t i = 0; i < maildrop->count; i++) {
		if (memories[i].state != MEMORY_KEPT || memories[i].missing)
			continue;
		looked_for += findings[i].local != LOCAL_UNKNOWN &&
			findings[i].local != LOCAL_UNTRACED &&
			findings[i].local != LOCAL_CONFIRMED;
		missing += findings[i].local == LOCAL_GONE;
	}
	PROMISE(plan->braked ==
		((missing > 2 && missing == looked_for) ||
			(missing > 10 &&
				missing * 100 > looked_for * policy->brake)));
	PROMISE(!plan->braked || plan->erasures == 0);
}

/* Nothing is erased to make room if there is enough. */
static void check_room(const struct policy *policy,
	const struct maildrop *maildrop, const struct plan *plan)
{
	uint64_t stays = 0;
	uint64_t smallest = UINT64_MAX;

	for (size_t i = 0; i < maildrop->count; i++) {
		uint64_t size = messages[i].size;

		if (!plan->steps[i].erase && size != MAILDROP_SIZE_UNKNOWN)
			stays += size;
		if (plan->steps[i].why_erase == REASON_NO_ROOM &&
			size < smallest)
			smallest = size;
	}
	PROMISE(smallest == UINT64_MAX ||
		stays + UINT8_MAX > policy->max_server_size);
}

static void check_plan(const struct policy *policy,
	const struct maildrop *maildrop, const struct plan *plan)
{
	size_t fetches = 0;
	size_t erasures = 0;
	size_t too_large = 0;
	uint64_t octets = 0;

	PROMISE(plan->count == maildrop->count);
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];

		PROMISE(plan_reason(step->why_fetch)[0] != '\0');
		PROMISE(!step->erase || step->why_erase != REASON_NONE);
		check_fetch(policy, i, step->fetch);
		check_erase(policy, plan->count, i, step);
		fetches += step->fetch;
		erasures += step->erase;
		too_large += step->why_fetch == REASON_TOO_LARGE;
		if (step->fetch && messages[i].size != MAILDROP_SIZE_UNKNOWN)
			octets += messages[i].size;
	}
	PROMISE(fetches == plan->fetches);
	PROMISE(erasures == plan->erasures);
	PROMISE(too_large == plan->too_large);
	PROMISE(octets == plan->octets);
	check_brake(policy, maildrop, plan);
	check_room(policy, maildrop, plan);
}

/* If a plan needs no sizes, it is the same without them. */
static void check_sizes(const struct facts *facts, const struct plan *plan)
{
	const struct policy *policy = facts->policy;
	const struct maildrop *maildrop = facts->maildrop;

	if (plan_needs_sizes(policy, maildrop, memories))
		return;
	for (size_t i = 0; i < maildrop->count; i++)
		messages[i].size = MAILDROP_SIZE_UNKNOWN;
	struct plan again = plan_make(facts);

	for (size_t i = 0; i < plan->count; i++) {
		PROMISE(plan->steps[i].fetch == again.steps[i].fetch);
		PROMISE(plan->steps[i].erase == again.steps[i].erase);
		PROMISE(plan->steps[i].why_fetch == again.steps[i].why_fetch);
		PROMISE(plan->steps[i].why_erase == again.steps[i].why_erase);
	}
	plan_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct row row;

	if (size < 4)
		return 0;
	struct policy policy = {
		.erase = (enum erase_rule)(data[0] % 5),
		.brake = data[0] / 20 * 10,
		.after = data[1] * 10,
		.keep_newest = data[2] % 8,
		.max_size = data[3] % 2 ? data[3] : 0,
		.keep_larger = data[2] / 8 % 4 == 1 ? data[3] : 0,
		.delete_larger = data[2] / 8 % 4 == 2 ? data[3] : 0,
		.max_server_size = data[2] / 8 % 4 == 3 ? data[3] * 4 : 0,
	};
	struct maildrop maildrop = {.messages = messages};

	restraint = data[0] / 5 % 4 == 3 ? (enum restraint)(1 + data[1] % 3)
					 : RESTRAINT_NONE;
	clock_read = (struct clock){
		.now = NOW, .trust = (enum clock_trust)(data[2] / 32 % 3)};

	for (size_t at = 4; at + sizeof row <= size; at += sizeof row) {
		size_t i = maildrop.count++;

		if (maildrop.count > MESSAGES_MAX)
			return 0;
		memcpy(&row, data + at, sizeof row);
		messages[i] = (struct message){.number = (uint32_t)i + 1,
			.uid_length = row.state != 255,
			.size = size_from(row.listed_size)};
		findings[i] = (struct finding){
			.identity = (enum identity)(row.state / 80 % 3),
			.loose = row.size % 7 == 3,
			.old = row.age % 11 == 10,
			.put_off = row.size % 11 == 3,
			.local = (enum local_state)(row.age % 8)};
		memories[i] = (struct memory){.row = (int64_t)i,
			.state = (enum memory_state)(row.state % 5),
			.vanished = row.state / 5 % 2,
			.held = row.state / 10 % 8 == 0,
			.tries = row.age % 3,
			.next_try = row.age % 13 == 5 ? NOW + 9 * CLOCK_DAY
						      : NOW + 8 - row.age % 16,
			.quarantined = row.age % 11 == 0,
			.missing = row.age % 7 == 0,
			.size = size_from(row.size),
			/* Some of them were recorded by a clock that was
			 * wrong. */
			.kept_at = row.age == 255 ? 0
				: row.age == 254  ? NOW + 9 * CLOCK_DAY
						  : NOW + 320 - row.age * 10};
	}
	struct facts facts = {.policy = &policy,
		.maildrop = &maildrop,
		.memories = memories,
		.findings = findings,
		.clock = clock_read,
		.restraint = restraint};
	struct plan plan = plan_make(&facts);

	check_plan(&policy, &maildrop, &plan);
	check_sizes(&facts, &plan);
	plan_release(&plan);
	return 0;
}
