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
	FATE_ARRIVING, /* recorded as arriving, not yet as kept */
	FATE_KEPT,     /* stored and recorded: DELE may follow */
	FATE_SEEN,     /* recorded as seen */
};

struct fate {
	enum fate_state state;
	bool accepted; /* DELE was answered +OK */
	int64_t row;   /* of its record; valid unless state is FATE_NONE */
	int64_t kept_at;
	/* The size in bytes if it turned out to exceed max-size; else 0. */
	uint64_t oversize;
	char *trouble; /* owned; why it could not be fetched, or NULL */
	/* No other message was taken either: the cause may be elsewhere. */
	bool blameless;
};

struct fates {
	struct fate *at; /* owned; one for each message listed */
	size_t count;
	uint64_t fetched;  /* messages delivered */
	uint64_t octets;   /* their size in bytes as stored */
	uint64_t twice;	   /* of those fetched: were already here */
	uint64_t refused;  /* RETR or DELE commands that the server refused */
	uint64_t oversize; /* dropped because they turned out to be too large */
	uint64_t accepted; /* DELE commands answered +OK */
	uint64_t erased;   /* of those, once QUIT was answered +OK */
	size_t troubles;
	size_t last_trouble; /* its position */
};

/* Initialises a fate for each of count messages. Release with fates_release. */
void fates_init(struct fates *fates, size_t count);
void fates_release(struct fates *fates);

/* Notes that the message at this position could not be fetched, and why. */
void fates_trouble(
	struct fates *fates, size_t position, const struct error *err);

/*
 * Returns what is known of a message after the session: before, updated by its
 * step and fate. size: as listed.
 */
struct memory fates_memory(const struct memory *before, const struct fate *fate,
	const struct step *step, uint64_t size);

/* Fills in the tally, except for status, listed, left and too_large. */
void fates_count(const struct fates *fates, struct tally *tally);

#endif
