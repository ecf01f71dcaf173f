/* SPDX-License-Identifier: ISC */
/*
 * The cost of parsing and planning, to be counted by callgrind: a fixed input
 * of 20,000 UIDL lines and 1,000 messages of 3 KiB goes through the core, in
 * pieces as from a connection. Links only libcore.a. The functions to be
 * counted are read_listing and read_messages; the input is created outside of
 * them. Prints how many lines and bytes there were.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/header.h"
#include "core/maildrop.h"
#include "core/mboxrd.h"
#include "core/pipeline.h"
#include "core/plan.h"

#define LISTED 20000
#define MESSAGES 1000
#define BODY_LINES 53
#define PIECE (128 * 1024)
#define NOW INT64_C(1800000000)

static const struct clock the_clock = {.now = NOW};

static const uint64_t key[2] = {1, 2};

static void fail(const char *what)
{
	fprintf(stderr, "parse_plan: %s\n", what);
	exit(1);
}

static void make_listing(struct buffer *wire)
{
	buffer_printf(wire, "+OK\r\n");
	for (unsigned i = 1; i <= LISTED; i++)
		buffer_printf(wire, "%u %08x6553f100\r\n", i, i);
	buffer_printf(wire, ".\r\n");
}

static void make_messages(struct buffer *wire)
{
	for (unsigned i = 1; i <= MESSAGES; i++) {
		buffer_printf(wire,
			"+OK 3072 octets\r\n"
			"Return-Path: <alice@example.org>\r\n"
			"Message-ID: <%09u@example.org>\r\n"
			"From: Alice <alice@example.org>\r\n"
			"Subject: made-up message %09u\r\n"
			"\r\n"
			"..a line that begins with a dot\r\n"
			"From here on mbox writers have to quote\r\n",
			i, i);
		for (unsigned line = 0; line < BODY_LINES; line++)
			buffer_printf(wire,
				"line %07u the quick brown fox jumps over the "
				"lazy\r\n",
				line);
		buffer_printf(wire, ".\r\n");
	}
}

/*
 * Feeds the pipeline with the next piece, and with more of it after each event.
 */
static void next_event(struct pipeline *pipeline, struct buffer *wire,
	struct pipeline_event *event)
{
	size_t n = buffer_length(wire);

	n = pipeline_feed(
		pipeline, buffer_bytes(wire), n < PIECE ? n : PIECE, event);
	buffer_consume(wire, n);
	if (event->answer.type == POP3_BROKEN)
		fail("the wire is broken");
	if (event->answer.type == POP3_MORE && buffer_length(wire) == 0)
		fail("the wire ended early");
}

static void add_listed(
	struct maildrop *maildrop, const struct pop3_event *answer)
{
	struct error err = {.kind = ERROR_NONE};
	uint32_t number;
	const char *uid;
	size_t length;

	if (!pop3_parse_listed(
		    answer->text, answer->length, &number, &uid, &length) ||
		!maildrop_add(maildrop, number, uid, length, &err))
		fail("a line of the listing");
}

/* As the store would: all messages are known, except every tenth. */
static void recall(const struct maildrop *maildrop, struct memory *memories)
{
	for (size_t i = 0; i < maildrop->count; i++) {
		const struct message *message = &maildrop->messages[i];
		size_t at = maildrop_find(
			maildrop, maildrop_uid(maildrop, message), i);

		if (i % 10 != 0)
			memories[at] = (struct memory){.state = MEMORY_KEPT,
				.row = (int64_t)i + 1,
				.kept_at = NOW - 1000,
				.size = 3072};
	}
}

/* Public, and never inlined, so that callgrind knows them by name. */
size_t read_listing(struct buffer *wire, struct memory *memories);
size_t read_messages(struct buffer *wire, struct buffer *out);

__attribute__((noinline)) size_t read_listing(
	struct buffer *wire, struct memory *memories)
{
	static struct pipeline pipeline;
	struct policy policy = {.erase = ERASE_AFTER, .after = 86400};
	struct pipeline_event event = {.last = false};
	struct maildrop maildrop;
	struct error err = {.kind = ERROR_NONE};

	pipeline_init(&pipeline, PIPELINE_WINDOW);
	maildrop_init(&maildrop, key);
	pipeline_push(&pipeline, POP3_LISTING, 0, "UIDL");
	while (!event.last) {
		next_event(&pipeline, wire, &event);
		if (event.answer.type == POP3_LINE)
			add_listed(&maildrop, &event.answer);
	}
	if (!maildrop_index(&maildrop, &err))
		fail("the index");
	recall(&maildrop, memories);
	struct finding *findings = calloc(maildrop.count, sizeof findings[0]);
	struct facts facts = {.policy = &policy,
		.maildrop = &maildrop,
		.memories = memories,
		.findings = findings,
		.clock = the_clock};

	if (findings == NULL)
		fail("memory");
	struct plan plan = plan_make(&facts);
	size_t count = plan.fetches == LISTED / 10 ? plan.count : 0;

	plan_release(&plan);
	free(findings);
	maildrop_release(&maildrop);
	pipeline_release(&pipeline);
	return count;
}

/* Reads one message after another; returns the number of bytes. */
__attribute__((noinline)) size_t read_messages(
	struct buffer *wire, struct buffer *out)
{
	static struct pipeline pipeline;
	size_t octets = 0;

	pipeline_init(&pipeline, PIPELINE_WINDOW);
	for (unsigned i = 0; i < MESSAGES; i++) {
		struct pipeline_event event = {.last = false};
		struct header header;
		struct mboxrd mboxrd = {.in_line = false};

		header_init(&header);
		pipeline_push(&pipeline, POP3_MESSAGE, i, "RETR");
		while (!event.last) {
			next_event(&pipeline, wire, &event);
			if (event.answer.type != POP3_TEXT)
				continue;
			header_feed(&header, event.answer.text,
				event.answer.length);
			mboxrd_quote(&mboxrd, event.answer.text,
				event.answer.length, out);
		}
		mboxrd_quote_end(&mboxrd, out);
		buffer_consume(out, buffer_length(out));
		octets += event.answer.octets;
		if (header.message_id[0] != '<')
			fail("a header");
	}
	pipeline_release(&pipeline);
	return octets;
}

int main(void)
{
	struct memory *memories = calloc(LISTED, sizeof memories[0]);
	struct buffer wire;
	struct buffer out;

	if (memories == NULL)
		fail("memory");
	buffer_init(&wire, 64 << 20);
	buffer_init(&out, 1 << 20);
	make_listing(&wire);
	printf("listed %zu\n", read_listing(&wire, memories));
	make_messages(&wire);
	printf("octets %zu\n", read_messages(&wire, &out));
	buffer_release(&wire);
	buffer_release(&out);
	free(memories);
	return 0;
}
