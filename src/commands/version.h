/* SPDX-License-Identifier: ISC */
/* What --version prints. */
#ifndef COMMANDS_VERSION_H
#define COMMANDS_VERSION_H

/*
 * Prints the version, those of the libraries, and what is built in or to be had
 * here: what a report about a fault should contain.
 */
void version_print(void);

#endif
