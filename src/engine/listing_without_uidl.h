/* SPDX-License-Identifier: ISC */
/* A server without UIDL: a message is what its header says, and its size. */
#ifndef ENGINE_LISTING_WITHOUT_UIDL_H
#define ENGINE_LISTING_WITHOUT_UIDL_H

#include <stdbool.h>

#include "engine/mailbox.h"

/* Was UIDL refused because the server does not know it? */
bool listing_lacks_uidl(const struct mailbox *mailbox, const struct error *err);

/*
 * Fills the maildrop (initialised, empty) by LIST and TOP n 0: the uid of each
 * message is made of its header's digest and its size. One without a header
 * that tells it from others has none. One command at a time, since nothing
 * proves an answer.
 */
bool listing_without_uidl(struct mailbox *mailbox, struct error *err);

#endif
