/* SPDX-License-Identifier: ISC */
/* Whole messages that become durable together; for the ladder alone. */
#ifndef ENGINE_BATCH_H
#define ENGINE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/letter.h"
#include "engine/proof.h"

/*
 * A batch is made durable when it has so many messages, bytes, or seconds: one
 * round of syncs is shared by many messages, a slow line still commits
 * promptly, and a kill loses little work. While the one before it is still
 * being made durable it grows, up to BATCH_ROOM messages or BATCH_OCTETS_MAX;
 * then the network waits for the disk.
 */
#define BATCH_MESSAGES 1024
#define BATCH_ROOM 2048
#define BATCH_OCTETS (32 << 20)
#define BATCH_OCTETS_MAX (128 << 20)
#define BATCH_SECONDS 2

struct batch {
	struct letter letters[BATCH_ROOM];
	size_t positions[BATCH_ROOM];	  /* of each in the maildrop */
	uint64_t octets_sent[BATCH_ROOM]; /* of each, as LIST counts */
	bool twice[BATCH_ROOM];		  /* it is here already */
	int64_t rows[BATCH_ROOM]; /* the record that has a new uid now; or 0 */
	/* The one in the batch that it is a copy of, or itself. */
	size_t twin[BATCH_ROOM];
	size_t count;
	uint64_t octets;
	int64_t began;
};

#endif
