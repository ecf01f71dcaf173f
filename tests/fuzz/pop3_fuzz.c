/* SPDX-License-Identifier: ISC */
/*
 * A message's octets, cut in arbitrary blocks, against a simple reference: the
 * same text, the same end, whatever the cuts.
 */
#include <stdbool.h>
#include <string.h>

#include "core/pop3.h"
#include "fuzz.h"

struct result {
	char *text;
	size_t length;
	size_t taken;
	bool ended;
};

/* RFC 1939 section 3, told line by line: lines end at CRLF and nowhere else. */
static void reference(
	const char *wire, size_t size, struct result *result, char *room)
{
	size_t at = 0;

	*result = (struct result){.text = room};
	while (at < size) {
		const char *end = memmem(wire + at, size - at, "\r\n", 2);
		size_t next = end == NULL ? size : (size_t)(end - wire) + 2;
		size_t stop = end == NULL ? size : next - 2;

		if (end != NULL && stop - at == 1 && wire[at] == '.') {
			result->ended = true;
			result->taken = next;
			return;
		}
		if (at < stop && wire[at] == '.')
			at++;
		/* What may yet become CRLF or CRLF.CRLF is not text yet. */
		if (end == NULL && stop > at && wire[stop - 1] == '\r')
			stop--;
		memcpy(result->text + result->length, wire + at, stop - at);
		result->length += stop - at;
		if (end != NULL)
			result->text[result->length++] = '\n';
		at = next;
	}
	result->taken = size;
}

static void parse(const char *wire, size_t size, uint32_t cuts,
	struct result *result, char *room, char *copy)
{
	struct pop3_parser parser;
	char status[] = "+OK\r\n";
	struct pop3_event event;
	size_t at = 0;

	*result = (struct result){.text = room};
	memcpy(copy, wire, size);
	pop3_init(&parser);
	pop3_expect(&parser, POP3_MESSAGE);
	pop3_feed(&parser, status, 5, &event);
	while (at < size && !result->ended) {
		cuts = cuts * 1664525 + 1013904223;
		size_t block = 1 + (cuts >> 24) % (cuts & 1 ? 7 : 300);
		size_t end = size - at < block ? size : at + block;

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
		}
	}
	result->taken = at;
	pop3_release(&parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t cuts = 0;
	struct result wanted;
	struct result got;

	if (size < sizeof cuts)
		return 0;
	memcpy(&cuts, data, sizeof cuts);
	size -= sizeof cuts;
	char *rooms = malloc(3 * (size + 16));
	const char *wire = (const char *)data + sizeof cuts;

	reference(wire, size, &wanted, rooms);
	parse(wire, size, cuts, &got, rooms + size + 16,
		rooms + 2 * (size + 16));
	PROMISE(got.ended == wanted.ended);
	PROMISE(got.taken == wanted.taken);
	PROMISE(got.length == wanted.length);
	PROMISE(memcmp(got.text, wanted.text, got.length) == 0);
	free(rooms);
	return 0;
}
