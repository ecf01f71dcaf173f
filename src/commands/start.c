/* SPDX-License-Identifier: ISC */
#include "commands/start.h"

#include <stdio.h>
#include <stdlib.h>

#include "commands/proof.h"
#include "core/date.h"
#include "io/log.h"

/* The headers of some messages, in order. */
struct headers {
	size_t next; /* to be asked for */
	size_t end;
	size_t unproven;
	int64_t oldest; /* what was received before is old */
	struct date_scan scan;
	size_t refused;
	size_t undated;
};

/* TOPs, and a proof behind each few of them, while there is room. */
static bool push_tops(
	struct run *run, struct headers *headers, struct error *err)
{
	char command[32];

	while (session_room(run->session) > 0) {
		bool more = headers->next < headers->end;

		if (headers->unproven == PROOF_GROUP_MAX ||
			(!more && headers->unproven > 0)) {
			headers->unproven = 0;
			if (!proof_push(run, headers->next - 1, err))
				return false;
			continue;
		}
		if (!more)
			return true;
		snprintf(command, sizeof command, "TOP %u 0",
			run->maildrop.messages[headers->next].number);
		if (!session_push(run->session, POP3_MESSAGE,
			    (uint32_t)headers->next, command, err))
			return false;
		headers->next++;
		headers->unproven++;
	}
	return true;
}

static bool take_event(struct run *run, struct headers *headers,
	const struct pipeline_event *event, struct error *err)
{
	const struct pop3_event *answer = &event->answer;
	int64_t received;

	if (proof_has_tag(event->tag))
		return proof_take(run, event, err);
	if (answer->type == POP3_STATUS && answer->status == POP3_OK) {
		date_scan_init(&headers->scan);
		return proof_not_stray(run, event, err);
	}
	if (answer->type == POP3_STATUS)
		headers->refused++;
	else if (answer->type == POP3_TEXT)
		date_scan_feed(&headers->scan, answer->text, answer->length);
	else if (answer->type != POP3_END)
		return true;
	else if (!date_scan_end(&headers->scan, &received))
		headers->undated++;
	else
		run->memories[event->tag].old = received < headers->oldest;
	return true;
}

/*
 * Asks for the headers of messages from first to before end; each answer is
 * proven when this returns true.
 */
static bool ask(struct run *run, struct headers *headers, size_t first,
	size_t end, struct error *err)
{
	struct pipeline_event event;
	size_t window = session_room(run->session);

	headers->next = first;
	headers->end = end;
	for (;;) {
		if (!push_tops(run, headers, err))
			return false;
		if (session_room(run->session) == window)
			break;
		if (!session_next(run->session, &event, err) ||
			!take_event(run, headers, &event, err))
			return false;
	}
	/* The sizes of LIST are to be proven anew. */
	run->in_step = false;
	return session_in_step(run->session, err);
}

/* POP3 tells no dates but in a message's header. */
static bool mark_old(struct run *run, struct error *err)
{
	size_t last = run->maildrop.count - 1;
	struct headers headers = {
		.oldest = run_now() - run->account->policy.start_age};

	/* A server without TOP is asked once, not a thousand times. */
	if (!ask(run, &headers, last, last + 1, err))
		return false;
	if (headers.refused > 0) {
		log_line(LOG_WARNINGS,
			"the server has no TOP, so that it cannot be told how "
			"old a message is: all are taken, whatever start says");
		return true;
	}
	if (!ask(run, &headers, 0, last, err))
		return false;
	if (headers.refused + headers.undated > 0)
		log_line(LOG_SUMMARY,
			"the age of %zu messages cannot be told: they are "
			"taken",
			headers.refused + headers.undated);
	return true;
}

bool start_mark(struct run *run, struct error *err)
{
	enum start_rule start = run->account->policy.start;

	if (start == START_ALL)
		return true;
	if (!store_is_fresh(run->store, &run->first, err))
		return false;
	if (!run->first || run->maildrop.count == 0)
		return true;
	if (start == START_YOUNG)
		return mark_old(run, err);
	for (size_t i = 0; i < run->maildrop.count; i++)
		run->memories[i].old = true;
	return true;
}

bool start_record(struct run *run, struct error *err)
{
	int64_t now = run_now();
	size_t recorded = 0;

	if (!run->first)
		return true;
	if (!store_begin(run->store, err))
		return false;
	for (size_t i = 0; i < run->plan.count; i++) {
		const struct message *message = &run->maildrop.messages[i];
		struct memory *memory = &run->memories[i];
		struct store_seen seen = {
			.uid = maildrop_uid(&run->maildrop, message),
			.uid_length = message->uid_length,
			.ordinal = message->ordinal,
			.since = now,
			.origin = "start",
		};

		if (run->plan.steps[i].reason != REASON_OLD)
			continue;
		if (!store_record_seen(
			    run->store, &seen, now, &memory->row, err))
			return false;
		memory->state = MEMORY_SEEN;
		memory->kept_at = now;
		recorded++;
	}
	if (recorded > 0)
		log_line(LOG_SUMMARY,
			"%zu messages count as seen, as start says", recorded);
	return store_commit(run->store, err);
}
