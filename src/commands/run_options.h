/* SPDX-License-Identifier: ISC */
/* Converts command line options to options of the engine. */
#ifndef COMMANDS_RUN_OPTIONS_H
#define COMMANDS_RUN_OPTIONS_H

#include "cli/options.h"
#include "engine/outcome.h"

/* Sets the options that all commands share; columns is left 0. */
struct run_options run_options_make(const struct invocation *invocation);

#endif
