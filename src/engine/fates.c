/* SPDX-License-Identifier: ISC */
#include "engine/fates.h"

#include <stdlib.h>

#include "core/xalloc.h"

void fates_init(struct fates *fates, size_t count)
{
	*fates = (struct fates){
		.at = xcalloc(count, sizeof fates->at[0]), .count = count};
}

void fates_release(struct fates *fates)
{
	for (size_t i = 0; i < fates->count && fates->troubles > 0; i++)
		free(fates->at[i].trouble);
	free(fates->at);
	*fates = (struct fates){.count = 0};
}

void fates_trouble(
	struct fates *fates, size_t position, const struct error *err)
{
	struct fate *fate = &fates->at[position];

	free(fate->trouble);
	fate->trouble = xasprintf("%s%s%s", err->text,
		err->server[0] == '\0' ? "" : ": ", err->server);
	fates->troubles++;
	fates->last_trouble = position;
}

static enum memory_state state_of(enum fate_state state)
{
	switch (state) {
	case FATE_NONE:
		break;
	case FATE_ARRIVING:
		return MEMORY_ARRIVING;
	case FATE_KEPT:
		return MEMORY_KEPT;
	case FATE_SEEN:
		return MEMORY_SEEN;
	}
	return MEMORY_NONE;
}

struct memory fates_memory(const struct memory *before, const struct fate *fate,
	const struct step *step, uint64_t size)
{
	struct memory now = *before;

	/* A row for an older message under the same uid says nothing about this
	 * one, which is kept only once it has been fetched. */
	if (step->fetch)
		now = (struct memory){.tries = before->tries,
			.held = before->held,
			.oversize = before->oversize};
	if (fate->state != FATE_NONE) {
		now.state = state_of(fate->state);
		now.row = fate->row;
		now.kept_at = fate->kept_at;
	}
	/* For seen messages, record_seen_sizes records the size. */
	if (fate->state == FATE_ARRIVING || fate->state == FATE_KEPT)
		now.size = size;
	if (fate->oversize > 0)
		now.oversize = fate->oversize;
	else if (step->fetch && fate->state == FATE_KEPT)
		now.oversize = 0;
	return now;
}

void fates_count(const struct fates *fates, struct tally *tally)
{
	tally->fetched = fates->fetched;
	tally->octets = fates->octets;
	tally->twice = fates->twice;
	tally->erased = fates->erased;
	tally->failed = fates->refused;
}
