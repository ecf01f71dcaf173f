/* SPDX-License-Identifier: ISC */
/* Delivery into an mbox, in batches: spooled, then appended under its locks. */
#ifndef IO_MAIL_MBOX_H
#define IO_MAIL_MBOX_H

#include "io/mail/destination.h"

/*
 * open creates the directories above the mbox (mode 0700), and the mbox itself
 * (0600). A batch is collected in spool_directory, in an unnamed file. end:
 * sender becomes part of the message's From_ line, with the time now;
 * letter->name is that line, by which recovery recognises the message.
 *
 * seal locks the mbox (fcntl, then dot-lock, as Debian's policy 11.6 asks) and
 * sets where each letter of the batch will be, in order: offset and length.
 * ERROR_TEMPORARY if another program holds the lock for longer than half a
 * minute.
 *
 * publish appends the sealed batch, syncs and unlocks. If that fails, the mbox
 * is truncated to its previous end: either all of the batch is published, or
 * nothing.
 */
extern const struct destination_ops mbox_ops;

#endif
