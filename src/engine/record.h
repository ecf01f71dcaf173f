/* SPDX-License-Identifier: ISC */
/* Records the result of a session in the store. */
#ifndef ENGINE_RECORD_H
#define ENGINE_RECORD_H

#include <stdbool.h>

#include "engine/attempt.h"

/*
 * Records, in one transaction, what the session did and found out: messages
 * kept, erased, failed and vanished; the outcome of the run so far, which
 * replaces what its previous session recorded; and until when the same listing
 * would lead to no action. If there is nothing to record, or no store is open,
 * nothing is written to the disk. If recording fails, *err says why, and the
 * run has failed: the outcome's status and error include it.
 */
void record_run(struct attempt *attempt, struct error *err);

#endif
