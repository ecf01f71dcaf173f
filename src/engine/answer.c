/* SPDX-License-Identifier: ISC */
#include "engine/answer.h"

#include <stdlib.h>
#include <string.h>

#include "core/xalloc.h"
#include "io/process/now.h"
#include "io/store/store_copy.h"
#include "io/store/store_message.h"

static bool record_kept(struct mailbox *mailbox, struct letter *letter,
	int64_t row, const struct confirmation *answer, struct error *err)
{
	memcpy(letter->name, answer->where, sizeof letter->name);
	return store_record_filed(mailbox->store, row, letter, err) &&
		store_record_kept(mailbox->store, row,
			clock_kept_since(&mailbox->clock, now_seconds()), err);
}

/* So are the others of the batch with the same text. */
static bool record_handed(struct mailbox *mailbox, const struct batch *batch,
	const struct fates *fates, const struct confirmation *answer,
	struct error *err)
{
	bool ok = true;

	for (size_t i = answer->i; ok && i < batch->count; i++)
		ok = batch->twin[i] != answer->i ||
			store_record_handed(mailbox->store,
				fates->at[batch->positions[i]].row,
				answer->where, err);
	return ok;
}

static bool record_refused(struct mailbox *mailbox, struct batch *batch,
	const struct fates *fates, const struct confirmation *answer,
	struct error *err)
{
	bool ok = true;

	for (size_t i = answer->i; ok && i < batch->count; i++) {
		if (batch->twin[i] != answer->i)
			continue;
		batch->refused[i] = xmalloc(sizeof *batch->refused[i]);
		*batch->refused[i] = answer->why;
		ok = store_forget_arriving(mailbox->store,
			fates->at[batch->positions[i]].row, err);
	}
	return ok;
}

bool answer_record(struct mailbox *mailbox, struct batch *batch,
	const struct fates *fates, const struct confirmation *answer,
	struct error *err)
{
	bool stores = account_is_place(mailbox->account->destination.kind);
	size_t i = answer->i;

	if (!store_begin_unsynced(mailbox->store, err))
		return false;
	bool ok = answer->verdict == VERDICT_REFUSED
		? record_refused(mailbox, batch, fates, answer, err)
		: stores
		? record_handed(mailbox, batch, fates, answer, err)
		: record_kept(mailbox, &batch->letters[i],
			  fates->at[batch->positions[i]].row, answer, err);

	return ok && store_commit(mailbox->store, err);
}

void answer_refused(struct mailbox *mailbox, struct fates *fates,
	size_t position, const struct error *why)
{
	mailbox_say_refused(mailbox, position, why);
	fates_trouble(fates, position, why);
	fates->refused++;
}

void answer_note_refused(struct mailbox *mailbox, struct batch *batch,
	struct fates *fates, size_t i)
{
	struct fate *fate = &fates->at[batch->positions[i]];

	answer_refused(mailbox, fates, batch->positions[i], batch->refused[i]);
	fate->state = FATE_NONE;
	fate->row = 0;
	free(batch->refused[i]);
	batch->refused[i] = NULL;
}

void answer_note_doubt(struct mailbox *mailbox, const struct batch *batch,
	struct fates *fates, const struct delivery *delivery,
	const struct error *why)
{
	enum verdict verdict = VERDICT_PUBLISHED;
	size_t i = 0;

	/* Those behind one that was put off are in doubt because of that. */
	for (; i < batch->count; i++) {
		verdict = delivery_verdict(delivery, i);
		if (verdict == VERDICT_FAILED || verdict == VERDICT_DEFERRED)
			break;
	}
	if (i == batch->count || verdict != VERDICT_FAILED ||
		*mailbox->options->stop != 0)
		return;
	fates_trouble(fates, batch->positions[i], why);
	fates->at[batch->positions[i]].blameless = fates->fetched == 0;
}
