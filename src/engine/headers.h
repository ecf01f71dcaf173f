/* SPDX-License-Identifier: ISC */
/* Fetches the headers of messages on the server (TOP n 0), pipelined. */
#ifndef ENGINE_HEADERS_H
#define ENGINE_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/mailbox.h"
#include "engine/proof.h"

/* At most this many headers are received between two proofs. */
#define HEADERS_UNPROVEN_MAX PROOF_GROUP_MAX

/* Receives the headers; i is the index into the requested positions. */
struct headers_taker {
	/* A header begins; its text follows in pieces (LF line ends, any
	 * bytes). */
	void (*begin)(void *data, size_t i);
	void (*text)(void *data, const char *text, size_t length);
	/* The header has ended; answered is false if the server refused it. */
	void (*end)(void *data, size_t i, bool answered);
	/* All headers before i are proven to be the requested ones; may be
	 * NULL. */
	bool (*proven)(void *data, size_t i, struct error *err);
	void *data; /* borrowed */
};

/*
 * Requests the headers of the messages at these positions (ascending, count of
 * them, each with a uid), with proofs (proof.h). If the server refuses the
 * first three, it is assumed not to support TOP, and the others count as
 * refused. On success each header was answered or refused, and all are proven.
 * Fails as session_next does, with the errors of proven, and with
 * ERROR_PROTOCOL if the server is out of step or a header does not end.
 */
bool headers_ask(struct mailbox *mailbox, const size_t *positions, size_t count,
	const struct headers_taker *taker, struct error *err);

/* What identifies a message by its header. */
struct headers_identity {
	bool answered;
	bool known; /* it is enough to identify the message: see header.h */
	unsigned char sha256[LETTER_DIGEST];
};

/*
 * Requests the headers as headers_ask does, and fills identities (count of
 * them, in the same order).
 */
bool headers_identify(struct mailbox *mailbox, const size_t *positions,
	size_t count, struct headers_identity *identities, struct error *err);

#endif
