/* SPDX-License-Identifier: ISC */
/*
 * The headers of messages on the server (TOP n 0), many in flight, each as it
 * comes.
 */
#ifndef ENGINE_HEADERS_H
#define ENGINE_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/mailbox.h"
#include "engine/proof.h"

/* So many may have come since the last that was proven, at most. */
#define HEADERS_UNPROVEN_MAX PROOF_GROUP_MAX

/* Who takes them; i counts the positions that were asked for, in order. */
struct headers_taker {
	/* A header begins, and comes in pieces (LF line ends, any bytes). */
	void (*begin)(void *data, size_t i);
	void (*text)(void *data, const char *text, size_t length);
	/* It is over; answered is false when the server refused it. */
	void (*end)(void *data, size_t i, bool answered);
	/* Those before i are surely what was asked for; may be NULL. */
	bool (*proven)(void *data, size_t i, struct error *err);
	void *data; /* borrowed */
};

/*
 * Asks for the headers of the messages at these positions (ascending, count of
 * them, each with a uid), with proofs behind (proof.h). A server that refuses
 * the first three, and so seems not to know TOP, is not asked for the others:
 * they count as refused. When this returns true, each was answered or refused,
 * and is proven. Fails as session_next, with what proven says, and with
 * ERROR_PROTOCOL when the server is out of step or a header does not end.
 */
bool headers_ask(struct mailbox *mailbox, const size_t *positions, size_t count,
	const struct headers_taker *taker, struct error *err);

/* What a header says of which message it is. */
struct headers_identity {
	bool answered;
	bool known; /* it says enough to tell it from others: see header.h */
	unsigned char sha256[LETTER_DIGEST];
};

/*
 * Asks for the headers of these, as headers_ask, and fills identities (count of
 * them, in that order).
 */
bool headers_identify(struct mailbox *mailbox, const size_t *positions,
	size_t count, struct headers_identity *identities, struct error *err);

#endif
