/* SPDX-License-Identifier: ISC */
/*
 * All that the plan may know, gathered in one place; nothing changes it once
 * the plan is made.
 */
#ifndef ENGINE_FACTS_H
#define ENGINE_FACTS_H

#include <stdbool.h>

#include "core/error.h"
#include "core/plan.h"
#include "engine/fates.h"
#include "engine/mailbox.h"

struct knowledge {
	struct facts facts;	  /* which the following belong to */
	struct memory *memories;  /* owned; one for each message listed */
	struct finding *findings; /* owned; the same */
	bool first;		  /* nothing was known of the mailbox before */
	bool identifying;	  /* what is gone may only have another uid */
};

/*
 * After the listing: recalls what is known of each message, and finds out what
 * else the plan needs: sizes, headers, copies; then makes the plan. A dry run
 * records nothing of what is found on the way. The caller releases knowledge
 * and plan, whatever this returns.
 */
bool facts_gather(struct knowledge *knowledge, struct mailbox *mailbox,
	const struct outcome *outcome, struct plan *plan, struct error *err);

/*
 * Recalls what is known of each message, and nothing else; for who makes no
 * plan.
 */
bool facts_recall(struct knowledge *knowledge, struct mailbox *mailbox,
	struct error *err);

/*
 * Until when (seconds since 1970) nothing would come of the same listing, after
 * what this session did; 0: something would.
 */
int64_t facts_quiet_until(const struct facts *facts,
	const struct memory *memories, const struct finding *findings);

void facts_release(struct knowledge *knowledge);

#endif
