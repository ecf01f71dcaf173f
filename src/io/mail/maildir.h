/* SPDX-License-Identifier: ISC */
/* Delivery into a Maildir, in batches: tmp/, sync, rename into new/, sync. */
#ifndef IO_MAIL_MAILDIR_H
#define IO_MAIL_MAILDIR_H

#include "io/mail/destination.h"

/*
 * open makes what is missing of the Maildir (0700, the directories above too);
 * ERROR_CREATE when it is something else, belongs to somebody else, or cannot
 * be written. sweep takes away what a run that was killed long ago left in
 * tmp/; only once the store has no arriving rows any more: what they name is no
 * litter.
 *
 * A failed sync is final: after it the pages may be gone and a second sync
 * would succeed, so nothing of the batch is believed any more. When a file
 * cannot be moved, those before it are published all the same.
 */
extern const struct destination_ops maildir_ops;

#endif
