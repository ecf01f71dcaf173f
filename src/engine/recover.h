/* SPDX-License-Identifier: ISC */
/* What an earlier run was storing when it was ended. */
#ifndef ENGINE_RECOVER_H
#define ENGINE_RECOVER_H

#include <stdbool.h>

#include "engine/mailbox.h"

/*
 * Settles what an ended run left half done, before anything else is: a message
 * that is here, wherever its owner moved it since, is recorded as kept; one
 * that is not is forgotten, and fetched again.
 */
bool recover(struct mailbox *mailbox, struct error *err);

#endif
