/* SPDX-License-Identifier: ISC */
/*
 * The copies of messages: where they lie, by what they are known, and what
 * became of them.
 */
#ifndef IO_STORE_STORE_COPY_H
#define IO_STORE_STORE_COPY_H

#include <stdint.h>

#include "core/letter.h"
#include "core/uid.h"
#include "io/store/store_place.h"

/* A copy that was put here before, and its record; row 0: there is none. */
struct store_found {
	int64_t row;
	struct letter letter;
};

/*
 * Has a message with the same digest been put into this place before? Then
 * *found says where it lay. Where no header tells one message from another of
 * the same text (letter->identified), only copies count whose uid is not known
 * (store_record_unlisted) or, once store_expect_moved was called, what the
 * server lists no longer; and each for one message.
 */
bool store_find_copy(struct store *store, const struct letter *letter,
	const struct store_place *place, struct store_found *found,
	struct error *err);

/* The server gave its messages new uids, for all it seems. */
void store_expect_moved(struct store *store);

/*
 * Records a copy that lies in this place, and whose uid is not known, within a
 * transaction: its text is not stored again.
 */
bool store_record_unlisted(struct store *store, const struct letter *letter,
	const struct store_place *place, int64_t now, struct error *err);

/*
 * Calls visit for each name that a file in a Maildir has, or had, because a
 * record says so.
 */
bool store_names(struct store *store,
	void (*visit)(void *data, const char *name), void *data,
	struct error *err);

/*
 * Records that a copy lies under another name now (letter->name, its offset
 * and length, which are 0 in a Maildir), within a transaction.
 */
bool store_record_filed(struct store *store, int64_t row,
	const struct letter *letter, struct error *err);

/*
 * Calls visit for the copy of each message that is kept and, as far as
 * store_recall was called, listed; letter has what local_find and local_verify
 * go by. It stops when visit says false, with
 * its error.
 */
bool store_copies(struct store *store,
	bool (*visit)(void *data, int64_t row, const struct letter *letter,
		struct error *err),
	void *data, struct error *err);

/* The copy of a message, and what is known of it. */
struct store_copy {
	int64_t row;
	struct uid uid; /* borrowed until visit returns */
	bool listed;	/* by the server, when it was asked last */
	struct letter letter;
};

/*
 * The same for all that should be here, erased on the server or not: what its
 * owner removed, as an earlier run has noticed, is none of it.
 */
bool store_all_copies(struct store *store,
	bool (*visit)(
		void *data, const struct store_copy *copy, struct error *err),
	void *data, struct error *err);

/*
 * Forgets a message whose copy is damaged, within a transaction: its uid is
 * unknown from then on, and what is known of the copy stays.
 */
bool store_give_up(
	struct store *store, int64_t row, int64_t now, struct error *err);

/*
 * Calls visit for the header digest of each message that is here, or was about
 * to be put here, as far as it has one.
 */
bool store_headers(struct store *store,
	void (*visit)(void *data, const unsigned char sha256[LETTER_DIGEST]),
	void *data, struct error *err);

/* The letter of one message. */
bool store_letter(struct store *store, int64_t row, struct letter *letter,
	struct error *err);

/*
 * Records since when a message's copy is missing here, or that it is not (0),
 * within a transaction.
 */
bool store_record_missing(
	struct store *store, int64_t row, int64_t since, struct error *err);

#endif
