/* SPDX-License-Identifier: ISC */
/* The texts of a plan's reasons; plan_test checks that none is missing. */
#include <stdio.h>

#include "core/plan.h"

static const char *const reasons[] = {
	[REASON_NONE] = "",
	[REASON_NEW] = "new",
	[REASON_REUSED] = "a different message under a known uid",
	[REASON_RETRY] =
		"could not be fetched before; tried again after the others",
	[REASON_KEPT] = "kept here",
	[REASON_FETCHED_BEFORE] = "fetched before",
	[REASON_NO_UID] = "the server lists it without a uid",
	[REASON_TOO_LARGE] = "larger than max-size",
	[REASON_INTERRUPTED] =
		"a run was interrupted while storing it; the next fetch resolves it",
	[REASON_SEEN] = "counts as seen; it was never fetched by keepmail",
	[REASON_OLD] = "older than the start setting; counts as seen",
	[REASON_WAITING] = "could not be fetched before; tried again later",
	[REASON_QUARANTINED] =
		"failed too often (keepmail retry tries it again)",

	[REASON_NEVER] = "delete = never",
	[REASON_NOT_DUE] = "not due yet",
	[REASON_UNDATED] =
		"stored while the clock was wrong: the retention period starts with the first run with a correct clock",
	[REASON_CLOCK] = "due, but the clock may be wrong: not deleted",
	[REASON_NEWEST] = "kept by keep-newest",
	[REASON_ERASE_NOW] = "delete = now",
	[REASON_DUE] = "retention period expired",
	[REASON_RETURNED] =
		"listed again after it was deleted or had disappeared",
	[REASON_OTHER_SIZE] =
		"its size changed (this server reports varying sizes), and no header proves that it is the same message: not deleted",
	[REASON_HELD] = "held (keepmail release releases it)",
	[REASON_STILL_HERE] = "its copy was not removed",
	[REASON_TRASHED] = "its copy was trashed",
	[REASON_PURGED] = "its copy was removed",
	[REASON_KEPT_LARGE] = "larger than keep-larger-than",
	[REASON_LARGE] = "larger than delete-larger-than",
	[REASON_NO_ROOM] = "oldest message beyond max-server-size",
	[REASON_CHANGED] = "its copy here was changed: not deleted",
	[REASON_UNREADABLE] = "its copy here cannot be read: not deleted",
	[REASON_UNTRACED] =
		"its copy was not found, and its header does not identify it: not deleted",
	[REASON_BRAKE] = "too many copies are missing here: nothing is deleted",
	[REASON_KEEP] = "-k: nothing is deleted in this run",
	[REASON_COPIES] = "the search for copies failed: nothing is deleted",
	[REASON_UNSYNCED] =
		"the file system here cannot sync a directory: nothing is deleted",
};

const char *plan_reason(enum reason reason)
{
	return (size_t)reason < REASONS ? reasons[reason] : "";
}

char *plan_why(char *room, const struct step *step)
{
	snprintf(room, PLAN_WHY_MAX, "%s%s%s", plan_reason(step->why_fetch),
		step->why_erase == REASON_NONE ? "" : "; ",
		plan_reason(step->why_erase));
	return room;
}

size_t plan_pair(const struct step *step)
{
	return (size_t)step->why_fetch * REASONS + (size_t)step->why_erase;
}

struct step plan_of_pair(size_t pair)
{
	return (struct step){.why_fetch = (enum reason)(pair / REASONS),
		.why_erase = (enum reason)(pair % REASONS)};
}
