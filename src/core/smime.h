/* SPDX-License-Identifier: ISC */
/*
 * Encrypted messages (S/MIME, RFC 8551 section 3.3): a header that can be read
 * around a message that cannot.
 */
#ifndef CORE_SMIME_H
#define CORE_SMIME_H

#include <stdbool.h>
#include <stddef.h>

#include "core/account.h"
#include "core/buffer.h"

/*
 * Appends the header of an encrypted message, with its empty line: From, To,
 * Date, Subject and Message-ID of the message that begins with text (LF line
 * ends), the first of each, in their order and as they are; and what says that
 * base64 follows. hide: Subject is "...". Fields of more than 8,192 bytes, and
 * one that text has no end of, are left out.
 */
bool smime_header(const char *text, size_t length, bool hide,
	enum encrypt_cipher cipher, struct buffer *out);

/* Appends text with each LF as CRLF, as it has to be encrypted. */
bool smime_to_crlf(const char *text, size_t length, struct buffer *out);

/* Replaces each CRLF with LF, in place. Returns the new length. */
size_t smime_from_crlf(char *text, size_t length);

/*
 * Finds what is encrypted in a message of smime_header: behind its header.
 * NULL: its header does not say that it is such a message.
 */
const char *smime_body(const char *text, size_t length, size_t *body_length);

#endif
