/* SPDX-License-Identifier: ISC */
#include "engine/attempt.h"

#include <stdlib.h>

#include "core/xalloc.h"
#include "engine/notices.h"
#include "engine/places.h"
#include "engine/rebuild.h"
#include "engine/sessions.h"

void attempt_release(struct attempt *attempt)
{
	ladder_close(attempt->ladder);
	fates_release(&attempt->fates);
	plan_release(&attempt->plan);
	facts_release(&attempt->knowledge);
	mailbox_close(&attempt->mailbox);
}

bool attempt_preview(struct attempt *attempt, struct error *err)
{
	struct mailbox *mailbox = &attempt->mailbox;

	if (!mailbox_open(mailbox, err) || !places_check(mailbox, err) ||
		!rebuild_check_due(mailbox, err) ||
		!mailbox_log_in(mailbox, false, err))
		return false;
	notices_expiry(mailbox);
	return mailbox_list(mailbox, err) &&
		facts_gather(&attempt->knowledge, mailbox, attempt->outcome,
			&attempt->plan, err);
}

struct memory *attempt_memories(const struct attempt *attempt)
{
	static const struct step left = {.fetch = false};
	static const struct fate none = {.state = FATE_NONE};
	const struct maildrop *maildrop = &attempt->mailbox.maildrop;

	if (attempt->knowledge.memories == NULL)
		return NULL;
	struct memory *memories = xcalloc(maildrop->count, sizeof memories[0]);

	for (size_t i = 0; i < maildrop->count; i++)
		memories[i] = fates_memory(&attempt->knowledge.memories[i],
			i < attempt->fates.count ? &attempt->fates.at[i]
						 : &none,
			i < attempt->plan.count ? &attempt->plan.steps[i]
						: &left,
			maildrop->messages[i].size);
	return memories;
}

void attempt_count(struct attempt *attempt, const struct error *err)
{
	const struct mailbox *mailbox = &attempt->mailbox;
	struct tally *tally = &attempt->tally;

	fates_count(&attempt->fates, tally);
	tally->status = error_status(err->kind);
	tally->listed = mailbox->listed;
	tally->left = mailbox->maildrop.count - attempt->fates.erased;
	tally->too_large = attempt->plan.too_large + attempt->fates.oversize;
}

void attempt_add_up(const struct attempt *attempt, const struct error *err)
{
	const struct tally *tally = &attempt->tally;
	struct outcome *outcome = attempt->outcome;
	struct tally *total = &outcome->tally;
	/* If fewer messages are failing than after the broken session, what
	 * broke it has been fetched, and its error no longer counts. */
	bool fresh = outcome->after == NEXT_AFTER_BREAK &&
		outcome->earlier == 0 && attempt->knowledge.memories != NULL &&
		sessions_in_trouble(attempt) < outcome->in_trouble;

	if (outcome->after != NEXT_AFTER_BREAK)
		outcome->earlier = total->status;

	*total = (struct tally){
		.status = fresh ? tally->status
				: error_worse(total->status, tally->status),
		.listed = total->listed || tally->listed,
		.fetched = total->fetched + tally->fetched,
		.octets = total->octets + tally->octets,
		.twice = total->twice + tally->twice,
		.rebuilt = tally->rebuilt,
		.erased = total->erased + tally->erased,
		.left = tally->listed ? tally->left : total->left,
		.too_large = tally->too_large,
		.failed = total->failed + tally->failed,
	};
	/* The error that broke an earlier session remains the run's error while
	 * messages are missing because of it, unless this session broke as
	 * well. */
	if (fresh ||
		(err->kind != ERROR_NONE &&
			(attempt->broken || !outcome->unsaid))) {
		outcome->error = *err;
		outcome->unsaid = false;
	}
}
