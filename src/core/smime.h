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

/* What is to be encrypted. */
struct smime_message {
	const char *text; /* its beginning: LF line ends */
	size_t length;
	const char *message_id; /* as in struct header; or "" */
	bool hide;		/* Subject is "..." */
	enum encrypt_cipher cipher;
};

/*
 * Appends the header of an encrypted message, with its empty line: From, To,
 * Date and Subject of the message, the first of each, in their order and as
 * they are, its Message-ID, and what says that base64 follows. Fields of more
 * than 8,192 bytes, and one that the text has no end of, are left out, and what
 * follows a line that does not belong to a header.
 */
bool smime_header(const struct smime_message *message, struct buffer *out);

/* Appends text with each LF as CRLF, as it has to be encrypted. */
bool smime_to_crlf(const char *text, size_t length, struct buffer *out);

/* Replaces each CRLF with LF, in place. Returns the new length. */
size_t smime_from_crlf(char *text, size_t length);

/*
 * Finds what is encrypted in a message of smime_header (LF line ends): behind
 * its header. NULL: its header does not say that it is such a message.
 */
const char *smime_body(const char *text, size_t length, size_t *body_length);

#endif
