/* SPDX-License-Identifier: ISC */
/* Prints the rows of keepmail list. */
#ifndef COMMANDS_LIST_SHOW_H
#define COMMANDS_LIST_SHOW_H

#include <stdbool.h>

#include "engine/attempt.h"
#include "io/process/language.h"

/*
 * Requests the headers of the messages in the plan, and prints the messages on
 * standard output as they arrive: in options->columns columns, or as one JSON
 * object or TAB-separated line each. If the server refuses a header, its fields
 * are empty. Fails as headers_ask does, and if standard output cannot be
 * written.
 */
bool list_show(struct attempt *attempt, const struct language *language,
	struct error *err);

#endif
