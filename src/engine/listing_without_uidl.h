/* SPDX-License-Identifier: ISC */
/* Servers without UIDL: a message is identified by its header and size. */
#ifndef ENGINE_LISTING_WITHOUT_UIDL_H
#define ENGINE_LISTING_WITHOUT_UIDL_H

#include <stdbool.h>

#include "engine/mailbox.h"

/* Was UIDL refused because the server does not support it? */
bool listing_lacks_uidl(const struct mailbox *mailbox, const struct error *err);

/*
 * Fills the maildrop (initialised, empty) by LIST and TOP n 0: each message's
 * uid is made of its header's digest and its size. A message without an
 * identifying header gets no uid. Sends one command at a time, since there are
 * no proofs. Fails with ERROR_UNAVAILABLE if the server refuses LIST, or TOP
 * for every message.
 */
bool listing_without_uidl(struct mailbox *mailbox, struct error *err);

#endif
