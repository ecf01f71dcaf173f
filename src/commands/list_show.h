/* SPDX-License-Identifier: ISC */
/* The rows that keepmail list prints. */
#ifndef COMMANDS_LIST_SHOW_H
#define COMMANDS_LIST_SHOW_H

#include <stdbool.h>

#include "engine/attempt.h"
#include "io/process/language.h"

/*
 * Asks for the header of each message planned for, and prints the messages as
 * they come, on standard output: options->columns wide, or one JSON object or
 * TAB separated line each. What the server refuses is left out. Fails as
 * headers_ask, and when standard output does.
 */
bool list_show(struct attempt *attempt, const struct language *language,
	struct error *err);

#endif
