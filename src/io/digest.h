/* SPDX-License-Identifier: ISC */
/* SHA-256 of bytes as they pass. */
#ifndef IO_DIGEST_H
#define IO_DIGEST_H

#include <stddef.h>

#define DIGEST_LENGTH 32

struct digest;

/* A digest at its start; digest_free it. Ends the program without SHA-256. */
struct digest *digest_new(void);
void digest_free(struct digest *digest);

/* Back to the start, for the next message. */
void digest_restart(struct digest *digest);

void digest_update(struct digest *digest, const void *bytes, size_t length);

/* Writes the 32 octets; restart before the next update. */
void digest_finish(struct digest *digest, unsigned char sha256[DIGEST_LENGTH]);

#endif
