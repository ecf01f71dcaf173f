/* SPDX-License-Identifier: ISC */
/*
 * Any answers of a server to a window of commands: events come in the order of
 * the commands, each command is answered once, memory stays bounded, and lines
 * that are not POP3, or that were not asked for, are reported.
 */
#include <string.h>

#include "core/pipeline.h"
#include "fuzz.h"

static const struct {
	const char *text;
	enum pop3_answer answer;
} commands[] = {
	{"UIDL", POP3_LISTING},
	{"RETR 1", POP3_MESSAGE},
	{"DELE 1", POP3_SINGLE},
	{"CAPA", POP3_LISTING},
	{"RETR 2", POP3_MESSAGE},
	{"QUIT", POP3_SINGLE},
	{"AUTH PLAIN", POP3_LOGIN},
};
#define COMMANDS (sizeof commands / sizeof commands[0])

/* Checks that the event is possible for this command. */
static void check_event(const struct pipeline_event *event)
{
	static char room[FUZZ_MAX];
	enum pop3_answer answer = commands[event->tag % COMMANDS].answer;
	const struct pop3_event *got = &event->answer;
	bool single = answer == POP3_SINGLE || answer == POP3_LOGIN;

	switch (got->type) {
	case POP3_MORE:
		PROMISE(!event->last);
		break;
	case POP3_STATUS:
		PROMISE(event->last == (got->status != POP3_OK || single));
		PROMISE(got->status != POP3_CONTINUE || answer == POP3_LOGIN);
		PROMISE(got->length <= POP3_STATUS_MAX);
		break;
	case POP3_LINE:
		PROMISE(answer == POP3_LISTING && !event->last);
		PROMISE(got->length <= POP3_LISTED_MAX);
		break;
	case POP3_TEXT:
		PROMISE(answer == POP3_MESSAGE && !event->last);
		PROMISE(got->length > 0);
		break;
	case POP3_END:
		PROMISE(!single && event->last);
		break;
	case POP3_BROKEN:
		PROMISE(got->length > 0 && got->length < 80);
		/* The server's text can be read, which a sanitizer checks. */
		PROMISE(got->said_length > 0 || got->said != NULL);
		memcpy(room, got->said, got->said_length);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pipeline pipeline;
	struct pop3_capabilities capabilities = {.known = true};
	struct pipeline_event event = {.last = false};
	uint32_t cuts;
	uint32_t answered = 0;
	uint32_t pushed = 0;

	if (size < sizeof cuts + 1 || size > FUZZ_MAX)
		return 0;
	memcpy(&cuts, data, sizeof cuts);
	size_t window = 1 + data[sizeof cuts] % 16;

	size -= sizeof cuts + 1;
	char *copy = malloc(size > 0 ? size : 1);

	PROMISE(copy != NULL);
	memcpy(copy, data + sizeof cuts + 1, size);
	pipeline_init(&pipeline, window);
	for (size_t at = 0, end = 0; at < size;) {
		/* Refilled when it is empty, and sometimes earlier. */
		while (pipeline.count == 0 || (at % 3 == 0 && pushed < 64)) {
			const char *text = commands[pushed % COMMANDS].text;
			enum pop3_answer answer =
				commands[pushed % COMMANDS].answer;

			if (!pipeline_push(&pipeline, answer, pushed, text))
				break;
			pushed++;
		}
		PROMISE(pipeline_room(&pipeline) == window - pipeline.count);
		if (at == end)
			end += fuzz_block(&cuts, size - at);
		size_t n =
			pipeline_feed(&pipeline, copy + at, end - at, &event);

		at += n;
		check_event(&event);
		if (event.answer.type == POP3_BROKEN)
			break;
		PROMISE(event.tag == answered);
		PROMISE(n > 0 || event.answer.type == POP3_TEXT);
		answered += event.last;
		PROMISE(answered + pipeline.count == pushed);
		if (event.answer.type == POP3_LINE)
			pop3_capability(&capabilities, event.answer.text,
				event.answer.length);
		/* Sending makes room. */
		buffer_consume(&pipeline.out, buffer_length(&pipeline.out));
		/* Nothing asked for the rest of this block. */
		if (pipeline.count == 0 && at < end && pushed % 5 == 0) {
			PROMISE(pipeline_feed(&pipeline, copy + at, end - at,
					&event) == 0);
			PROMISE(event.answer.type == POP3_BROKEN);
			break;
		}
	}
	PROMISE(pipeline.parser.line.size <= 2 * POP3_STATUS_MAX);
	PROMISE(strnlen(capabilities.mechanisms,
			sizeof capabilities.mechanisms) <
		sizeof capabilities.mechanisms);
	pipeline_release(&pipeline);
	free(copy);
	return 0;
}
