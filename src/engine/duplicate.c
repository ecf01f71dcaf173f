/* SPDX-License-Identifier: ISC */
#include "engine/duplicate.h"

#include <stdlib.h>
#include <string.h>

#include "core/xalloc.h"
#include "engine/rebuild.h"
#include "io/store/store_copy.h"
#include "io/store/store_place.h"
#include "io/store/store_run.h"

/*
 * Returns the index of the first letter with the same text, which is i if there
 * is no earlier one.
 */
static size_t first_copy(const struct batch *batch, size_t i)
{
	const unsigned char *sha256 = letter_came_sha256(&batch->letters[i]);
	size_t k = 0;

	while (k < i &&
		(!letter_came_identified(&batch->letters[k]) ||
			memcmp(letter_came_sha256(&batch->letters[k]), sha256,
				LETTER_DIGEST) != 0))
		k++;
	return k;
}

/* Finds messages of which the store records a copy that still exists. */
static bool find_known(struct duplicates *duplicates, struct batch *batch,
	struct letter *known, bool *there, struct error *err)
{
	const struct account *account = duplicates->mailbox->account;
	struct store *store = duplicates->mailbox->store;
	struct store_place place = {
		account->destination.kind, account->destination.path};
	bool any = false;

	for (size_t i = 0; i < batch->count; i++) {
		struct store_found found;

		if (!store_find_copy(
			    store, &batch->letters[i], &place, &found, err))
			return false;
		batch->rows[i] = letter_came_identified(&batch->letters[i])
			? 0
			: found.row;
		there[i] = found.row != 0;
		if (there[i])
			known[i] = found.letter;
		any = any || there[i];
	}
	return !any ||
		delivery_has(
			duplicates->delivery, known, batch->count, there, err);
}

static bool is_text(
	const struct letter *letter, const unsigned char sha256[LETTER_DIGEST])
{
	return memcmp(letter->sha256, sha256, LETTER_DIGEST) == 0;
}

/*
 * Finds messages of which the Maildir has a copy unknown to the store, as it
 * would be stored now, or as it came. Each such copy is used only once.
 */
static void find_strays(struct duplicates *duplicates,
	const struct batch *batch, struct letter *known, bool *there)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct letter *letter = &batch->letters[i];

		for (size_t k = 0; k < duplicates->stray_count && !there[i];
			k++) {
			struct letter *stray = &duplicates->strays[k];

			if (stray->octets == 0 ||
				(!is_text(stray, letter->sha256) &&
					!is_text(stray,
						letter_came_sha256(letter))))
				continue;
			known[i] = *letter;
			letter_take_stored(&known[i], stray);
			there[i] = true;
			/* Marks it as used. */
			stray->octets = 0;
		}
	}
}

/*
 * Is this text in the mbox, whose contents are not on record? Since a copy is
 * recognised even if a reader has changed its Status, each counts for one
 * message only, and for none if any message with its header is on record.
 */
static bool is_in_mbox(
	struct duplicates *duplicates, const struct letter *letter)
{
	bool found = claims_are(&duplicates->claims, letter, 0) &&
		local_verify(duplicates->here, letter) == LOCAL_HERE;

	claims_add(&duplicates->claims, letter);
	return found;
}

/* Finds messages that are there, as they would be stored now, or as they came.
 */
static void find_in_mbox(struct duplicates *duplicates,
	const struct batch *batch, struct letter *known, bool *there)
{
	for (size_t i = 0; duplicates->here != NULL && i < batch->count; i++) {
		struct letter letter = batch->letters[i];
		struct letter plain = {.octets = letter.came.octets,
			.identified = letter.came.identified};

		if (there[i])
			continue;
		/* The offset does not matter: see local_find. */
		letter.offset = 0;
		letter.length = letter.octets;
		if (letter.identified)
			there[i] = is_in_mbox(duplicates, &letter);
		known[i] = letter;
		if (there[i] || !letter.changed || !plain.identified)
			continue;
		plain.length = plain.octets;
		memcpy(plain.message_id, letter.message_id,
			sizeof plain.message_id);
		memcpy(plain.sha256, letter.came.sha256, LETTER_DIGEST);
		memcpy(plain.header_sha256, letter.came.header_sha256,
			LETTER_DIGEST);
		there[i] = is_in_mbox(duplicates, &plain);
		letter_take_stored(&known[i], &plain);
	}
}

bool duplicates_prepare(struct duplicates *duplicates, struct error *err)
{
	struct mailbox *mailbox = duplicates->mailbox;
	const struct account *account = mailbox->account;

	if (account->keep_duplicates ||
		!account_is_place(account->destination.kind))
		return true;
	if (destination_traits(account->destination.kind)->named)
		return rebuild_find_strays(mailbox, &duplicates->strays,
			&duplicates->stray_count, err);
	if (store_has_succeeded(mailbox->store, mailbox->began) ||
		claims_are_unknown(account, account->destination.path,
			account->destination.path))
		return true;
	/* Another account's run records a message before it appends it, so the
	 * records must be read after the mbox. */
	duplicates->here = local_new(NULL);
	return local_look(duplicates->here, account->destination.path, NULL,
		       true, err) &&
		claims_read(&duplicates->claims, account, mailbox->store, err);
}

void duplicates_release(struct duplicates *duplicates)
{
	claims_release(&duplicates->claims);
	local_free(duplicates->here);
	free(duplicates->strays);
	duplicates->here = NULL;
	duplicates->strays = NULL;
}

bool duplicates_sift(
	struct duplicates *duplicates, struct batch *batch, struct error *err)
{
	for (size_t i = 0; i < batch->count; i++) {
		batch->twice[i] = false;
		batch->rows[i] = 0;
		batch->twin[i] = i;
	}
	if (duplicates->mailbox->account->keep_duplicates)
		return true;
	struct letter *known = xcalloc(batch->count, sizeof known[0]);
	bool *there = xcalloc(batch->count, sizeof there[0]);
	bool ok = find_known(duplicates, batch, known, there, err);

	if (ok) {
		find_strays(duplicates, batch, known, there);
		find_in_mbox(duplicates, batch, known, there);
	}
	for (size_t i = 0; ok && i < batch->count; i++) {
		if (!there[i])
			batch->rows[i] = 0;
		if (there[i])
			batch->letters[i] = known[i];
		else if (letter_came_identified(&batch->letters[i]))
			batch->twin[i] = first_copy(batch, i);
		batch->twice[i] = there[i] || batch->twin[i] != i;
		if (batch->twice[i])
			delivery_forgo(duplicates->delivery, i);
	}
	free(known);
	free(there);
	return ok;
}

void duplicates_settle(struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->twin[i] != i)
			batch->letters[i] = batch->letters[batch->twin[i]];
	}
}
