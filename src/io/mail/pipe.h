/* SPDX-License-Identifier: ISC */
/*
 * Mail handed over to a command, such as procmail or maildrop: one run of it
 * for each message, on standard input. Exit status 0 is the confirmation.
 */
#ifndef IO_MAIL_PIPE_H
#define IO_MAIL_PIPE_H

#include "io/mail/destination.h"

extern const struct destination_ops pipe_ops;

/* Can the command be found? */
bool pipe_check(const char *command, bool *there, struct error *err);

#endif
