/* SPDX-License-Identifier: ISC */
/* What a message is recognised by, computed while its text passes. */
#ifndef IO_MAIL_FINGERPRINT_H
#define IO_MAIL_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

#include "core/header.h"
#include "core/letter.h"
#include "io/process/digest.h"

struct fingerprint {
	struct digest *text;	 /* owned */
	struct digest *identity; /* owned; of the header */
	struct header header;
	uint64_t octets;
};

void fingerprint_init(struct fingerprint *fingerprint);
void fingerprint_release(struct fingerprint *fingerprint);

/* Begins a message. */
void fingerprint_begin(struct fingerprint *fingerprint);

/* Takes the next piece of it: LF line ends, any bytes. */
void fingerprint_feed(
	struct fingerprint *fingerprint, const char *text, size_t length);

/* Ends it, and tells what it is recognised by. */
void fingerprint_end(struct fingerprint *fingerprint, struct letter_text *text);

#endif
