/* SPDX-License-Identifier: ISC */
/* keepmail list: what lies on the server, message by message. */
#ifndef COMMANDS_LIST_H
#define COMMANDS_LIST_H

#include <stdbool.h>

#include "engine/run.h"

/*
 * Asks for the header of each message planned for, and prints the messages as
 * they come, on standard output: options->columns wide, or one JSON object or
 * TAB separated line each. What the server refuses is left out. Fails as
 * headers_ask, and when standard output does.
 */
bool list_show(struct run *run, struct error *err);

#endif
