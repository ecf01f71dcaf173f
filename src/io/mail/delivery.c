/* SPDX-License-Identifier: ISC */
#include "io/mail/delivery.h"

#include <stdlib.h>
#include <string.h>

#include "core/date.h"
#include "core/header.h"
#include "core/xalloc.h"
#include "io/process/digest.h"

/*
 * Text is buffered up to this size, so that most messages are written at once.
 */
#define BLOCK (128 * 1024)

struct delivery {
	struct destination *destination; /* owned */
	const struct destination_ops *ops;
	struct digest *digest;	 /* owned */
	struct digest *identity; /* owned; of the header */
	struct digest *head; /* owned; of the whole text; NULL: not needed */
	struct header header;
	struct date_scan dates;
	bool reads_dates;
	uint64_t octets;
	bool writing; /* between begin and end */
	size_t used;
	enum verdict *verdicts; /* owned; of the batch that was published */
	size_t verdict_count;
	size_t sealed; /* the number of sealed letters */
	char block[BLOCK];
};

struct delivery *delivery_open(
	const struct destination_opening *opening, struct error *err)
{
	const struct destination_traits *traits =
		destination_traits(opening->destination->kind);

	if (traits->ops == NULL) {
		error_set(err, ERROR_CREATE, "no destination is set");
		return NULL;
	}
	struct destination *destination = traits->ops->open(opening, err);

	if (destination == NULL)
		return NULL;
	struct delivery *delivery = xmalloc(sizeof *delivery);

	delivery->destination = destination;
	delivery->ops = traits->ops;
	delivery->writing = false;
	delivery->reads_dates = traits->needs_dates;
	delivery->verdicts = NULL;
	delivery->verdict_count = delivery->sealed = 0;
	delivery->digest = digest_new();
	delivery->identity = digest_new();
	delivery->head = traits->needs_head ? digest_new() : NULL;
	return delivery;
}

void delivery_close(struct delivery *delivery)
{
	if (delivery == NULL)
		return;
	delivery->ops->close(delivery->destination);
	digest_free(delivery->digest);
	digest_free(delivery->identity);
	digest_free(delivery->head);
	free(delivery->verdicts);
	free(delivery);
}

void delivery_watch(
	struct delivery *delivery, destination_confirm *confirm, void *data)
{
	delivery->destination->confirm = confirm;
	delivery->destination->confirm_data = data;
}

void delivery_sweep(struct delivery *delivery)
{
	delivery->ops->sweep(delivery->destination);
}

void delivery_read_dates(struct delivery *delivery)
{
	delivery->reads_dates = true;
}

static void hash(void *data, const char *bytes, size_t length)
{
	digest_update(data, bytes, length);
}

bool delivery_begin(struct delivery *delivery, struct error *err)
{
	header_init(&delivery->header);
	if (delivery->reads_dates)
		date_scan_init(&delivery->dates);
	delivery->header.identity = hash;
	delivery->header.data = delivery->identity;
	digest_restart(delivery->digest);
	digest_restart(delivery->identity);
	if (delivery->head != NULL)
		digest_restart(delivery->head);
	delivery->octets = 0;
	delivery->used = 0;
	if (!delivery->ops->begin(delivery->destination, err))
		return false;
	delivery->writing = true;
	return true;
}

static bool pass_on(struct delivery *delivery, const char *bytes, size_t length,
	struct error *err)
{
	return delivery->ops->write(delivery->destination, bytes, length, err);
}

static void feed_header(
	struct delivery *delivery, const char *text, size_t length)
{
	struct header *header = &delivery->header;
	uint64_t before = header->octets;

	header_feed(header, text, length);
	if (delivery->head != NULL)
		digest_update(delivery->head, text,
			(size_t)(header->octets - before));
}

bool delivery_write(struct delivery *delivery, const char *text, size_t length,
	struct error *err)
{
	digest_update(delivery->digest, text, length);
	if (delivery->reads_dates && !delivery->header.done)
		date_scan_feed(&delivery->dates, text, length);
	feed_header(delivery, text, length);
	delivery->octets += length;
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

bool delivery_end(struct delivery *delivery, struct uid uid, int64_t now,
	struct letter *letter, struct error *err)
{
	struct header *header = &delivery->header;

	header_end(header);
	*letter = (struct letter){.octets = delivery->octets,
		.identified = header_is_identity(header)};
	if (delivery->reads_dates)
		date_scan_end(&delivery->dates, &letter->received);
	digest_finish(delivery->digest, letter->sha256);
	digest_finish(delivery->identity, letter->header_sha256);
	if (delivery->head != NULL) {
		letter->head_octets = header->octets;
		digest_finish(delivery->head, letter->head_sha256);
	}
	memcpy(letter->message_id, header->message_id,
		sizeof letter->message_id);
	if (!pass_on(delivery, delivery->block, delivery->used, err))
		return false;
	const struct destination_ending ending = {
		uid, header->return_path, now};

	if (!delivery->ops->end(delivery->destination, &ending, letter, err))
		return false;
	delivery->writing = false;
	return true;
}

void delivery_drop(struct delivery *delivery)
{
	if (!delivery->writing)
		return;
	delivery->ops->drop(delivery->destination);
	delivery->writing = false;
}

void delivery_drop_last(struct delivery *delivery, size_t count)
{
	delivery->ops->drop_last(delivery->destination, count);
}

void delivery_turn(struct delivery *delivery)
{
	delivery->ops->turn(delivery->destination);
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
}

bool delivery_seal(struct delivery *delivery, struct letter *letters,
	size_t count, struct error *err)
{
	delivery->sealed = count;
	return delivery->ops->seal(delivery->destination, letters, count, err);
}

bool delivery_publish(struct delivery *delivery, struct error *err)
{
	delivery->verdict_count = delivery->sealed;
	delivery->verdicts = xreallocarray(delivery->verdicts,
		delivery->verdict_count + 1, sizeof delivery->verdicts[0]);
	return delivery->ops->publish(
		delivery->destination, delivery->verdicts, err);
}

enum verdict delivery_verdict(const struct delivery *delivery, size_t i)
{
	return i < delivery->verdict_count ? delivery->verdicts[i]
					   : VERDICT_FAILED;
}

void delivery_abandon(struct delivery *delivery)
{
	delivery->ops->abandon(delivery->destination);
}

bool delivery_recover(struct delivery *delivery, const struct letter *letters,
	size_t count, bool *arrived, struct error *err)
{
	return count == 0 ||
		delivery->ops->recover(
			delivery->destination, letters, count, arrived, err);
}
