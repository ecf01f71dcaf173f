/* SPDX-License-Identifier: ISC */
/* What --help says, and how a command is called: all from cli/command.h. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdio.h>

#include "cli/command.h"

/* "usage: keepmail [-qv] [-f FILE] ... COMMAND ARGUMENTS", as in the manual. */
void help_synopsis(FILE *stream, const struct command *command);

/* All commands and options, a line each, on standard output. */
void help_overview(void);

/* A command's synopsis, summary and options, on standard output. */
void help_command(const struct command *command);

/* Prints "fetchmail, getmail or mpop": what an option's argument may be. */
void help_values(FILE *stream, const struct option_row *option);

#endif
