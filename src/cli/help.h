/* SPDX-License-Identifier: ISC */
/*
 * The texts of --help and usage lines, derived from the tables in
 * cli/command.h.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdio.h>

#include "cli/command.h"

/*
 * Prints "usage: keepmail [-qv] [-f FILE] ... COMMAND ARGUMENTS", as in the
 * manual.
 */
void help_synopsis(FILE *stream, const struct command *command);

/* Prints a line for each command and option on standard output. */
void help_overview(void);

/* Prints a command's synopsis, summary and options on standard output. */
void help_command(const struct command *command);

/* Prints the permitted arguments of an option: "fetchmail, getmail or mpop". */
void help_values(FILE *stream, const struct option_row *option);

#endif
