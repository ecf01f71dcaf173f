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

#include "engine/run.h"

/* RETRs between two proofs, at most. */
#define PROOF_GROUP_MAX 16

/* How many RETRs one proof is for, in this run. */
size_t proof_group(const struct run *run);

/*
 * Is this one fetched after all that are not so? What failed before holds up no
 * other.
 */
bool proof_is_last(const struct run *run, size_t position);

/*
 * Before the first command that needs a proof, with none in flight and the
 * maildrop sorted: without proofs one command at a time goes out.
 */
void proof_prepare(struct run *run);

/* Is UIDL n asked for in this session? */
bool proof_is_asked(const struct run *run);

/* Where it is not: all that came until now is believed. */
void proof_without(struct run *run);

/*
 * Pushes the proof of all messages up to this position, where one is asked for.
 */
bool proof_push(struct run *run, size_t position, struct error *err);

/* Is this the tag of a proof? */
bool proof_has_tag(uint32_t tag);

/*
 * Takes the answer to a proof: the whole batch is proven then. Fails with
 * ERROR_PROTOCOL when the server is out of step; or when it has a form of its
 * own, which is known from then on, and another session is needed
 * (run->learnt).
 */
bool proof_take(
	struct run *run, const struct pipeline_event *event, struct error *err);

/*
 * The +OK of a RETR is here: is it the answer to a proof? One that came twice,
 * or where a message was left out, would be taken for a message's first line,
 * and what follows it, with its own +OK, for the text: all were in step again,
 * and nobody the wiser. Fails with ERROR_PROTOCOL.
 */
bool proof_not_stray(
	struct run *run, const struct pipeline_event *event, struct error *err);

/*
 * How many of the batch may be kept after the session broke off: what is
 * proven, and what came behind it where nothing speaks against it.
 */
size_t proof_believed(const struct run *run, const struct error *err);

#endif
