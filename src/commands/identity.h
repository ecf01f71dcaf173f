/* SPDX-License-Identifier: ISC */
/*
 * Which message is which, where uids do not tell: a server that was moved gives
 * all its messages new ones, and some use them again.
 */
#ifndef COMMANDS_IDENTITY_H
#define COMMANDS_IDENTITY_H

#include <stdbool.h>

#include "commands/run.h"

/*
 * After the recall, with the sizes known where the plan needs them. When most
 * of what was known vanished and about as many unknown messages came, they are
 * matched by their headers (TOP n 0), and what is found again is recorded under
 * its new uid. A known uid whose size is another is looked at, too: the memory
 * says same or reused then. A dry run records nothing.
 */
bool identity_check(struct run *run, struct error *err);

#endif
