/* SPDX-License-Identifier: ISC */
/* SHA-256 of bytes as they pass, and of what a certificate holds. */
#ifndef IO_PROCESS_DIGEST_H
#define IO_PROCESS_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_LENGTH 32
/* "sha256//" and the digest in base64. */
#define DIGEST_PIN_LENGTH 52

struct digest;

/* A digest at its start; digest_free it. Ends the program without SHA-256. */
struct digest *digest_new(void);
void digest_free(struct digest *digest);

/* A digest that goes on from where this one is; digest_free it, too. */
struct digest *digest_copy(const struct digest *digest);

/* Back to the start, for the next message. */
void digest_restart(struct digest *digest);

void digest_update(struct digest *digest, const void *bytes, size_t length);

/* Writes the 32 octets; restart before the next update. */
void digest_finish(struct digest *digest, unsigned char sha256[DIGEST_LENGTH]);

/*
 * The pin of a certificate in PEM, as tls-pin takes it: the SHA-256 of its
 * SubjectPublicKeyInfo (RFC 7469 section 2.4). False, and "", when it is none.
 */
bool digest_pin(const char *certificate, char pin[DIGEST_PIN_LENGTH + 1]);

#endif
