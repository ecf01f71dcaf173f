/* SPDX-License-Identifier: ISC */
/*
 * A batch: complete messages that are committed together. Used only by the
 * ladder.
 */
#ifndef ENGINE_BATCH_H
#define ENGINE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/letter.h"
#include "engine/proof.h"

/*
 * Limits in messages, bytes and seconds after which a batch is committed: many
 * messages share one round of syncs, a slow connection still commits promptly,
 * and a kill loses little work. While the previous batch is being committed, a
 * batch may grow up to BATCH_ROOM messages or BATCH_OCTETS_MAX; after that,
 * receiving waits for the disk.
 */
#define BATCH_MESSAGES 1024
#define BATCH_ROOM 2048
#define BATCH_OCTETS (32 << 20)
#define BATCH_OCTETS_MAX (128 << 20)
#define BATCH_SECONDS 2

struct batch {
	struct letter letters[BATCH_ROOM];
	size_t positions[BATCH_ROOM];	  /* in the maildrop */
	uint64_t octets_sent[BATCH_ROOM]; /* as LIST counts them */
	bool twice[BATCH_ROOM];		  /* a copy is already here */
	int64_t rows[BATCH_ROOM];	  /* existing row to reuse; or 0 */
	/* Index of the earlier letter that this one is a copy of, or its
	 * own. */
	size_t twin[BATCH_ROOM];
	struct error *refused[BATCH_ROOM]; /* owned; why, or NULL */
	struct error unwanted; /* why no more can be handed over; or none */
	size_t count;
	uint64_t octets;
	int64_t began;
};

#endif
