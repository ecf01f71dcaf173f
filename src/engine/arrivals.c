/* SPDX-License-Identifier: ISC */
#include "engine/arrivals.h"

#include "io/process/now.h"
#include "io/store/store_copy.h"
#include "io/store/store_identity.h"
#include "io/store/store_message.h"

/*
 * The row of the message that had this uid before gets another name. If the new
 * message has the same text after all, the server reports varying sizes.
 */
static bool retire(const struct arrivals *arrivals, struct uid uid,
	const struct letter *letter, int64_t now, struct error *err)
{
	struct store *store = arrivals->mailbox->store;
	bool same;

	if (!store_is_same_text(
		    store, uid, letter_came_sha256(letter), &same, err))
		return false;
	arrivals->mailbox->loose_sizes |= same;
	return store_retire(store, uid, now, err);
}

/* An earlier run handed it over: only the copy is missing. */
static bool leave_out_taken(const struct arrivals *arrivals, size_t i,
	struct uid uid, struct error *err)
{
	const struct batch *batch = arrivals->batch;
	const struct account *account = arrivals->mailbox->account;
	const struct account_onward to = account_onward(account);
	const struct store_place place = {to.kind, to.path};
	const struct letter *letter = &batch->letters[i];
	struct store *store = arrivals->mailbox->store;
	bool stores = account_is_place(account->destination.kind);
	bool taken = false;

	if (batch->twin[i] != i || batch->twice[i])
		return true;
	if (!store_is_handed(store, uid, letter, &taken, err) ||
		(!taken && letter_came_identified(letter) &&
			!account->keep_duplicates &&
			!store_has_handed(store, letter, &place, &taken, err)))
		return false;
	if (taken && stores)
		delivery_was_taken(arrivals->delivery, i);
	else if (taken)
		delivery_forgo(arrivals->delivery, i);
	return true;
}

/* Records one message of the batch as arriving. */
static bool record_arriving(const struct arrivals *arrivals, size_t i,
	int64_t now, struct error *err)
{
	const struct account *account = arrivals->mailbox->account;
	struct store *store = arrivals->mailbox->store;
	struct batch *batch = arrivals->batch;
	const struct message *message =
		&arrivals->facts->maildrop->messages[batch->positions[i]];
	bool first = delivery_hands_over(arrivals->delivery);
	struct letter letter = batch->letters[i];
	struct fate *fate = &arrivals->fates->at[batch->positions[i]];
	struct store_arrival arrival = {
		.uid = maildrop_uid(arrivals->facts->maildrop, message),
		.size = message->size,
		.letter = &letter,
		.place = {account->destination.kind, account->destination.path},
		.sought = first ? delivery_sought(arrivals->delivery) : NULL,
		.now = now,
	};

	if (arrivals->plan->steps[batch->positions[i]].reused &&
		!retire(arrivals, arrival.uid, arrival.letter, now, err))
		return false;
	if (account_onward(account).kind != DESTINATION_NONE &&
		!leave_out_taken(arrivals, i, arrival.uid, err))
		return false;
	/* It is nowhere yet. */
	if (first) {
		letter.name[0] = '\0';
		letter.offset = letter.length = 0;
	}
	/* A copy with this text is on record: its row gets the new uid. */
	if (batch->rows[i] != 0) {
		fate->row = batch->rows[i];
		return store_rebind(
			store, batch->rows[i], arrival.uid, message->size, err);
	}
	if (!store_record_arriving(store, &arrival, &fate->row, err))
		return false;
	/* A hold applies to the uid, whichever message has it. */
	return !arrivals->facts->memories[batch->positions[i]].held ||
		store_record_hold(store, fate->row, now, err);
}

bool arrivals_record(const struct arrivals *arrivals, struct error *err)
{
	int64_t now = now_seconds();

	for (size_t i = 0; i < arrivals->batch->count; i++) {
		if (!record_arriving(arrivals, i, now, err))
			return false;
	}
	return true;
}

bool arrivals_was_taken(
	const struct delivery *delivery, const struct batch *batch, size_t i)
{
	switch (delivery_verdict(delivery, batch->twin[i])) {
	case VERDICT_PUBLISHED:
	case VERDICT_FORGONE:
		return true;
	case VERDICT_REFUSED:
	case VERDICT_DEFERRED:
	case VERDICT_FAILED:
		break;
	}
	return false;
}

void arrivals_hand_over(const struct arrivals *arrivals)
{
	struct batch *batch = arrivals->batch;
	struct delivery *delivery = arrivals->delivery;

	delivery_hand_over(delivery, batch->count, &batch->unwanted);

	for (size_t i = 0; i < batch->count; i++) {
		if (batch->twin[i] == i &&
			!arrivals_was_taken(delivery, batch, i))
			delivery_forgo(delivery, i);
	}
}

bool arrivals_file(const struct arrivals *arrivals, struct error *err)
{
	struct store *store = arrivals->mailbox->store;
	const struct batch *batch = arrivals->batch;

	for (size_t i = 0; i < batch->count; i++) {
		const struct fate *fate =
			&arrivals->fates->at[batch->positions[i]];

		if (batch->rows[i] == 0 &&
			arrivals_was_taken(arrivals->delivery, batch, i) &&
			(!store_record_filed(
				 store, fate->row, &batch->letters[i], err) ||
				!store_note_handed(store, fate->row, err)))
			return false;
	}
	return true;
}
