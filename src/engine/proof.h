/* SPDX-License-Identifier: ISC */
/*
 * Proves that an answer belongs to the command that it seems to answer. POP3
 * answers do not name a message: a server that answers a pipelined RETR twice,
 * or not at all, shifts each message after it to another uid. So "UIDL n"
 * follows every few RETRs in the pipeline: only an answer with exactly that
 * number and uid proves that everything before it was in step. What is not
 * proven is not kept.
 *
 * Servers also answer "UIDL n" in other forms. The first proof ever shows which
 * one, and the store records it. The uid alone is a proof if no other message
 * has it. If UIDL n is refused, or answered with a listing of all messages, it
 * is not sent any more, and nothing is pipelined.
 */
#ifndef ENGINE_PROOF_H
#define ENGINE_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/pipeline.h"
#include "core/plan.h"

struct mailbox;

/* Maximum number of RETRs between two proofs. */
#define PROOF_GROUP_MAX 16

/* The state of proofs in a session. */
struct proof {
	enum pop3_uidl_form form; /* how the server answers UIDL n */
	bool learnt;	 /* form was found out, which ended the session */
	bool one_by_one; /* the server was out of step: no pipelining */
	bool unproved;	 /* UIDL n cannot be used in this session */
	bool in_step; /* a proof came after LIST, so its sizes are reliable */
	size_t position; /* the message that the last proof was for */
};

/* Returns how many RETRs share a proof if this many are to be fetched. */
size_t proof_group(const struct mailbox *mailbox, size_t fetches);

/*
 * Call before the first command that needs a proof, with no commands in flight
 * and the maildrop sorted. Without proofs, pipelining is turned off.
 */
void proof_prepare(struct mailbox *mailbox);

/* Are proofs used in this session? If not, every answer is believed. */
bool proof_is_asked(const struct mailbox *mailbox);

/* Pushes the proof for all messages up to this position, if proofs are used. */
bool proof_push(struct mailbox *mailbox, size_t position, struct error *err);

/* Is this the tag of a proof? */
bool proof_has_tag(uint32_t tag);

/*
 * Evaluates the answer to a proof; if it returns true, everything before it is
 * proven. Fails with ERROR_PROTOCOL if the server is out of step, or if its
 * answer has another form, which is known from then on and requires another
 * session (proof.learnt).
 */
bool proof_take(struct mailbox *mailbox, const struct pipeline_event *event,
	struct error *err);

/*
 * Call with the +OK of a RETR: fails with ERROR_PROTOCOL if it is actually the
 * answer to a proof. If a proof was answered twice, or a message left out, that
 * answer would be taken for the message's +OK, and the next answer, including
 * its own +OK, for the text. All would be in step again, and the error would go
 * unnoticed.
 */
bool proof_not_stray(struct mailbox *mailbox,
	const struct pipeline_event *event, struct error *err);

/* Messages received completely, in the order of their commands. */
struct proof_claim {
	const struct plan *plan;
	const size_t *positions; /* in the maildrop */
	const uint64_t *octets;	 /* size of each as received */
	size_t count;
	size_t proven; /* the first this many are proven */
};

/*
 * Returns how many of them can be kept after the session broke with err: the
 * proven ones, and those after them whose sizes exclude any other order.
 */
size_t proof_believed(const struct mailbox *mailbox,
	const struct proof_claim *claim, const struct error *err);

#endif
