/* SPDX-License-Identifier: ISC */
/* Decides which mail an account's first run leaves out. */
#ifndef ENGINE_START_H
#define ENGINE_START_H

#include <stdbool.h>

#include "engine/facts.h"

/*
 * In a first run: marks in the findings which messages count as seen, according
 * to the account's start setting. If ages matter, headers are requested from
 * the server. Fails as session_next does.
 */
bool start_mark(struct knowledge *knowledge, struct mailbox *mailbox,
	struct error *err);

/*
 * Records these messages before anything is fetched: if this run is killed
 * later, the next one must not take them for new.
 */
bool start_record(struct mailbox *mailbox, const struct plan *plan,
	struct fates *fates, struct error *err);

#endif
