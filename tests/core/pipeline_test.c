/* SPDX-License-Identifier: ISC */
#include "core/pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/xalloc.h"
#include "tap.h"

/* Feeds a string and writes down "tag:event " for each event. */
static void play(struct pipeline *pipeline, const char *wire, char *out)
{
	static const char *const names[] = {
		"more", "status", "line", "text", "end", "broken"};
	char *copy = xstrdup(wire);
	size_t length = strlen(wire);
	size_t at = 0;

	out[0] = '\0';
	while (at < length) {
		struct pipeline_event event;
		char word[64];

		at += pipeline_feed(pipeline, copy + at, length - at, &event);
		snprintf(word, sizeof word, "%u:%s%s ", event.tag,
			names[event.answer.type], event.last ? "!" : "");
		strcat(out, word);
		if (event.answer.type == POP3_BROKEN)
			break;
	}
	free(copy);
}

static bool waits(const struct pipeline *pipeline, const char *text)
{
	return buffer_length(&pipeline->out) == strlen(text) &&
		memcmp(buffer_bytes(&pipeline->out), text, strlen(text)) == 0;
}

int main(void)
{
	struct pipeline *pipeline = xcalloc(1, sizeof *pipeline);
	char out[1000];
	char large[PIPELINE_COMMAND_MAX + 2];

	pipeline_init(pipeline, 1);
	ok(pipeline_room(pipeline) == 1, "a window of one has room for one");
	ok(pipeline_push(pipeline, POP3_SINGLE, 5, "NOOP") &&
			waits(pipeline, "NOOP\r\n"),
		"a command is queued to be sent");
	ok(pipeline_room(pipeline) == 0 &&
			!pipeline_push(pipeline, POP3_SINGLE, 6, "NOOP"),
		"the window is then full");
	play(pipeline, "+OK\r\n", out);
	same(out, "5:status! ", "its answer has its tag, and frees the window");
	ok(pipeline_room(pipeline) == 1, "there is room again");
	play(pipeline, "+OK\r\n", out);
	same(out, "0:broken ", "an answer that was not asked for is broken");
	ok(pipeline_feed(pipeline, out, 0,
		   &(struct pipeline_event){.last = false}) == 0,
		"no bytes cause no event");
	pipeline_release(pipeline);

	pipeline_init(pipeline, PIPELINE_WINDOW);
	pipeline_push(pipeline, POP3_MESSAGE, 1, "RETR 1");
	pipeline_push(pipeline, POP3_MESSAGE, 2, "RETR 2");
	pipeline_push(pipeline, POP3_LISTING, 3, "UIDL");
	pipeline_push(pipeline, POP3_SINGLE, 4, "QUIT");
	ok(waits(pipeline, "RETR 1\r\nRETR 2\r\nUIDL\r\nQUIT\r\n"),
		"several commands are queued in order");
	play(pipeline,
		"+OK\r\nhello\r\n.\r\n-ERR gone\r\n+OK\r\n1 a\r\n.\r\n+OK\r\n",
		out);
	same(out,
		"1:status 1:text 1:end! 2:status! 3:status 3:line 3:end! "
		"4:status! ",
		"each answer is assigned to its command");
	pipeline_push(pipeline, POP3_SINGLE, 9, "NOOP");
	play(pipeline, "hello\r\n", out);
	same(out, "9:broken! ", "a line that is not an answer is broken");
	ok(!pipeline_push(pipeline, POP3_SINGLE, 1, "USER a\r\nDELE 1"),
		"a command cannot contain a second one");
	ok(!pipeline_push(pipeline, POP3_SINGLE, 1, "USER a\nDELE 1"),
		"a command cannot contain a single LF, either");
	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	ok(!pipeline_push(pipeline, POP3_SINGLE, 1, large),
		"the length of a command is limited");
	pipeline_release(pipeline);

	pipeline_init(pipeline, PIPELINE_WINDOW);
	size_t wrong = 0;

	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < PIPELINE_WINDOW; i++)
			wrong += !pipeline_push(
				pipeline, POP3_SINGLE, i, "DELE 1");
		wrong += pipeline_push(pipeline, POP3_SINGLE, 0, "DELE 1");
		for (uint32_t i = 0; i < PIPELINE_WINDOW - 100; i++) {
			char answer[] = "+OK\r\n";
			struct pipeline_event event;

			pipeline_feed(pipeline, answer, 5, &event);
			wrong += event.tag != i || !event.last;
		}
		for (uint32_t i = PIPELINE_WINDOW - 100; i < PIPELINE_WINDOW;
			i++) {
			char answer[] = "-ERR\r\n";
			struct pipeline_event event;

			pipeline_feed(pipeline, answer, 6, &event);
			wrong += event.tag != i || !event.last;
		}
		buffer_consume(&pipeline->out, buffer_length(&pipeline->out));
	}
	ok(wrong == 0, "a full window keeps its order when it wraps around");
	pipeline_release(pipeline);
	pipeline_init(pipeline, PIPELINE_WINDOW);
	large[PIPELINE_COMMAND_MAX - 1] = '\0';
	unsigned pushed = 0;

	while (pipeline_push(pipeline, POP3_SINGLE, 0, large))
		pushed++;
	ok(pushed > 10 && pushed < PIPELINE_WINDOW,
		"the data queued to be sent is limited, too");
	pipeline_release(pipeline);
	free(pipeline);
	return done();
}
