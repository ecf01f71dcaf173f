/* SPDX-License-Identifier: ISC */
/* A server without UIDL: a message is what its header says, and its size. */
#ifndef COMMANDS_NOUIDL_H
#define COMMANDS_NOUIDL_H

#include <stdbool.h>

#include "commands/run.h"

/* Was UIDL refused because the server does not know it? */
bool nouidl_is_it(const struct run *run, const struct error *err);

/*
 * Fills the maildrop (initialised, empty) by LIST and TOP n 0: the uid of each
 * message is made of its header's digest and its size. One without a header
 * that tells it from others has none. One command at a time, since nothing
 * proves an answer.
 */
bool nouidl_list(struct run *run, struct error *err);

#endif
