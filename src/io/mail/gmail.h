/* SPDX-License-Identifier: ISC */
/*
 * Gmail, by its import call: one request for each message. The id in its answer
 * is the confirmation.
 */
#ifndef IO_MAIL_GMAIL_H
#define IO_MAIL_GMAIL_H

#include "io/mail/destination.h"

extern const struct destination_ops gmail_ops;

/* Does Gmail accept the account's token? As in place.h. */
bool gmail_ask(const struct destination_opening *opening, bool *there,
	struct error *err);

#endif
