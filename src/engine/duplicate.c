/* SPDX-License-Identifier: ISC */
#include "engine/duplicate.h"

#include <stdlib.h>
#include <string.h>

#include "core/xalloc.h"
#include "io/mail/local.h"

/* Of which letter before it is this one a copy? Itself: of none. */
static size_t first_copy(const struct batch *batch, size_t i)
{
	const struct letter *letter = &batch->letters[i];
	size_t k = 0;

	while (k < i &&
		(!batch->letters[k].identified ||
			memcmp(batch->letters[k].sha256, letter->sha256,
				LETTER_DIGEST) != 0))
		k++;
	return k;
}

/* Those that the store knows, and that are still there. */
static bool find_known(
	struct run *run, struct letter *known, bool *there, struct error *err)
{
	struct batch *batch = run->closed;
	struct store_place place = {
		run->account->destination, run->account->path};
	bool any = false;

	for (size_t i = 0; i < batch->count; i++) {
		struct store_found found;

		if (!store_find_copy(run->store, &batch->letters[i], &place,
			    &found, err))
			return false;
		batch->rows[i] = batch->letters[i].identified ? 0 : found.row;
		there[i] = found.row != 0;
		if (there[i])
			known[i] = found.letter;
		any = any || there[i];
	}
	return !any ||
		delivery_has(run->delivery, known, batch->count, there, err);
}

/* Those that lie in the Maildir, and that the store does not know; each once.
 */
static void find_strays(struct run *run, struct letter *known, bool *there)
{
	const struct batch *batch = run->closed;

	for (size_t i = 0; i < batch->count; i++) {
		for (size_t k = 0; k < run->stray_count && !there[i]; k++) {
			struct letter *stray = &run->strays[k];

			if (stray->octets == 0 ||
				memcmp(stray->sha256, batch->letters[i].sha256,
					LETTER_DIGEST) != 0)
				continue;
			known[i] = batch->letters[i];
			memcpy(known[i].name, stray->name, sizeof stray->name);
			there[i] = true;
			/* Taken. */
			stray->octets = 0;
		}
	}
}

/* Those that lie in an mbox of whose mail nothing is known. */
static void find_unknown(struct run *run, struct letter *known, bool *there)
{
	const struct batch *batch = run->closed;

	for (size_t i = 0; run->here != NULL && i < batch->count; i++) {
		struct letter letter = batch->letters[i];

		/* Where it lies in there nobody asks: see local_find. */
		letter.offset = 0;
		letter.length = letter.octets;
		if (there[i] || !letter.identified ||
			local_verify(run->here, &letter) != LOCAL_HERE)
			continue;
		known[i] = letter;
		there[i] = true;
	}
}

bool duplicate_prepare(struct run *run, struct error *err)
{
	const struct account *account = run->account;

	if (account->keep_duplicates || run->plan.fetches == 0 ||
		account->destination != DESTINATION_MBOX ||
		store_has_succeeded(run->store, run->outcome->began))
		return true;
	run->here = local_new(NULL);
	return local_look(run->here, account->path, NULL, true, err);
}

bool duplicate_sift(struct run *run, struct error *err)
{
	struct batch *batch = run->closed;

	for (size_t i = 0; i < batch->count; i++) {
		batch->twice[i] = false;
		batch->rows[i] = 0;
		batch->twin[i] = i;
	}
	if (run->account->keep_duplicates)
		return true;
	struct letter *known = xcalloc(batch->count, sizeof known[0]);
	bool *there = xcalloc(batch->count, sizeof there[0]);
	bool ok = find_known(run, known, there, err);

	if (ok) {
		find_strays(run, known, there);
		find_unknown(run, known, there);
	}
	for (size_t i = 0; ok && i < batch->count; i++) {
		if (!there[i])
			batch->rows[i] = 0;
		if (there[i])
			batch->letters[i] = known[i];
		else if (batch->letters[i].identified)
			batch->twin[i] = first_copy(batch, i);
		batch->twice[i] = there[i] || batch->twin[i] != i;
		if (batch->twice[i])
			delivery_forgo(run->delivery, i);
	}
	free(known);
	free(there);
	return ok;
}

void duplicate_settle(struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->twin[i] != i)
			batch->letters[i] = batch->letters[batch->twin[i]];
	}
}
