/* SPDX-License-Identifier: ISC */
#include "core/maildrop.h"

#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/xalloc.h"

void maildrop_init(struct maildrop *maildrop, const uint64_t key[2])
{
	*maildrop = (struct maildrop){.key = {key[0], key[1]}};
}

void maildrop_release(struct maildrop *maildrop)
{
	free(maildrop->messages);
	free(maildrop->uids);
	free(maildrop->index);
	*maildrop = (struct maildrop){.count = 0};
}

bool maildrop_add(struct maildrop *maildrop, uint32_t number, const char *uid,
	size_t uid_length, struct error *err)
{
	if (maildrop->count >= MAILDROP_MAX)
		return error_set(err, ERROR_PROTOCOL,
			"the server lists more than %d messages", MAILDROP_MAX);
	/* Treated as missing, so that it does not affect other messages. */
	if (uid_length > MAILDROP_UID_MAX)
		uid_length = 0;
	if (maildrop->uids_length + uid_length > MAILDROP_UIDS_MAX)
		return error_set(err, ERROR_PROTOCOL,
			"the server's uids take more than %d MiB",
			MAILDROP_UIDS_MAX >> 20);
	if (maildrop->count == maildrop->room) {
		maildrop->room = maildrop->room > 0 ? maildrop->room * 2 : 256;
		maildrop->messages = xreallocarray(maildrop->messages,
			maildrop->room, sizeof maildrop->messages[0]);
	}
	if (maildrop->uids_length + uid_length > maildrop->uids_room) {
		maildrop->uids_room = maildrop->uids_room * 2 + 8192;
		maildrop->uids =
			xreallocarray(maildrop->uids, maildrop->uids_room, 1);
	}
	if (uid_length > 0)
		memcpy(maildrop->uids + maildrop->uids_length, uid, uid_length);
	maildrop->messages[maildrop->count++] = (struct message){
		.number = number,
		.uid = (uint32_t)maildrop->uids_length,
		.uid_length = (uint32_t)uid_length,
		.size = MAILDROP_SIZE_UNKNOWN,
	};
	maildrop->uids_length += uid_length;
	return true;
}

struct uid maildrop_uid(
	const struct maildrop *maildrop, const struct message *message)
{
	return (struct uid){
		.bytes = maildrop->uids == NULL ? ""
						: maildrop->uids + message->uid,
		.length = message->uid_length,
		.ordinal = message->ordinal,
	};
}

static uint64_t hash_uid(const struct maildrop *maildrop, struct uid uid)
{
	uint64_t hash = hash_octets(maildrop->key, uid.bytes, uid.length);

	if (uid.ordinal == 0)
		return hash;
	uint64_t pair[2] = {hash, uid.ordinal};

	return hash_octets(maildrop->key, pair, sizeof pair);
}

static bool is_same(const struct maildrop *maildrop,
	const struct message *message, struct uid uid)
{
	return message->ordinal == uid.ordinal &&
		message->uid_length == uid.length &&
		memcmp(maildrop_uid(maildrop, message).bytes, uid.bytes,
			uid.length) == 0;
}

/* The slot of the index that has the uid, or the empty one for it. */
static size_t slot_of(const struct maildrop *maildrop, struct uid uid)
{
	size_t mask = maildrop->index_size - 1;
	size_t slot = hash_uid(maildrop, uid) & mask;

	for (; maildrop->index[slot] != 0; slot = (slot + 1) & mask) {
		const struct message *message =
			&maildrop->messages[maildrop->index[slot] - 1];

		if (is_same(maildrop, message, uid))
			break;
	}
	return slot;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = ((const struct message *)a)->number;
	uint32_t y = ((const struct message *)b)->number;

	return x < y ? -1 : x > y;
}

bool maildrop_sort(struct maildrop *maildrop, struct error *err)
{
	struct message *messages = maildrop->messages;
	bool sorted = true;

	for (size_t i = 1; i < maildrop->count && sorted; i++)
		sorted = messages[i - 1].number < messages[i].number;
	if (sorted)
		return true;
	qsort(messages, maildrop->count, sizeof messages[0], by_number);
	for (size_t i = 1; i < maildrop->count; i++) {
		if (messages[i - 1].number == messages[i].number)
			return error_set(err, ERROR_PROTOCOL,
				"the server lists message number %u twice",
				messages[i].number);
	}
	return true;
}

bool maildrop_index(struct maildrop *maildrop, struct error *err)
{
	if (!maildrop_sort(maildrop, err))
		return false;
	maildrop->index_size = 16;
	while (maildrop->index_size < maildrop->count * 2)
		maildrop->index_size *= 2;
	maildrop->index =
		xcalloc(maildrop->index_size, sizeof maildrop->index[0]);
	for (size_t i = 0; i < maildrop->count; i++) {
		struct message *message = &maildrop->messages[i];
		struct uid uid = maildrop_uid(maildrop, message);
		size_t slot = slot_of(maildrop, uid);

		if (maildrop->index[slot] != 0) {
			struct message *first =
				&maildrop->messages[maildrop->index[slot] - 1];

			uid.ordinal = message->ordinal = first->copies++;
			slot = slot_of(maildrop, uid);
		} else {
			message->copies = 1;
		}
		maildrop->index[slot] = (uint32_t)i + 1;
	}
	return true;
}

size_t maildrop_numbered(const struct maildrop *maildrop, uint32_t number)
{
	const struct message *messages = maildrop->messages;
	size_t low = 0;
	size_t high = maildrop->count;

	/* Usually the listing has no gaps. */
	if (number > 0 && number <= high &&
		messages[number - 1].number == number)
		return number - 1;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (messages[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < maildrop->count && messages[low].number == number)
		return low;
	return MAILDROP_NOT_FOUND;
}

void maildrop_set_size(
	struct maildrop *maildrop, uint32_t number, uint64_t size)
{
	size_t position = maildrop_numbered(maildrop, number);

	if (position != MAILDROP_NOT_FOUND)
		maildrop->messages[position].size = size;
}

size_t maildrop_find(
	const struct maildrop *maildrop, struct uid uid, size_t hint)
{
	if (hint < maildrop->count &&
		is_same(maildrop, &maildrop->messages[hint], uid))
		return hint;
	if (maildrop->index == NULL)
		return MAILDROP_NOT_FOUND;
	size_t slot = slot_of(maildrop, uid);

	return maildrop->index[slot] == 0 ? MAILDROP_NOT_FOUND
					  : maildrop->index[slot] - 1;
}
