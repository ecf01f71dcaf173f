/* SPDX-License-Identifier: ISC */
/* What an account's first run leaves out of the mail that it finds. */
#ifndef ENGINE_START_H
#define ENGINE_START_H

#include <stdbool.h>

#include "engine/run.h"

/*
 * In a first run: marks the memories of messages that count as seen, as the
 * account's start says, for the plan. Where ages matter, the server is asked
 * for headers; fails as session_next.
 */
bool start_mark(struct run *run, struct error *err);

/*
 * Records them, before anything is fetched: who is killed later shall not find
 * them new.
 */
bool start_record(struct run *run, struct error *err);

#endif
