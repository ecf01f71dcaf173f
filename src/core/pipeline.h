/* SPDX-License-Identifier: ISC */
/* Commands on their way and the answers they wait for, in order. */
#ifndef CORE_PIPELINE_H
#define CORE_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/pop3.h"

/*
 * Commands in flight when PIPELINING is announced. 512 of at most 17 octets
 * fit into the smallest socket buffer, so that the server can never be stuck
 * on answers that we do not read because we are stuck on commands that it does
 * not read (RFC 2449 section 6.6); and we never block in writing at all.
 */
#define PIPELINE_WINDOW 512
/* Longest command; RFC 2449 section 4 has 255, a SASL line may be longer. */
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
	size_t count;  /* in flight or about to be */
	size_t window; /* of which at most this many */
};

/* An event, and the tag of the command it answers. */
struct pipeline_event {
	struct pop3_event answer;
	uint32_t tag;
	bool last; /* the command's answer is complete */
};

/* window: 1 to PIPELINE_WINDOW commands in flight. */
void pipeline_init(struct pipeline *pipeline, size_t window);
void pipeline_release(struct pipeline *pipeline);

/* Wipes what was sent, as after a login; nothing waits to be sent. */
void pipeline_wipe_sent(struct pipeline *pipeline);

/* How many more commands may be pushed now. */
size_t pipeline_room(const struct pipeline *pipeline);

/*
 * Appends a command: its text without CRLF, what its answer is, and a tag of
 * the caller's that comes back with the answer. There must be room for it.
 * False when the text holds CR, LF or NUL, or is longer than a command may be.
 */
bool pipeline_push(struct pipeline *pipeline, enum pop3_answer answer,
	uint32_t tag, const char *text);

/*
 * Reads on in bytes up to one event, as pop3_feed does, for the oldest command
 * in flight. Octets that no command asked for are POP3_BROKEN. Returns how many
 * octets were taken.
 */
size_t pipeline_feed(struct pipeline *pipeline, char *bytes, size_t length,
	struct pipeline_event *event);

#endif
