/* SPDX-License-Identifier: ISC */
/*
 * The record of a message through its stages: arriving, kept, erased; and
 * holds.
 */
#ifndef IO_STORE_STORE_MESSAGE_H
#define IO_STORE_STORE_MESSAGE_H

#include "core/letter.h"
#include "core/uid.h"
#include "io/store/store_place.h"

/* Records that the message of this row is held. */
bool store_record_hold(
	struct store *store, int64_t row, int64_t now, struct error *err);

/* A message that is about to be stored in a place. */
struct store_arrival {
	struct uid uid;
	uint64_t size;		     /* as reported by LIST, or unknown */
	const struct letter *letter; /* borrowed */
	struct store_place place;
	/* NULL, unless it is handed over before it is stored: what imap_recover
	 * needs as its name; or "". It is in no place until it is filed
	 * (store_record_filed). */
	const char *sought;
	int64_t now;
};

/*
 * Records it, within a transaction; *row identifies the record from now on. A
 * record of a message with the same uid that was erased or had vanished is
 * reused for the new message; it stays handed over if store_is_handed is true.
 */
bool store_record_arriving(struct store *store,
	const struct store_arrival *arrival, int64_t *row, struct error *err);

/* Records that it is safely stored, since now; 0: not known since when. */
bool store_record_kept(
	struct store *store, int64_t row, int64_t now, struct error *err);

/*
 * Records, within a transaction, that an arriving message was handed over
 * before it is stored; said: what the destination called it.
 */
bool store_record_handed(
	struct store *store, int64_t row, const char *said, struct error *err);

/* The same, if it is not recorded: what it said is not known. */
bool store_note_handed(struct store *store, int64_t row, struct error *err);

/*
 * Was a message with this text handed over, whatever became of its copy; or to
 * this place, when nothing was stored besides?
 */
bool store_has_handed(struct store *store, const struct letter *letter,
	const struct store_place *place, bool *has, struct error *err);

/*
 * Was the message with this uid, which has this header or text, handed over,
 * but its copy not stored, or damaged since?
 */
bool store_is_handed(struct store *store, struct uid uid,
	const struct letter *letter, bool *is, struct error *err);

/*
 * Forgets an arriving message that was not stored: it will be fetched again.
 * That it was handed over is not forgotten.
 */
bool store_forget_arriving(struct store *store, int64_t row, struct error *err);

/* Records that the server confirmed that it is erased. */
bool store_record_erased(
	struct store *store, int64_t row, int64_t now, struct error *err);

/*
 * Holds the messages with this uid, whatever their ordinals, since a time, or
 * releases them (0), within a transaction: *found is their number.
 */
bool store_hold(struct store *store, struct uid uid, int64_t since,
	size_t *found, struct error *err);

/* A message that an earlier run was storing when it was killed. */
struct store_arriving {
	int64_t row;
	enum destination_kind kind;
	char *path;   /* owned */
	char *handed; /* owned; as in store_record_handed; NULL: it was not */
	char *sought; /* owned; as in struct store_arrival */
	struct letter letter;
};

/*
 * Returns all such messages, ordered by place and offset: *arriving is a new
 * array of
 * *count, which store_free_arriving frees.
 */
bool store_arriving(struct store *store, struct store_arriving **arriving,
	size_t *count, struct error *err);
void store_free_arriving(struct store_arriving *arriving, size_t count);

#endif
