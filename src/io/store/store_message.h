/* SPDX-License-Identifier: ISC */
/* The record of one message on its way: arriving, kept, erased; and held. */
#ifndef IO_STORE_STORE_MESSAGE_H
#define IO_STORE_STORE_MESSAGE_H

#include "core/letter.h"
#include "core/uid.h"
#include "io/store/store_place.h"

/* Records that the message of this row is held. */
bool store_record_hold(
	struct store *store, int64_t row, int64_t now, struct error *err);

/* A message that is about to be put into a place. */
struct store_arrival {
	struct uid uid;
	uint64_t size;		     /* as LIST told it, or unknown */
	const struct letter *letter; /* borrowed */
	struct store_place place;
	int64_t now;
};

/*
 * Records it, within a transaction; *row is its name from now on. A uid that
 * was erased or had vanished is taken over by the new message.
 */
bool store_record_arriving(struct store *store,
	const struct store_arrival *arrival, int64_t *row, struct error *err);

/* Records that it is there, safe, since now; 0: nobody knows since when. */
bool store_record_kept(
	struct store *store, int64_t row, int64_t now, struct error *err);

/* Forgets an arriving row whose message is not there: it is fetched again. */
bool store_forget_arriving(struct store *store, int64_t row, struct error *err);

/* Records that the server confirmed that it is erased there. */
bool store_record_erased(
	struct store *store, int64_t row, int64_t now, struct error *err);

/*
 * Holds the messages with this uid, whatever their ordinals, since a time, or
 * lets go of them (0), within a transaction: *found says how many there are.
 */
bool store_hold(struct store *store, struct uid uid, int64_t since,
	size_t *found, struct error *err);

/* A message that an earlier run was storing when it was ended. */
struct store_arriving {
	int64_t row;
	enum destination_kind kind;
	char *path; /* owned */
	struct letter letter;
};

/*
 * All such messages, in the order of their places and offsets: *arriving is a
 * new array of *count; store_free_arriving frees it.
 */
bool store_arriving(struct store *store, struct store_arriving **arriving,
	size_t *count, struct error *err);
void store_free_arriving(struct store_arriving *arriving, size_t count);

#endif
