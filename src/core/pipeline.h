/* SPDX-License-Identifier: ISC */
/* Commands that were sent, or will be, matched with their answers in order. */
#ifndef CORE_PIPELINE_H
#define CORE_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/pop3.h"

/*
 * How many commands may be in flight if PIPELINING is announced. 512 commands
 * of at most 17 bytes fit into the smallest socket buffer, so no deadlock is
 * possible in which both sides write and neither reads (RFC 2449 section 6.6);
 * besides, keepmail's writes never block.
 */
#define PIPELINE_WINDOW 512
/* Longest command: 255 in RFC 2449 section 4, but a SASL line may be longer. */
#define PIPELINE_COMMAND_MAX 3000

struct pipeline_command {
	enum pop3_answer answer;
	uint32_t tag;
};

struct pipeline {
	struct pop3_parser parser;
	struct buffer out; /* commands not yet sent */
	struct pipeline_command commands[PIPELINE_WINDOW];
	size_t head;
	size_t count;  /* sent or waiting in out, and not fully answered */
	size_t window; /* the most that count may be */
};

/* An event, and the tag of the command it answers. */
struct pipeline_event {
	struct pop3_event answer;
	uint32_t tag;
	bool last; /* the command's answer is complete */
};

/* window: how many commands may be in flight, 1 to PIPELINE_WINDOW. */
void pipeline_init(struct pipeline *pipeline, size_t window);
void pipeline_release(struct pipeline *pipeline);

/* Wipes what was sent (a login); no command may be waiting to be sent. */
void pipeline_wipe_sent(struct pipeline *pipeline);

/* How many more commands may be pushed now. */
size_t pipeline_room(const struct pipeline *pipeline);

/*
 * Appends a command (text without CRLF). answer: what kind of answer it gets.
 * tag: the caller's, returned with the events of the answer. False if the text
 * contains CR or LF or is too long, or if there is no room (pipeline_room).
 */
bool pipeline_push(struct pipeline *pipeline, enum pop3_answer answer,
	uint32_t tag, const char *text);

/*
 * Parses bytes up to the end of one event, as pop3_feed does, as an answer to
 * the oldest command in flight. Bytes that answer no command are POP3_BROKEN.
 * Returns how many bytes were consumed.
 */
size_t pipeline_feed(struct pipeline *pipeline, char *bytes, size_t length,
	struct pipeline_event *event);

#endif
