/* SPDX-License-Identifier: ISC */
#include "core/pipeline.h"

#include <string.h>

void pipeline_init(struct pipeline *pipeline, size_t window)
{
	memset(pipeline, 0, sizeof *pipeline);
	pop3_init(&pipeline->parser);
	buffer_init(&pipeline->out, 64 * 1024);
	pipeline->window = window;
}

void pipeline_release(struct pipeline *pipeline)
{
	pop3_release(&pipeline->parser);
	buffer_wipe(&pipeline->out);
}

void pipeline_wipe_sent(struct pipeline *pipeline)
{
	size_t max = pipeline->out.max;

	buffer_wipe(&pipeline->out);
	buffer_init(&pipeline->out, max);
}

size_t pipeline_room(const struct pipeline *pipeline)
{
	if (pipeline->count >= pipeline->window)
		return 0;
	return pipeline->window - pipeline->count;
}

bool pipeline_push(struct pipeline *pipeline, enum pop3_answer answer,
	uint32_t tag, const char *text)
{
	size_t length = strlen(text);

	if (length > PIPELINE_COMMAND_MAX || strpbrk(text, "\r\n") != NULL ||
		pipeline_room(pipeline) == 0)
		return false;
	if (!buffer_append(&pipeline->out, text, length) ||
		!buffer_append(&pipeline->out, "\r\n", 2))
		return false;
	size_t at = (pipeline->head + pipeline->count) % PIPELINE_WINDOW;

	pipeline->commands[at] = (struct pipeline_command){answer, tag};
	pipeline->count++;
	return true;
}

size_t pipeline_feed(struct pipeline *pipeline, char *bytes, size_t length,
	struct pipeline_event *event)
{
	struct pop3_parser *parser = &pipeline->parser;

	*event = (struct pipeline_event){.answer = {.type = POP3_MORE}};
	if (length == 0)
		return 0;
	if (pipeline->count == 0) {
		event->answer.type = POP3_BROKEN;
		event->answer.text = "the server sent data without being asked";
		event->answer.length = strlen(event->answer.text);
		event->answer.said = bytes;
		event->answer.said_length = length;
		return 0;
	}
	struct pipeline_command *front = &pipeline->commands[pipeline->head];

	if (parser->idle)
		pop3_expect(parser, front->answer);
	event->tag = front->tag;
	size_t taken = pop3_feed(parser, bytes, length, &event->answer);

	if (parser->idle) {
		event->last = true;
		pipeline->head = (pipeline->head + 1) % PIPELINE_WINDOW;
		pipeline->count--;
	}
	return taken;
}
