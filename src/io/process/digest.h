/* SPDX-License-Identifier: ISC */
/* SHA-256 of data in pieces, and of the public key of a certificate. */
#ifndef IO_PROCESS_DIGEST_H
#define IO_PROCESS_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_LENGTH 32
/* "sha256//" and the digest in base64. */
#define DIGEST_PIN_LENGTH 52

struct digest;

/* The version of OpenSSL that is used. */
const char *digest_library(void);

/* A new digest; digest_free it. If there is no SHA-256, the program ends. */
struct digest *digest_new(void);
void digest_free(struct digest *digest);

/* A copy of a digest in its current state; digest_free it. */
struct digest *digest_copy(const struct digest *digest);

/* Resets it, for the next message. */
void digest_restart(struct digest *digest);

void digest_update(struct digest *digest, const void *bytes, size_t length);

/* Writes the digest; digest_restart must precede the next update. */
void digest_finish(struct digest *digest, unsigned char sha256[DIGEST_LENGTH]);

/*
 * The pin of a certificate (PEM) in the format of tls-pin: the SHA-256 of its
 * SubjectPublicKeyInfo (RFC 7469 section 2.4). False, and "", if it is not a
 * certificate.
 */
bool digest_pin(const char *certificate, char pin[DIGEST_PIN_LENGTH + 1]);

#endif
