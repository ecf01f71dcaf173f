/* SPDX-License-Identifier: ISC */
/* Any policy, any memories: what a plan must say, and may never say. */
#include <stdbool.h>
#include <string.h>

#include "core/plan.h"
#include "fuzz.h"

#define MESSAGES_MAX 256
#define NOW 100000

struct row {
	uint8_t state; /* and whether it vanished, is old, and has a uid */
	uint8_t size;
	uint8_t listed_size;
	uint8_t age;
};

static struct message messages[MESSAGES_MAX];
static struct memory memories[MESSAGES_MAX];

static uint64_t size_from(uint8_t octet)
{
	return octet % 5 == 0 ? MAILDROP_SIZE_UNKNOWN : octet;
}

static bool knows_sizes(size_t i)
{
	return messages[i].size != MAILDROP_SIZE_UNKNOWN &&
		memories[i].size != MAILDROP_SIZE_UNKNOWN;
}

/* Under a uid that was erased or had vanished: surely another message? */
static bool is_other(size_t i)
{
	bool was_away =
		memories[i].state == MEMORY_ERASED || memories[i].vanished;

	return (memories[i].state == MEMORY_KEPT ||
		       memories[i].state == MEMORY_ERASED) &&
		was_away && knows_sizes(i) &&
		messages[i].size != memories[i].size;
}

static bool is_too_large(const struct policy *policy, size_t i)
{
	return policy->max_size > 0 &&
		messages[i].size != MAILDROP_SIZE_UNKNOWN &&
		messages[i].size > policy->max_size;
}

static void check_fetch(const struct policy *policy, size_t i, bool fetch)
{
	bool wanted = messages[i].uid_length > 0 && !is_too_large(policy, i) &&
		((memories[i].state == MEMORY_NONE && !memories[i].old) ||
			is_other(i));

	PROMISE(fetch == wanted);
}

static void check_erase(const struct policy *policy, size_t count, size_t i,
	const struct step *step)
{
	const struct memory *memory = &memories[i];
	bool kept = memory->state == MEMORY_KEPT;

	if (step->erase) {
		PROMISE(policy->erase != ERASE_NEVER && !policy->keep);
		PROMISE(count - i > policy->keep_newest);
		PROMISE(messages[i].uid_length > 0);
		PROMISE(step->fetch || kept);
		PROMISE(!step->fetch || policy->erase == ERASE_NOW);
		/* A uid that was away is believed when its size is the same. */
		PROMISE(step->fetch || !memory->vanished ||
			(knows_sizes(i) && !is_other(i)));
		PROMISE(step->fetch || policy->erase == ERASE_NOW ||
			NOW - memory->kept_at >= policy->after);
		return;
	}
	/* Nothing that is due is forgotten. */
	PROMISE(policy->erase == ERASE_NEVER || policy->keep ||
		count - i <= policy->keep_newest ||
		messages[i].uid_length == 0 || !(step->fetch || kept) ||
		memory->vanished ||
		(policy->erase == ERASE_AFTER &&
			(step->fetch ||
				NOW - memory->kept_at < policy->after)) ||
		memory->state == MEMORY_ERASED);
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

		PROMISE(plan_reason(step->reason)[0] != '\0');
		check_fetch(policy, i, step->fetch);
		check_erase(policy, plan->count, i, step);
		fetches += step->fetch;
		erasures += step->erase;
		too_large += step->reason == REASON_TOO_LARGE;
		if (step->fetch && messages[i].size != MAILDROP_SIZE_UNKNOWN)
			octets += messages[i].size;
	}
	PROMISE(fetches == plan->fetches);
	PROMISE(erasures == plan->erasures);
	PROMISE(too_large == plan->too_large);
	PROMISE(octets == plan->octets);
}

/* A plan that says that it needs no sizes is the same without them. */
static void check_sizes(const struct policy *policy,
	const struct maildrop *maildrop, const struct plan *plan)
{
	if (plan_needs_sizes(policy, maildrop, memories))
		return;
	for (size_t i = 0; i < maildrop->count; i++)
		messages[i].size = MAILDROP_SIZE_UNKNOWN;
	struct plan again = plan_make(policy, maildrop, memories, NOW);

	for (size_t i = 0; i < plan->count; i++) {
		PROMISE(plan->steps[i].fetch == again.steps[i].fetch);
		PROMISE(plan->steps[i].erase == again.steps[i].erase);
		PROMISE(plan->steps[i].reason == again.steps[i].reason);
	}
	plan_release(&again);
}

/* Two bits, and one more that tells what is seen from what is kept. */
static enum memory_state state_from(uint8_t octet)
{
	enum memory_state state = (enum memory_state)(octet % 4);

	return state == MEMORY_KEPT && octet >= 128 ? MEMORY_SEEN : state;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct row row;

	if (size < 4)
		return 0;
	struct policy policy = {
		.erase = (enum erase_rule)(data[0] % 3),
		.keep = data[0] / 3 % 4 == 3,
		.after = data[1] * 10,
		.keep_newest = data[2] % 8,
		.max_size = data[3] % 2 ? data[3] : 0,
	};
	struct maildrop maildrop = {.messages = messages};

	for (size_t at = 4; at + sizeof row <= size; at += sizeof row) {
		size_t i = maildrop.count++;

		if (maildrop.count > MESSAGES_MAX)
			return 0;
		memcpy(&row, data + at, sizeof row);
		messages[i] = (struct message){.number = (uint32_t)i + 1,
			.uid_length = row.state / 8 % 8 > 0,
			.size = size_from(row.listed_size)};
		memories[i] = (struct memory){.row = (int64_t)i,
			.state = state_from(row.state),
			.old = row.state / 64 % 2,
			.vanished = row.state / 4 % 2,
			.size = size_from(row.size),
			/* Some of them in the future: a clock set back. */
			.kept_at = NOW + 320 - row.age * 10};
	}
	struct plan plan = plan_make(&policy, &maildrop, memories, NOW);

	check_plan(&policy, &maildrop, &plan);
	check_sizes(&policy, &maildrop, &plan);
	plan_release(&plan);
	return 0;
}
