/* SPDX-License-Identifier: ISC */
/*
 * Responses of an IMAP server: what is found lies within the response, and what
 * came later, or has not come yet, changes nothing. The address of a mailbox
 * and its name. Text goes to the wire and back, cut anywhere.
 */
#include <stdbool.h>
#include <string.h>

#include "core/imap.h"
#include "fuzz.h"

static bool lies_within(
	const struct imap_text *text, const char *bytes, size_t octets)
{
	return text->bytes == NULL ||
		(text->bytes >= bytes && text->length <= octets &&
			(size_t)(text->bytes - bytes) <= octets - text->length);
}

/* Of the exact size, for the sanitizer. */
static char *copy_of(const char *bytes, size_t size)
{
	char *copy = malloc(size > 0 ? size : 1);

	PROMISE(copy != NULL);
	memcpy(copy, bytes, size);
	return copy;
}

static void check_words(const struct imap_response *response)
{
	struct imap_place place;
	uint32_t number;
	size_t at = 0;

	imap_refusal(response);
	for (size_t i = 0; i < 3; i++) {
		if (imap_parse_appenduid(&response->code, i, &place))
			PROMISE(place.uid > 0);
	}
	if (imap_find_number(&response->text, "UIDNEXT", &number))
		PROMISE(number > 0);
	while (imap_next_number(&response->text, &at, &number))
		PROMISE(at <= response->text.length);
}

static void check_responses(const char *bytes, size_t size)
{
	size_t at = 0;

	while (at < size) {
		struct imap_response response;
		struct imap_response again;
		char *copy = copy_of(bytes + at, size - at);

		if (imap_parse_response(copy, size - at, &response) !=
			IMAP_COMPLETE) {
			free(copy);
			return;
		}
		size_t octets = response.octets;

		PROMISE(octets > 0 && octets <= size - at);
		PROMISE(lies_within(&response.text, copy, octets));
		PROMISE(lies_within(&response.code, copy, octets));
		PROMISE(lies_within(&response.literal, copy, octets));
		check_words(&response);
		PROMISE(imap_parse_response(copy, octets, &again) ==
				IMAP_COMPLETE &&
			again.octets == octets &&
			again.status == response.status &&
			again.tag == response.tag);
		PROMISE(imap_parse_response(copy, octets - 1, &again) !=
			IMAP_COMPLETE);
		free(copy);
		at += octets;
	}
}

static void check_address(const char *bytes, size_t size)
{
	struct imap_address address;
	char quoted[IMAP_MAILBOX_MAX];
	char *text = malloc(size + 1);

	PROMISE(text != NULL);
	memcpy(text, bytes, size);
	text[size] = '\0';
	if (imap_parse_address(text, &address)) {
		PROMISE(address.port > 0 && address.host[0] != '\0' &&
			address.user[0] != '\0' && address.folder[0] != '\0');
		PROMISE(imap_quote_mailbox(address.folder, quoted));
	}
	if (imap_quote_mailbox(text, quoted)) {
		size_t length = strlen(quoted);

		PROMISE(length >= 2 && quoted[0] == '"' &&
			quoted[length - 1] == '"');
		for (size_t i = 0; i < length; i++)
			PROMISE(quoted[i] >= ' ' && quoted[i] <= '~');
	}
	free(text);
}

struct text {
	char bytes[FUZZ_MAX];
	size_t length;
};

static void take(void *data, const char *bytes, size_t length)
{
	struct text *text = data;

	PROMISE(length <= sizeof text->bytes - text->length);
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
}

static void check_text(const char *bytes, size_t size, uint32_t cuts)
{
	static struct text back;
	struct buffer wire;
	struct imap_reader reader = {.emit = take, .data = &back};

	back.length = 0;
	buffer_init(&wire, 2 * size + 2);
	PROMISE(imap_append_text(&wire, bytes, size));
	PROMISE(buffer_length(&wire) == imap_text_length(bytes, size));
	/* So that a CR at the end is not held back. */
	PROMISE(buffer_append(&wire, "x", 1));
	for (size_t at = 0, n; at < buffer_length(&wire); at += n) {
		n = fuzz_block(&cuts, buffer_length(&wire) - at);
		imap_read_text(&reader, buffer_bytes(&wire) + at, n);
	}
	PROMISE(back.length == size + 1 &&
		memcmp(back.bytes, bytes, size) == 0);
	buffer_release(&wire);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t cuts = 0;

	if (size < sizeof cuts || size >= FUZZ_MAX)
		return 0;
	memcpy(&cuts, data, sizeof cuts);
	size -= sizeof cuts;
	const char *bytes = (const char *)data + sizeof cuts;

	check_responses(bytes, size);
	check_address(bytes, size);
	check_text(bytes, size, cuts);
	return 0;
}
