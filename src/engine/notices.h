/* SPDX-License-Identifier: ISC */
/* Reports peculiarities of a mailbox. */
#ifndef ENGINE_NOTICES_H
#define ENGINE_NOTICES_H

#include "core/plan.h"
#include "engine/mailbox.h"

/*
 * Reports, once, uids that RFC 1939 section 7 forbids; they are used as they
 * are.
 */
void notices_uids(struct mailbox *mailbox);

/*
 * Reports a server whose retention (RFC 2449 section 6.7) is shorter than ours.
 */
void notices_expiry(struct mailbox *mailbox);

/*
 * Reports messages that stay although their owner may expect them to be erased.
 */
void notices_plan(struct mailbox *mailbox, const struct plan *plan);

#endif
