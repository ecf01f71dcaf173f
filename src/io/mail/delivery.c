/* SPDX-License-Identifier: ISC */
#include "io/mail/delivery.h"

#include <stdlib.h>
#include <string.h>

#include "core/date.h"
#include "core/xalloc.h"
#include "io/mail/fingerprint.h"
#include "io/mail/outbox.h"
#include "io/mail/rewrite.h"
#include "io/process/digest.h"

/*
 * Text is buffered up to this size, so that most messages are written at once.
 */
#define BLOCK (128 * 1024)

struct delivery {
	struct destination *destination; /* owned */
	const struct destination_ops *ops;
	/* To which mail is handed over before it is stored; owned; or NULL. */
	struct destination *onward;
	struct account_destination onward_to; /* its fields are borrowed */
	char sought[LETTER_NAME_MAX];	      /* as in delivery_sought */
	bool handed_over;		      /* the closed batch */
	/* What changes messages first; owned; or NULL. */
	struct rewrite *rewrite;
	struct fingerprint came;   /* as it came; only if it is changed */
	struct fingerprint stored; /* as it is stored */
	struct digest *head; /* owned; of the whole header; NULL: not needed */
	struct date_scan dates;
	bool reads_dates;
	unsigned refusals; /* in a row */
	bool writing;	   /* between begin and end */
	size_t used;
	enum verdict *verdicts; /* owned; of the batch that was published */
	size_t verdict_count;
	size_t sealed; /* the number of sealed letters */
	char block[BLOCK];
};

/* Opens what mail is handed over to before it is stored, if that is set. */
static bool open_onward(struct delivery *delivery,
	const struct destination_opening *opening, struct error *err)
{
	const struct account_onward *onward = &opening->destination->onward;
	struct destination_opening other = *opening;

	if (onward->kind == DESTINATION_NONE || opening->account == NULL)
		return true;
	delivery->onward_to = *opening->destination;
	delivery->onward_to.kind = onward->kind;
	delivery->onward_to.path = onward->path;
	other.destination = &delivery->onward_to;
	delivery->onward =
		destination_traits(onward->kind)->ops->open(&other, err);
	return delivery->onward != NULL;
}

struct delivery *delivery_open(
	const struct destination_opening *opening, struct error *err)
{
	const struct destination_traits *traits =
		destination_traits(opening->destination->kind);

	if (traits->ops == NULL) {
		error_set(err, ERROR_CREATE, "no destination is set");
		return NULL;
	}
	struct rewrite *rewrite = NULL;
	bool rewrites = opening->account != NULL &&
		rewrite_is_needed(opening->destination);

	/* First, so that a filter does not inherit a connection. */
	if (rewrites)
		rewrite = rewrite_open(opening, err);
	if (rewrites && rewrite == NULL)
		return NULL;
	struct destination *destination = traits->ops->open(opening, err);

	if (destination == NULL) {
		rewrite_close(rewrite);
		return NULL;
	}
	struct delivery *delivery = xmalloc(sizeof *delivery);

	delivery->destination = destination;
	delivery->ops = traits->ops;
	delivery->writing = false;
	delivery->reads_dates = traits->needs_dates;
	delivery->verdicts = NULL;
	delivery->verdict_count = delivery->sealed = 0;
	delivery->rewrite = rewrite;
	delivery->refusals = 0;
	fingerprint_init(&delivery->came);
	fingerprint_init(&delivery->stored);
	delivery->head = traits->needs_head ? digest_new() : NULL;
	delivery->onward = NULL;
	delivery->sought[0] = '\0';
	delivery->handed_over = false;
	if (!open_onward(delivery, opening, err)) {
		delivery_close(delivery);
		return NULL;
	}
	delivery->reads_dates |= delivery_hands_over(delivery) &&
		destination_traits(delivery->onward_to.kind)->needs_dates;
	return delivery;
}

void delivery_close(struct delivery *delivery)
{
	if (delivery == NULL)
		return;
	delivery->ops->close(delivery->destination);
	if (delivery->onward != NULL)
		delivery->onward->ops->close(delivery->onward);
	rewrite_close(delivery->rewrite);
	fingerprint_release(&delivery->came);
	fingerprint_release(&delivery->stored);
	digest_free(delivery->head);
	free(delivery->verdicts);
	free(delivery);
}

void delivery_watch(
	struct delivery *delivery, destination_confirm *confirm, void *data)
{
	struct destination *confirms = delivery->onward != NULL
		? delivery->onward
		: delivery->destination;

	confirms->confirm = confirm;
	confirms->confirm_data = data;
}

void delivery_sweep(struct delivery *delivery)
{
	delivery->ops->sweep(delivery->destination);
}

void delivery_read_dates(struct delivery *delivery)
{
	delivery->reads_dates = true;
}

/* After this many refusals in a row, the cause is hardly in the messages. */
static bool may_go_on(const struct delivery *delivery, struct error *err)
{
	return delivery->refusals < OUTBOX_REFUSALS_MAX ||
		error_set(err, ERROR_TEMPORARY,
			"%s refused %u messages in a row: no other is fetched in this run. They stay on the server",
			rewrite_words(delivery->rewrite), delivery->refusals);
}

bool delivery_begin(struct delivery *delivery, struct error *err)
{
	if (!may_go_on(delivery, err))
		return false;
	if (delivery->reads_dates)
		date_scan_init(&delivery->dates);
	if (delivery->rewrite != NULL) {
		fingerprint_begin(&delivery->came);
		rewrite_begin(delivery->rewrite);
	}
	fingerprint_begin(&delivery->stored);
	if (delivery->head != NULL)
		digest_restart(delivery->head);
	delivery->used = 0;
	if (!delivery->ops->begin(delivery->destination, err))
		return false;
	delivery->writing = true;
	return delivery->onward == NULL ||
		delivery->onward->ops->begin(delivery->onward, err);
}

static bool pass_on(struct delivery *delivery, const char *bytes, size_t length,
	struct error *err)
{
	return delivery->ops->write(
		       delivery->destination, bytes, length, err) &&
		(delivery->onward == NULL ||
			delivery->onward->ops->write(
				delivery->onward, bytes, length, err));
}

/* Reads text that is to be stored. */
static void feed_stored(
	struct delivery *delivery, const char *text, size_t length)
{
	struct fingerprint *stored = &delivery->stored;
	uint64_t before = stored->header.octets;

	fingerprint_feed(stored, text, length);
	if (delivery->head != NULL)
		digest_update(delivery->head, text,
			(size_t)(stored->header.octets - before));
}

/* Appends text to what is to be stored. */
static bool store_text(
	void *data, const char *text, size_t length, struct error *err)
{
	struct delivery *delivery = data;

	feed_stored(delivery, text, length);
	if (delivery->used + length > BLOCK) {
		if (!pass_on(delivery, delivery->block, delivery->used, err))
			return false;
		delivery->used = 0;
	}
	if (length > BLOCK)
		return pass_on(delivery, text, length, err);
	memcpy(delivery->block + delivery->used, text, length);
	delivery->used += length;
	return true;
}

bool delivery_write(struct delivery *delivery, const char *text, size_t length,
	struct error *err)
{
	const struct fingerprint *first =
		delivery->rewrite != NULL ? &delivery->came : &delivery->stored;

	if (delivery->reads_dates && !first->header.done)
		date_scan_feed(&delivery->dates, text, length);
	if (delivery->rewrite == NULL)
		return store_text(delivery, text, length, err);
	fingerprint_feed(&delivery->came, text, length);
	return rewrite_write(delivery->rewrite, text, length, err);
}

/* Stores the new text of a message in the place of the one that came. */
static enum addition rewrite_text(struct delivery *delivery, struct uid uid,
	struct letter *letter, struct error *err)
{
	struct letter_text *came = &letter->came;

	fingerprint_end(&delivery->came, came);
	const struct rewrite_message message = {
		.uid = uid,
		.came = &delivery->came,
		.identity =
			came->identified ? came->header_sha256 : came->sha256,
		.put = store_text,
		.data = delivery,
	};
	enum addition result = rewrite_end(delivery->rewrite, &message, err);

	if (result == ADDITION_REFUSED) {
		delivery_drop(delivery);
		delivery->refusals++;
	} else if (result == ADDITION_DONE) {
		delivery->refusals = 0;
	}
	return result;
}

/* Describes the text that is stored. */
static void describe(struct delivery *delivery, struct letter *letter)
{
	struct fingerprint *stored = &delivery->stored;
	struct letter_text text;

	fingerprint_end(stored, &text);
	letter->octets = stored->octets;
	letter->identified = text.identified;
	memcpy(letter->sha256, text.sha256, sizeof letter->sha256);
	memcpy(letter->header_sha256, text.header_sha256,
		sizeof letter->header_sha256);
	letter->changed = delivery->rewrite != NULL &&
		memcmp(letter->sha256, letter->came.sha256, LETTER_DIGEST) != 0;
	memcpy(letter->message_id, stored->header.message_id,
		sizeof letter->message_id);
	if (delivery->head != NULL) {
		letter->head_octets = stored->header.octets;
		digest_finish(delivery->head, letter->head_sha256);
	}
}

/* This cannot fail, as what is handed over is already in the spool. */
static void end_onward(struct delivery *delivery,
	const struct destination_ending *ending, struct letter letter)
{
	struct error none = {.kind = ERROR_NONE};

	delivery->onward->ops->end(delivery->onward, ending, &letter, &none);
	/* It stays the same once it is known, and another thread reads it. */
	if (strcmp(delivery->sought, letter.name) != 0)
		memcpy(delivery->sought, letter.name, sizeof delivery->sought);
}

enum addition delivery_end(struct delivery *delivery, struct uid uid,
	int64_t now, struct letter *letter, struct error *err)
{
	const struct fingerprint *first =
		delivery->rewrite != NULL ? &delivery->came : &delivery->stored;

	*letter = (struct letter){.name = ""};
	if (delivery->rewrite != NULL) {
		enum addition result = rewrite_text(delivery, uid, letter, err);

		if (result != ADDITION_DONE)
			return result;
	}
	describe(delivery, letter);
	if (delivery->reads_dates)
		date_scan_end(&delivery->dates, &letter->received);
	if (!pass_on(delivery, delivery->block, delivery->used, err))
		return ADDITION_FAILED;
	const struct destination_ending ending = {
		uid, first->header.return_path, now};

	const struct letter both = *letter;

	if (!delivery->ops->end(delivery->destination, &ending, letter, err))
		return ADDITION_FAILED;
	if (delivery->onward != NULL)
		end_onward(delivery, &ending, both);
	delivery->writing = false;
	return ADDITION_DONE;
}

void delivery_drop(struct delivery *delivery)
{
	if (!delivery->writing)
		return;
	delivery->ops->drop(delivery->destination);
	if (delivery->onward != NULL)
		delivery->onward->ops->drop(delivery->onward);
	delivery->writing = false;
}

void delivery_drop_last(struct delivery *delivery, size_t count)
{
	delivery->ops->drop_last(delivery->destination, count);
	if (delivery->onward != NULL)
		delivery->onward->ops->drop_last(delivery->onward, count);
}

/* Room for what becomes of each message of the closed batch. */
static void prepare_verdicts(struct delivery *delivery, size_t count)
{
	delivery->verdict_count = count;
	delivery->verdicts = xreallocarray(
		delivery->verdicts, count + 1, sizeof delivery->verdicts[0]);
	for (size_t i = 0; i < count; i++)
		delivery->verdicts[i] = VERDICT_FAILED;
}

void delivery_turn(struct delivery *delivery)
{
	delivery->ops->turn(delivery->destination);
	if (delivery->onward != NULL)
		delivery->onward->ops->turn(delivery->onward);
	delivery->handed_over = false;
}

bool delivery_has(struct delivery *delivery, const struct letter *letters,
	size_t count, bool *there, struct error *err)
{
	return delivery->ops->has(
		delivery->destination, letters, count, there, err);
}

void delivery_forgo(struct delivery *delivery, size_t i)
{
	delivery->ops->forgo(delivery->destination, i);
	delivery_was_taken(delivery, i);
}

bool delivery_hands_over(const struct delivery *delivery)
{
	return delivery->onward != NULL;
}

const char *delivery_sought(const struct delivery *delivery)
{
	return delivery->sought;
}

void delivery_was_taken(struct delivery *delivery, size_t i)
{
	if (delivery->onward != NULL && !delivery->handed_over)
		delivery->onward->ops->forgo(delivery->onward, i);
}

bool delivery_hand_over(
	struct delivery *delivery, size_t count, struct error *err)
{
	struct destination *onward = delivery->onward;

	prepare_verdicts(delivery, count);
	delivery->handed_over = true;
	return onward->ops->seal(onward, NULL, count, err) &&
		onward->ops->publish(onward, delivery->verdicts, err);
}

bool delivery_seal(struct delivery *delivery, struct letter *letters,
	size_t count, struct error *err)
{
	delivery->sealed = count;
	return delivery->ops->seal(delivery->destination, letters, count, err);
}

bool delivery_publish(struct delivery *delivery, struct error *err)
{
	enum verdict *ignored = NULL;

	if (delivery->onward == NULL)
		prepare_verdicts(delivery, delivery->sealed);
	else
		ignored = xcalloc(delivery->sealed + 1, sizeof ignored[0]);
	bool ok = delivery->ops->publish(delivery->destination,
		ignored != NULL ? ignored : delivery->verdicts, err);

	free(ignored);
	return ok;
}

enum verdict delivery_verdict(const struct delivery *delivery, size_t i)
{
	return i < delivery->verdict_count ? delivery->verdicts[i]
					   : VERDICT_FAILED;
}

void delivery_abandon(struct delivery *delivery)
{
	delivery->ops->abandon(delivery->destination);
	if (delivery->onward != NULL)
		delivery->onward->ops->abandon(delivery->onward);
}

bool delivery_recover(struct delivery *delivery, const struct letter *letters,
	size_t count, bool *arrived, struct error *err)
{
	return count == 0 ||
		delivery->ops->recover(
			delivery->destination, letters, count, arrived, err);
}
