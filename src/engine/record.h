/* SPDX-License-Identifier: ISC */
/* What a session leaves in the store at its end. */
#ifndef ENGINE_RECORD_H
#define ENGINE_RECORD_H

#include <stdbool.h>

#include "engine/attempt.h"

/*
 * What the session did and noticed, in one transaction: what is kept, erased,
 * failed, vanished; what the run came to so far (its outcome), in the place of
 * what its last session recorded; and whether the same listing would lead to
 * nothing next time. Where nothing was to be done, that is worth no write to
 * the disk.
 */
bool record_run(struct attempt *attempt, struct error *err);

#endif
