/* SPDX-License-Identifier: ISC */
/*
 * A message's bytes, cut into arbitrary blocks, compared with a simple
 * reference: the same text, size and end, however it is cut.
 */
#include <stdbool.h>
#include <string.h>

#include "core/pop3.h"
#include "fuzz.h"
#include "reference.h"

static void parse(const char *wire, size_t size, uint32_t cuts,
	struct reference *result, char *room)
{
	struct pop3_parser parser;
	char status[] = "+OK\r\n";
	struct pop3_event event;
	size_t at = 0;
	/* The parser modifies it; of the exact size, for the sanitizer. */
	char *copy = malloc(size > 0 ? size : 1);

	PROMISE(copy != NULL);
	*result = (struct reference){.text = room};
	memcpy(copy, wire, size);
	pop3_init(&parser);
	pop3_expect(&parser, POP3_MESSAGE);
	pop3_feed(&parser, status, 5, &event);
	while (at < size && !result->ended) {
		size_t end = at + fuzz_block(&cuts, size - at);

		while (at < end && !result->ended) {
			size_t n =
				pop3_feed(&parser, copy + at, end - at, &event);

			at += n;
			PROMISE(event.type == POP3_TEXT ||
				event.type == POP3_END ||
				event.type == POP3_MORE);
			PROMISE(n > 0 || event.type == POP3_TEXT);
			if (event.type == POP3_TEXT) {
				memcpy(room + result->length, event.text,
					event.length);
				result->length += event.length;
			}
			result->ended = event.type == POP3_END;
			result->octets = event.octets;
		}
	}
	result->taken = at;
	pop3_release(&parser);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char rooms[2][FUZZ_MAX];
	uint32_t cuts = 0;
	struct reference wanted;
	struct reference got;

	if (size < sizeof cuts || size > FUZZ_MAX)
		return 0;
	memcpy(&cuts, data, sizeof cuts);
	size -= sizeof cuts;
	const char *wire = (const char *)data + sizeof cuts;

	reference_message(wire, size, &wanted, rooms[0]);
	parse(wire, size, cuts, &got, rooms[1]);
	PROMISE(got.ended == wanted.ended);
	PROMISE(got.taken == wanted.taken);
	PROMISE(got.length == wanted.length);
	if (got.ended)
		PROMISE(got.octets == wanted.octets);
	PROMISE(memcmp(got.text, wanted.text, got.length) == 0);
	return 0;
}
