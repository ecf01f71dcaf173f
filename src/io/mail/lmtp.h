/* SPDX-License-Identifier: ISC */
/* Delivery to a mail server by LMTP (RFC 2033), perhaps over TLS. */
#ifndef IO_MAIL_LMTP_H
#define IO_MAIL_LMTP_H

#include "io/mail/destination.h"

extern const struct destination_ops lmtp_ops;

/* Can the server be reached? As destination_check. */
bool lmtp_ask(const struct destination_opening *opening, bool *there,
	struct error *err);

#endif
