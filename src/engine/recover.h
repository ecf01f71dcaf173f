/* SPDX-License-Identifier: ISC */
/* Recovery of messages that an interrupted run was storing. */
#ifndef ENGINE_RECOVER_H
#define ENGINE_RECOVER_H

#include <stdbool.h>

#include "engine/mailbox.h"

/*
 * Resolves what an interrupted run left, before anything else is done: a
 * message that is here, wherever its owner moved it, is recorded as kept; one
 * that is not is forgotten, so that it is fetched again.
 */
bool recover_arriving(struct mailbox *mailbox, bool *doubt, struct error *err);

#endif
