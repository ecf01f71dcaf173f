/* SPDX-License-Identifier: ISC */
/* What a session leaves in the store at its end. */
#ifndef COMMANDS_RECORD_H
#define COMMANDS_RECORD_H

#include <stdbool.h>

#include "commands/run.h"

/*
 * What the session did and noticed, in one transaction: what is kept, erased,
 * failed, vanished; how it ended (outcome), and whether the same listing would
 * lead to nothing next time. Where nothing was to be done, that is worth no
 * write to the disk.
 */
bool record_run(
	struct run *run, const struct error *outcome, struct error *err);

#endif
