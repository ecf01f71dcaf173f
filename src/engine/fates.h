/* SPDX-License-Identifier: ISC */
/* What became of each message in this session. */
#ifndef ENGINE_FATES_H
#define ENGINE_FATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/letter.h"
#include "core/plan.h"
#include "core/tally.h"

enum fate_state {
	FATE_NONE,
	FATE_ARRIVING, /* recorded as such, and not yet as kept */
	FATE_KEPT,     /* here, and recorded: DELE may follow */
	FATE_SEEN,     /* recorded as one that counts as seen */
};

struct fate {
	enum fate_state state;
	bool marked; /* DELE was answered +OK */
	int64_t row; /* of its record; where state is not FATE_NONE */
	int64_t kept_at;
	/* Its size, when it turned out to be over max-size; else 0. */
	uint64_t oversize;
	char *trouble; /* owned; why it could not be fetched; or NULL */
};

struct fates {
	struct fate *at; /* owned; one for each message listed */
	size_t count;
	uint64_t fetched;  /* published here */
	uint64_t octets;   /* of these, as they lie here */
	uint64_t twice;	   /* of these: they were here already */
	uint64_t refused;  /* to be sent or erased, by the server */
	uint64_t oversize; /* dropped, since they turned out to be too large */
	uint64_t marked;
	uint64_t erased; /* what was marked, once QUIT was answered +OK */
	size_t troubles;
	size_t last_trouble; /* position of the last one */
};

/* Nothing has happened to any of count messages; to be released. */
void fates_init(struct fates *fates, size_t count);
void fates_release(struct fates *fates);

/* A message could not be fetched, and why. */
void fates_trouble(
	struct fates *fates, size_t position, const struct error *err);

/* What is known of a message after what this session did with it. */
struct memory fates_memory(const struct memory *before, const struct fate *fate,
	const struct step *step, uint64_t size);

/* What the session came to, in numbers: all but status, left and listed. */
void fates_count(const struct fates *fates, struct tally *tally);

#endif
