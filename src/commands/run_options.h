/* SPDX-License-Identifier: ISC */
/* What the command line asks of the engine. */
#ifndef COMMANDS_RUN_OPTIONS_H
#define COMMANDS_RUN_OPTIONS_H

#include "cli/options.h"
#include "engine/outcome.h"

/* The options that all commands share; columns is not set. */
struct run_options run_options_make(const struct invocation *invocation);

#endif
