/* SPDX-License-Identifier: ISC */
/* What a run says of a mailbox that is not as it should be. */
#ifndef ENGINE_NOTICES_H
#define ENGINE_NOTICES_H

#include "core/plan.h"
#include "engine/mailbox.h"

/* Uids that RFC 1939 section 7 forbids, once; all are used as they are. */
void notices_uids(struct mailbox *mailbox);

/* A server whose own retention (RFC 2449 section 6.7) is shorter than ours. */
void notices_expiry(struct mailbox *mailbox);

/* Messages that stay although their owner may wait for them to go. */
void notices_plan(struct mailbox *mailbox, const struct plan *plan);

#endif
