/* SPDX-License-Identifier: ISC */
/*
 * The copies of messages: where they are, how they are recognised, and what
 * became of them.
 */
#ifndef IO_STORE_STORE_COPY_H
#define IO_STORE_STORE_COPY_H

#include <stdint.h>

#include "core/letter.h"
#include "core/uid.h"
#include "io/store/store_place.h"

/* A copy that was stored earlier, and its record. Row 0 means none. */
struct store_found {
	int64_t row;
	struct letter letter;
};

/*
 * Did the same text come before, and was it stored in this place? If so, *found
 * says where, and how. If no header tells the message from others with the same
 * text (letter_came, identified), only these copies count, each for one
 * message: those whose uid is not known (store_record_unlisted) and, after
 * store_expect_new_uids, those that the server no longer lists.
 */
bool store_find_copy(struct store *store, const struct letter *letter,
	const struct store_place *place, struct store_found *found,
	struct error *err);

/* Call this if the server seems to have given its messages new uids. */
void store_expect_new_uids(struct store *store);

/*
 * Records a copy that is in this place and whose uid is not known, within a
 * transaction: a message with this text is not stored again.
 */
bool store_record_unlisted(struct store *store, const struct letter *letter,
	const struct store_place *place, int64_t now, struct error *err);

/*
 * Calls visit for each name that, according to the records, a file in a Maildir
 * has or had.
 */
bool store_names(struct store *store,
	void (*visit)(void *data, const char *name), void *data,
	struct error *err);

/*
 * Records, within a transaction, that a copy is now stored under another name
 * (letter->name, with its offset and length, which are 0 in a Maildir), or
 * where it will be stored now that it was handed over.
 */
bool store_record_filed(struct store *store, int64_t row,
	const struct letter *letter, struct error *err);

/*
 * Calls visit for the copy of each message that is kept in a file and, if
 * store_recall was called, listed. letter contains what local_find and
 * local_verify need. If visit returns false, this stops and fails with its
 * error.
 */
bool store_copies(struct store *store,
	bool (*visit)(void *data, int64_t row, const struct letter *letter,
		struct error *err),
	void *data, struct error *err);

/* The copy of a message, and what is recorded about it. */
struct store_copy {
	int64_t row;
	struct uid uid; /* borrowed until visit returns */
	bool listed;	/* in the server's last listing */
	struct letter letter;
};

/*
 * Like store_copies, for every copy that should be here, whether or not the
 * message was erased from the server. Copies that an earlier run found removed
 * by their owner are left out.
 */
bool store_all_copies(struct store *store,
	bool (*visit)(
		void *data, const struct store_copy *copy, struct error *err),
	void *data, struct error *err);

/*
 * Forgets a message whose copy is damaged, within a transaction: its uid counts
 * as unknown from now on, but the record of the copy stays.
 */
bool store_disown_copy(
	struct store *store, int64_t row, int64_t now, struct error *err);

/*
 * Calls visit for the header digest, if there is one, of each message that is
 * here or was about to be stored here.
 */
bool store_headers(struct store *store,
	void (*visit)(void *data, const unsigned char sha256[LETTER_DIGEST]),
	void *data, struct error *err);

/* Was the message handed over to a destination that confirmed it? */
bool store_was_handed_over(
	struct store *store, int64_t row, bool *handed, struct error *err);

/* Reads the letter of one message that is in a file. */
bool store_letter(struct store *store, int64_t row, struct letter *letter,
	struct error *err);

/*
 * Records, within a transaction, since when a message's copy has been missing
 * here, or that it is not missing (0).
 */
bool store_record_missing(
	struct store *store, int64_t row, int64_t since, struct error *err);

#endif
