/* SPDX-License-Identifier: ISC */
/*
 * How it is known that an answer belongs to the command that it seems to
 * answer. POP3 names no message in what it sends: a server that answers a
 * pipelined RETR twice, or not at all, puts each message behind it under
 * another's uid. So "UIDL n" follows every few RETRs, in the same pipeline:
 * only an answer with just that number and uid proves that all before it was in
 * step, and what is not proven is not kept.
 *
 * Servers answer "UIDL n" in forms of their own, too. Which one it is shows at
 * the first proof ever, and is kept in the store: the uid alone proves as much
 * where no other message has it. Where it is refused, or all others are listed
 * as well, it is not asked for any more, and nothing is pipelined.
 */
#ifndef ENGINE_PROOF_H
#define ENGINE_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/pipeline.h"
#include "core/plan.h"

struct mailbox;

/* RETRs between two proofs, at most. */
#define PROOF_GROUP_MAX 16

/* What is known of a session's proofs. */
struct proof {
	enum pop3_uidl_form form; /* how the server answers UIDL n */
	bool learnt;		  /* the form, at the price of the session */
	bool one_by_one; /* the server was out of step: nothing is pipelined */
	bool unproved;	 /* UIDL n is of no use in this session */
	bool in_step;	 /* a proof came since LIST: its sizes are its own */
	size_t position; /* that the last proof was for */
};

/* How many RETRs one proof is for, where so many are to be fetched. */
size_t proof_group(const struct mailbox *mailbox, size_t fetches);

/*
 * Before the first command that needs a proof, with none in flight and the
 * maildrop sorted: without proofs one command at a time goes out.
 */
void proof_prepare(struct mailbox *mailbox);

/* Is UIDL n asked for in this session? Else all that comes is believed. */
bool proof_is_asked(const struct mailbox *mailbox);

/*
 * Pushes the proof of all messages up to this position, where one is asked for.
 */
bool proof_push(struct mailbox *mailbox, size_t position, struct error *err);

/* Is this the tag of a proof? */
bool proof_has_tag(uint32_t tag);

/*
 * Takes the answer to a proof: when it returns true, all that came before is
 * proven. Fails with ERROR_PROTOCOL when the server is out of step; or when it
 * has a form of its own, which is known from then on, and another session is
 * needed (proof.learnt).
 */
bool proof_take(struct mailbox *mailbox, const struct pipeline_event *event,
	struct error *err);

/*
 * The +OK of a RETR is here: is it the answer to a proof? One that came twice,
 * or where a message was left out, would be taken for a message's first line,
 * and what follows it, with its own +OK, for the text: all would be in step
 * again, and nobody would notice. Fails with ERROR_PROTOCOL.
 */
bool proof_not_stray(struct mailbox *mailbox,
	const struct pipeline_event *event, struct error *err);

/* Messages that came whole, in the order of their commands. */
struct proof_claim {
	const struct plan *plan;
	const size_t *positions; /* of each in the maildrop */
	const uint64_t *octets;	 /* of each as it was sent */
	size_t count;
	size_t proven; /* the first so many are surely what they seem */
};

/*
 * How many of them may be kept after the session broke off for this reason:
 * what is proven, and what came behind it where nothing speaks against it.
 */
size_t proof_believed(const struct mailbox *mailbox,
	const struct proof_claim *claim, const struct error *err);

#endif
