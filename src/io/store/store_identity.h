/* SPDX-License-Identifier: ISC */
/*
 * Which message is which, when uids alone do not tell: recorded headers, sizes
 * and texts, and changed uids.
 */
#ifndef IO_STORE_STORE_IDENTITY_H
#define IO_STORE_STORE_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include "core/letter.h"
#include "core/uid.h"
#include "io/store/store.h"

/* A kept message that the server does not list, or no longer lists. */
struct store_lost {
	int64_t row;
	uint64_t size; /* as reported by LIST, or MAILDROP_SIZE_UNKNOWN */
	unsigned char header_sha256[LETTER_DIGEST];
};

/*
 * The number of kept messages that store_recall found missing from this listing
 * although the previous one had them.
 */
size_t store_lost_count(const struct store *store);

/*
 * Returns these messages, those whose headers are known: *lost is a new array
 * of
 * *count, which the caller frees.
 */
bool store_lost(struct store *store, struct store_lost **lost, size_t *count,
	struct error *err);

/* Returns the header digest of a message; *known is false if there is none. */
bool store_header(struct store *store, int64_t row,
	unsigned char sha256[LETTER_DIGEST], bool *known, struct error *err);

/*
 * Records, within a transaction, that a message now has another uid, and this
 * size. All that is known about the message stays with it.
 */
bool store_rebind(struct store *store, int64_t row, struct uid uid,
	uint64_t size, struct error *err);

/*
 * Records, within a transaction, that a uid stands for another message from now
 * on. The record of the old message is kept under a name of its own.
 */
bool store_retire(
	struct store *store, struct uid uid, int64_t now, struct error *err);

/* Records that the server reports another size for the same message. */
bool store_record_size(
	struct store *store, int64_t row, uint64_t size, struct error *err);

/* Is exactly this text already kept under the uid? */
bool store_is_same_text(struct store *store, struct uid uid,
	const unsigned char sha256[LETTER_DIGEST], bool *same,
	struct error *err);

/* Records that an erased message is listed again, and is the same. */
bool store_record_returned(
	struct store *store, int64_t row, int64_t now, struct error *err);

#endif
