/* SPDX-License-Identifier: ISC */
/*
 * Whatever a server says to a window of commands: events come in the order of
 * the commands, memory stays bounded, and what is no POP3 is told.
 */
#include <string.h>

#include "core/maildrop.h"
#include "core/pipeline.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pipeline pipeline;
	static const char *const commands[] = {
		"UIDL", "LIST", "RETR 1", "DELE 1", "QUIT", "CAPA"};
	static const enum pop3_answer answers[] = {POP3_LISTING, POP3_LISTING,
		POP3_MESSAGE, POP3_SINGLE, POP3_SINGLE, POP3_LISTING};
	struct pop3_capabilities capabilities = {.known = true};
	static const uint64_t key[2] = {1, 2};
	struct maildrop maildrop;
	struct error err = {.kind = ERROR_NONE};
	uint32_t last = 0;
	char *copy = malloc(size + 1);

	memcpy(copy, data, size);
	maildrop_init(&maildrop, key);
	pipeline_init(&pipeline, 64);
	for (uint32_t i = 0; i < 64; i++)
		pipeline_push(&pipeline, answers[i % 6], i, commands[i % 6]);
	for (size_t at = 0; at < size;) {
		size_t n = size - at < 61 ? size - at : 61;
		struct pipeline_event event;
		uint32_t number;
		const char *rest;
		size_t length;

		n = pipeline_feed(&pipeline, copy + at, n, &event);
		at += n;
		if (event.answer.type == POP3_BROKEN)
			break;
		PROMISE(event.tag >= last);
		PROMISE(n > 0 || event.answer.type == POP3_TEXT);
		last = event.tag;
		if (event.answer.type != POP3_LINE)
			continue;
		pop3_capability(
			&capabilities, event.answer.text, event.answer.length);
		if (pop3_parse_listed(event.answer.text, event.answer.length,
			    &number, &rest, &length)) {
			PROMISE(number > 0 && length <= event.answer.length);
			maildrop_add(&maildrop, number, rest, length, &err);
		}
	}
	PROMISE(pipeline.parser.line.size <= 2 * POP3_STATUS_MAX);
	err.kind = ERROR_NONE;
	if (maildrop_index(&maildrop, &err)) {
		for (size_t i = 0; i < maildrop.count; i++) {
			const struct message *m = &maildrop.messages[i];

			PROMISE(maildrop_find(&maildrop,
					maildrop_uid(&maildrop, m),
					m->uid_length, m->ordinal, 0) == i);
		}
	}
	maildrop_release(&maildrop);
	pipeline_release(&pipeline);
	free(copy);
	return 0;
}
