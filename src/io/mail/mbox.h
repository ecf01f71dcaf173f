/* SPDX-License-Identifier: ISC */
/* Delivery into an mbox, in batches: spooled, then appended under its locks. */
#ifndef IO_MAIL_MBOX_H
#define IO_MAIL_MBOX_H

#include "io/mail/destination.h"

/*
 * open makes the directories above the mbox (0700), and the mbox itself (0600).
 * A batch is collected in spool_directory, in a file without a name. end:
 * sender goes into the message's From_ line, with the time now; letter->name is
 * that line, by which recovery knows it.
 *
 * seal locks the mbox (fcntl, then dot-lock, as Debian's policy 11.6 asks) and
 * gives each letter of the batch, in its order, the place where it will lie:
 * offset and length. ERROR_TEMPORARY when another program holds the lock for
 * longer than half a minute.
 *
 * publish appends the sealed batch, syncs, unlocks. When that fails the mbox is
 * cut back to where it ended before: all of it is published, or nothing.
 */
extern const struct destination_ops mbox_ops;

#endif
