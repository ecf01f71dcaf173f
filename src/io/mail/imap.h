/* SPDX-License-Identifier: ISC */
/*
 * Delivery to a mailbox on an IMAP server by APPEND (RFC 3501 section 6.3.11).
 * The connection is made by opening->dial.
 */
#ifndef IO_MAIL_IMAP_H
#define IO_MAIL_IMAP_H

#include "io/mail/destination.h"

extern const struct destination_ops imap_ops;

/* Does the mailbox exist? As destination_check. */
bool imap_ask(const struct destination_opening *opening, bool *there,
	struct error *err);

#endif
