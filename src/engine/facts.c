/* SPDX-License-Identifier: ISC */
#include "engine/facts.h"

#include <stdlib.h>

#include "core/xalloc.h"
#include "engine/copies.h"
#include "engine/identity.h"
#include "engine/listing.h"
#include "engine/notices.h"
#include "engine/places.h"
#include "engine/sessions.h"
#include "engine/start.h"
#include "io/store/store_mailbox.h"
#include "io/store/store_recall.h"

bool facts_recall(
	struct knowledge *knowledge, struct mailbox *mailbox, struct error *err)
{
	struct facts *facts = &knowledge->facts;

	*facts = (struct facts){
		.policy = &mailbox->account->policy,
		.maildrop = &mailbox->maildrop,
		.clock = mailbox->clock,
		.restraint = mailbox->options->keep ? RESTRAINT_KEEP
						    : RESTRAINT_NONE,
		.no_brake = mailbox->options->no_brake,
		.sync_known = mailbox->options->dry_run ||
			mailbox->account->trust_filesystem,
	};
	if (!maildrop_index(&mailbox->maildrop, err) ||
		!store_recall(mailbox->store, &mailbox->maildrop,
			&knowledge->memories, err))
		return false;
	knowledge->findings =
		xcalloc(mailbox->maildrop.count, sizeof knowledge->findings[0]);
	facts->memories = knowledge->memories;
	facts->findings = knowledge->findings;
	return true;
}

/* The only caller of plan_make. */
static void make_plan(const struct facts *facts, struct plan *plan)
{
	plan_release(plan);
	*plan = plan_make(facts);
}

int64_t facts_quiet_until(const struct facts *facts,
	const struct memory *memories, const struct finding *findings)
{
	struct facts now = *facts;
	struct plan plan = {.count = 0};

	now.memories = memories;
	now.findings = findings;
	make_plan(&now, &plan);
	int64_t until = plan.quiet_until;

	plan_release(&plan);
	return until;
}

/* Collects what is known of the messages apart from their local copies. */
static bool gather_messages(struct knowledge *knowledge,
	struct mailbox *mailbox, const struct outcome *outcome,
	struct error *err)
{
	const struct policy *policy = &mailbox->account->policy;

	if (!facts_recall(knowledge, mailbox, err) ||
		!start_mark(knowledge, mailbox, err))
		return false;
	notices_uids(mailbox);
	if ((mailbox->options->dry_run ||
		    plan_needs_sizes(
			    policy, &mailbox->maildrop, knowledge->memories)) &&
		!listing_sizes(mailbox->session, &mailbox->maildrop, err))
		return false;
	if (!identity_check(knowledge, mailbox, err))
		return false;
	sessions_put_off(knowledge, mailbox, outcome);
	return true;
}

/* Where a power cut could lose mail, nothing is erased on the server. */
static void check_sync(struct facts *facts, struct mailbox *mailbox)
{
	facts->sync_known = true;
	if (places_can_sync(mailbox->account))
		return;
	mailbox_say_once(mailbox, STORE_SAID_UNSYNCED,
		"the file system of the mail cannot sync a directory, so mail may be lost in a power cut: nothing is deleted from the server unless trust-filesystem is true (reported once)");
	facts->restraint = RESTRAINT_UNSYNCED;
}

/* Makes the plan and collects what it needs, until it needs nothing more. */
static bool gather_copies(struct knowledge *knowledge, struct mailbox *mailbox,
	struct copies *copies, struct plan *plan, struct error *err)
{
	struct facts *facts = &knowledge->facts;

	for (;;) {
		make_plan(facts, plan);
		switch (plan_needs(facts, plan)) {
		case NEED_NOTHING:
			return true;
		case NEED_COPIES:
			facts->looked = true;
			if (!copies_find(copies))
				facts->restraint = RESTRAINT_COPIES;
			break;
		case NEED_VERIFY:
			if (!copies_verify(copies, plan, err))
				return false;
			break;
		case NEED_SYNC:
			/* From then on every message has the same reason, so
			 * what was found out about copies is reported now. */
			if (facts->looked)
				copies_report(copies, plan);
			check_sync(facts, mailbox);
			break;
		}
	}
}

bool facts_gather(struct knowledge *knowledge, struct mailbox *mailbox,
	const struct outcome *outcome, struct plan *plan, struct error *err)
{
	struct facts *facts = &knowledge->facts;

	if (!gather_messages(knowledge, mailbox, outcome, err))
		return false;
	struct copies *copies = copies_new(knowledge, mailbox);
	bool ok = gather_copies(knowledge, mailbox, copies, plan, err);

	if (ok && facts->looked && facts->restraint != RESTRAINT_COPIES) {
		copies_report(copies, plan);
		ok = plan->braked || mailbox->options->dry_run ||
			copies_record(copies, err);
	}
	copies_free(copies);
	if (ok)
		notices_plan(mailbox, plan);
	return ok;
}

void facts_release(struct knowledge *knowledge)
{
	free(knowledge->memories);
	free(knowledge->findings);
	*knowledge = (struct knowledge){.memories = NULL};
}
