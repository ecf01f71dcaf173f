/* SPDX-License-Identifier: ISC */
/* Delivery into a Maildir, in batches: tmp/, sync, rename into new/, sync. */
#ifndef IO_MAIL_MAILDIR_H
#define IO_MAIL_MAILDIR_H

#include "io/mail/destination.h"

/*
 * open creates what is missing of the Maildir (mode 0700, and the directories
 * above it); ERROR_CREATE if it is something else, belongs to another user, or
 * cannot be written. sweep removes what a run that was killed long ago left in
 * tmp/. Call it only when the store has no arriving rows, since the files that
 * these name are still needed.
 *
 * A failed sync is final: after it, the pages may be gone although a second
 * sync would succeed, so the whole batch is given up. If a file cannot be
 * moved, those before it are published nevertheless.
 */
extern const struct destination_ops maildir_ops;

#endif
