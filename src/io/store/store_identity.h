/* SPDX-License-Identifier: ISC */
/*
 * Which message is which, when uids alone do not say so: headers, sizes and
 * texts on record, and uids that changed.
 */
#ifndef IO_STORE_STORE_IDENTITY_H
#define IO_STORE_STORE_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include "core/letter.h"
#include "core/uid.h"
#include "io/store/store.h"

/* A kept message that the server does not list (any more). */
struct store_lost {
	int64_t row;
	uint64_t size; /* as LIST told it, or MAILDROP_SIZE_UNKNOWN */
	unsigned char header_sha256[LETTER_DIGEST];
};

/*
 * How many messages did store_recall find kept that were in the listing before
 * and are not in this one?
 */
size_t store_lost_count(const struct store *store);

/*
 * These messages, as far as their headers are known: *lost is a new array of
 * *count, the caller's to free.
 */
bool store_lost(struct store *store, struct store_lost **lost, size_t *count,
	struct error *err);

/* The header digest of a message; *known is false where there is none. */
bool store_header(struct store *store, int64_t row,
	unsigned char sha256[LETTER_DIGEST], bool *known, struct error *err);

/*
 * Records that a message has another uid now, and this size, with all that is
 * known of it, within a transaction.
 */
bool store_rebind(struct store *store, int64_t row, struct uid uid,
	uint64_t size, struct error *err);

/*
 * Records that a uid stands for another message from now on, within a
 * transaction: what is known of the old one stays, under a name of its own.
 */
bool store_retire(
	struct store *store, struct uid uid, int64_t now, struct error *err);

/* Records that the server tells another size of the same message. */
bool store_record_size(
	struct store *store, int64_t row, uint64_t size, struct error *err);

/* Is this very text kept under the uid already? */
bool store_is_same_text(struct store *store, struct uid uid,
	const unsigned char sha256[LETTER_DIGEST], bool *same,
	struct error *err);

/* Records that an erased message is listed again, and is the same. */
bool store_record_returned(
	struct store *store, int64_t row, int64_t now, struct error *err);

#endif
