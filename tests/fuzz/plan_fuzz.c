/* SPDX-License-Identifier: ISC */
/* Any policy, any memories: what no plan may ever say. */
#include <string.h>

#include "core/plan.h"
#include "fuzz.h"

struct row {
	uint8_t state;
	uint8_t size;
	uint8_t listed_size;
	uint8_t age;
	uint8_t uid;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t key[2] = {5, 6};
	struct maildrop maildrop;
	struct error err = {.kind = ERROR_NONE};

	if (size < 4)
		return 0;
	struct policy policy = {
		.erase = (enum erase_rule)(data[0] % 3),
		.after = data[1] * 10,
		.keep_newest = data[2] % 8,
		.max_size = data[3] % 2 ? data[3] : 0,
	};
	const struct row *rows = (const struct row *)(data + 4);
	size_t count = (size - 4) / sizeof rows[0];
	struct memory *memories = calloc(count + 1, sizeof memories[0]);

	maildrop_init(&maildrop, key);
	for (size_t i = 0; i < count; i++) {
		maildrop_add(&maildrop, (uint32_t)i + 1,
			(const char *)&rows[i].uid, rows[i].uid > 0, &err);
		memories[i].state = (enum memory_state)(rows[i].state % 4);
		memories[i].size =
			rows[i].size % 5 ? rows[i].size : MAILDROP_SIZE_UNKNOWN;
		memories[i].vanished = rows[i].state / 4 % 2;
		memories[i].kept_at = 100000 - rows[i].age * 10;
	}
	maildrop_index(&maildrop, &err);
	for (size_t i = 0; i < count; i++) {
		if (rows[i].listed_size % 5)
			maildrop_set_size(&maildrop, (uint32_t)i + 1,
				rows[i].listed_size);
	}
	struct plan plan = plan_make(&policy, &maildrop, memories, 100000);
	size_t fetches = 0;

	PROMISE(plan.count == count);
	for (size_t i = 0; i < count; i++) {
		const struct step *step = &plan.steps[i];
		enum memory_state state = memories[i].state;

		fetches += step->fetch;
		PROMISE(plan_reason(step->reason)[0] != '\0');
		PROMISE(!step->erase || policy.erase != ERASE_NEVER);
		PROMISE(!step->erase || step->fetch || state == MEMORY_KEPT);
		PROMISE(!step->fetch || state == MEMORY_NONE ||
			state == MEMORY_ERASED || memories[i].vanished);
		PROMISE(!step->erase || count - i > policy.keep_newest);
		PROMISE(!step->erase || policy.erase != ERASE_AFTER ||
			100000 - memories[i].kept_at >= policy.after);
	}
	PROMISE(fetches == plan.fetches);
	plan_release(&plan);
	maildrop_release(&maildrop);
	free(memories);
	return 0;
}
