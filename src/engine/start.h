/* SPDX-License-Identifier: ISC */
/* What an account's first run leaves out of the mail that it finds. */
#ifndef ENGINE_START_H
#define ENGINE_START_H

#include <stdbool.h>

#include "engine/facts.h"

/*
 * In a first run: finds which messages count as seen, as the account's start
 * says, for the plan. Where ages matter, the server is asked for headers; fails
 * as session_next.
 */
bool start_mark(struct knowledge *knowledge, struct mailbox *mailbox,
	struct error *err);

/*
 * Records them, before anything is fetched: should this run be killed later,
 * the next one must not take them for new.
 */
bool start_record(struct mailbox *mailbox, const struct plan *plan,
	struct fates *fates, struct error *err);

#endif
