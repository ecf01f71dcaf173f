/* SPDX-License-Identifier: ISC */
/* The texts of a plan's reasons; plan_test checks that none is missing. */
#include <stdio.h>

#include "core/plan.h"

static const char *const reasons[] = {
	[REASON_NONE] = "",
	[REASON_NEW] = "new",
	[REASON_REUSED] = "another message under a known uid",
	[REASON_RETRY] =
		"could not be fetched before; tried again after the others",
	[REASON_KEPT] = "kept here",
	[REASON_FETCHED_BEFORE] = "fetched before",
	[REASON_NO_UID] = "the server lists it without a uid",
	[REASON_TOO_LARGE] = "larger than max-size",
	[REASON_INTERRUPTED] =
		"a run was interrupted while storing it; the next fetch resolves it",
	[REASON_SEEN] = "counts as seen; it was never fetched by keepmail",
	[REASON_OLD] = "older than start; counts as seen",
	[REASON_WAITING] = "could not be fetched before; tried again later",
	[REASON_QUARANTINED] =
		"failed too often (keepmail retry tries it again)",

	[REASON_NEVER] = "nothing is to be deleted",
	[REASON_NOT_DUE] = "not due yet",
	[REASON_UNDATED] =
		"stored while the clock was wrong: its days count from the first run with a correct one",
	[REASON_CLOCK] = "due by a clock that may be wrong: not erased",
	[REASON_NEWEST] = "among the newest that stay",
	[REASON_ERASE_NOW] = "delete = now",
	[REASON_DUE] = "retention period expired",
	[REASON_RETURNED] = "erased or gone before, and listed again",
	[REASON_OTHER_SIZE] =
		"its size has changed, as often on this server, and no header shows that it is the same message: left alone",
	[REASON_HELD] = "held (keepmail release lets it go)",
	[REASON_STILL_HERE] = "its copy was not removed",
	[REASON_TRASHED] = "its copy was trashed",
	[REASON_PURGED] = "its copy was removed",
	[REASON_KEPT_LARGE] = "larger than keep-larger-than",
	[REASON_LARGE] = "larger than delete-larger-than",
	[REASON_NO_ROOM] = "the oldest that is over max-server-size",
	[REASON_CHANGED] = "its copy here is not what was stored: not erased",
	[REASON_UNREADABLE] = "its copy here cannot be read: not erased",
	[REASON_UNTRACED] =
		"its copy was not found, and its header does not identify it: not erased",
	[REASON_BRAKE] = "too many copies are missing here: nothing is erased",
	[REASON_KEEP] = "-k: nothing is erased in this run",
	[REASON_COPIES] =
		"the copies here could not be looked for: nothing is erased",
	[REASON_UNSYNCED] =
		"the file system here cannot sync a directory: nothing is erased",
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
