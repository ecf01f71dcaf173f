/* SPDX-License-Identifier: ISC */
/*
 * Everything that the plan is made from, collected in one place. Nothing
 * changes it once the plan is made.
 */
#ifndef ENGINE_FACTS_H
#define ENGINE_FACTS_H

#include <stdbool.h>

#include "core/error.h"
#include "core/plan.h"
#include "engine/fates.h"
#include "engine/mailbox.h"

struct knowledge {
	struct facts facts;	  /* points to the arrays below */
	struct memory *memories;  /* owned; one for each message listed */
	struct finding *findings; /* owned; likewise */
	bool first;		  /* this is the mailbox's first run */
	bool identifying;	  /* missing messages may have new uids */
};

/*
 * After the listing: recalls what is known of each message, collects what else
 * the plan needs (sizes, headers, copies), and makes the plan. A dry run
 * records nothing that it finds out. The caller releases knowledge and plan in
 * any case.
 */
bool facts_gather(struct knowledge *knowledge, struct mailbox *mailbox,
	const struct outcome *outcome, struct plan *plan, struct error *err);

/*
 * Only recalls what is known of each message, for commands that make no plan.
 */
bool facts_recall(struct knowledge *knowledge, struct mailbox *mailbox,
	struct error *err);

/*
 * Returns until when (seconds since 1970) the same listing would lead to no
 * action, given the memories after this session; 0: it would lead to one now.
 */
int64_t facts_quiet_until(const struct facts *facts,
	const struct memory *memories, const struct finding *findings);

void facts_release(struct knowledge *knowledge);

#endif
