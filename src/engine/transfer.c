/* SPDX-License-Identifier: ISC */
#include "engine/transfer.h"

#include <stdio.h>

#include "core/text.h"
#include "core/xalloc.h"
#include "engine/ladder.h"
#include "engine/listing.h"
#include "engine/proof.h"
#include "io/process/log.h"

/* A message that is longer, and four times as long as LIST says, is endless. */
#define MESSAGE_MAX (UINT64_C(1) << 30)

/* The tag of LIST when it rides in front of the RETRs. */
#define TAG_LIST UINT32_MAX

static bool begin_message(struct run *run, size_t position, struct error *err)
{
	run->received = 0;
	run->arriving = position;
	run->receiving = delivery_begin(run->delivery, err);
	return run->receiving;
}

/* LIST's sizes may be off by much; by this much they are not. */
static bool is_endless(const struct run *run, size_t position)
{
	uint64_t listed = run->maildrop.messages[position].size;

	return run->received > MESSAGE_MAX &&
		(listed == MAILDROP_SIZE_UNKNOWN ||
			run->received / 4 > listed ||
			run->received / 64 > MESSAGE_MAX);
}

static bool take_text(struct run *run, size_t position,
	const struct pop3_event *answer, struct error *err)
{
	uint64_t max = run->account->policy.max_size;

	run->received += answer->length;
	if (is_endless(run, position))
		return error_set(err, ERROR_PROTOCOL,
			"message %u of %s:%u does not end: the server sent more than %llu bytes of it. The session was ended and nothing was erased",
			run->maildrop.messages[position].number,
			run->account->server, run->account->port,
			(unsigned long long)run->received);
	run_show_progress(run, 0, answer->length);
	/* LIST said less than it is: passed over, and reported at its end. */
	if (run->receiving && max > 0 && run->received > max) {
		delivery_drop(run->delivery);
		run->receiving = false;
	}
	return !run->receiving ||
		delivery_write(
			run->delivery, answer->text, answer->length, err);
}

/* LIST said that it was small enough, and it was not: this is remembered. */
static void note_too_large(struct run *run, size_t position, uint64_t octets)
{
	const struct message *message = &run->maildrop.messages[position];
	char uid[4 * TEXT_SHOWN_MAX + 8];

	run_show_uid(run, message, uid, sizeof uid);
	log_line(LOG_SUMMARY,
		"message %u (uid %s) is larger than max-size, and than the "
		"server had said: it is left there",
		message->number, uid);
	run->tally->too_large++;
	run->oversizes = xreallocarray(run->oversizes, run->oversize_count + 1,
		sizeof run->oversizes[0]);
	run->oversizes[run->oversize_count++] =
		(struct oversize){.position = position, .size = octets};
}

static bool end_message(
	struct run *run, size_t position, uint64_t octets, struct error *err)
{
	struct batch *batch = run->open;
	struct letter *letter = &batch->letters[batch->count];

	run->arriving = MAILDROP_NOT_FOUND;
	run_show_progress(run, 1, 0);
	if (!run->receiving) {
		note_too_large(run, position, octets);
		return true;
	}
	run->receiving = false;
	if (!delivery_end(run->delivery, run_now(), letter, err))
		return false;
	if (batch->count == 0)
		batch->began = run_now();
	batch->octets_sent[batch->count] = octets;
	batch->positions[batch->count++] = position;
	batch->octets += letter->octets;
	if (proof_is_asked(run) ||
		batch->count - run->proven < proof_group(run))
		return true;
	proof_without(run);
	return ladder_advance(run, err);
}

static bool take_event(
	struct run *run, const struct pipeline_event *event, struct error *err)
{
	const struct pop3_event *answer = &event->answer;
	size_t position = event->tag;

	if (event->tag == TAG_LIST) {
		if (answer->type == POP3_LINE)
			listing_take_size(
				&run->maildrop, answer->text, answer->length);
		return true;
	}
	if (proof_has_tag(event->tag))
		return proof_take(run, event, err) && ladder_advance(run, err);
	switch (answer->type) {
	case POP3_STATUS:
		if (answer->status == POP3_OK)
			return proof_not_stray(run, event, err) &&
				begin_message(run, position, err);
		run_message_refused(run, "send", position, answer);
		run_show_progress(run, 1, 0);
		return true;
	case POP3_TEXT:
		return take_text(run, position, answer, err);
	case POP3_END:
		return end_message(run, position, answer->octets, err);
	case POP3_MORE:
	case POP3_LINE:
	case POP3_BROKEN:
		break;
	}
	return true;
}

static void start_progress(struct run *run)
{
	uint64_t octets = 0;

	for (size_t i = 0; i < run->plan.count; i++) {
		uint64_t size = run->maildrop.messages[i].size;

		if (run->plan.steps[i].fetch && size != MAILDROP_SIZE_UNKNOWN)
			octets += size;
	}
	progress_start(run->progress, run->plan.fetches, octets);
}

/* What is still to be asked for. */
struct asking {
	size_t next;	 /* position of the next RETR; at the end: none */
	bool retries;	 /* those that failed before: after all others */
	size_t last;	 /* position of the last one */
	size_t unproven; /* RETRs since the last proof */
	size_t group;	 /* so many to a proof */
};

static bool is_its_turn(const struct run *run, const struct asking *asking)
{
	return run->plan.steps[asking->next].fetch &&
		proof_is_last(run, asking->next) == asking->retries;
}

static void find_next(const struct run *run, struct asking *asking)
{
	for (;;) {
		while (asking->next < run->plan.count &&
			!is_its_turn(run, asking))
			asking->next++;
		if (asking->next < run->plan.count || asking->retries)
			return;
		asking->retries = true;
		asking->next = 0;
	}
}

static bool push_retr(struct run *run, struct asking *asking, struct error *err)
{
	char command[32];

	asking->last = asking->next;
	asking->unproven++;
	asking->next++;
	find_next(run, asking);
	snprintf(command, sizeof command, "RETR %u",
		run->maildrop.messages[asking->last].number);
	return session_push(run->session, POP3_MESSAGE, (uint32_t)asking->last,
		command, err);
}

/*
 * Pushes RETRs, and a proof behind each group of them, while the window has
 * room; refilled when it is half empty.
 */
static bool push_retrs(struct run *run, struct asking *asking, size_t in_flight,
	struct error *err)
{
	if (in_flight > 0 && session_room(run->session) <= in_flight)
		return true;
	while (session_room(run->session) > 0) {
		bool more = asking->next < run->plan.count;

		if (asking->unproven == asking->group ||
			(!more && asking->unproven > 0)) {
			asking->unproven = 0;
			if (!proof_push(run, asking->last, err))
				return false;
		} else if (!more || !push_retr(run, asking, err)) {
			return !more;
		}
	}
	return true;
}

/*
 * RETR after RETR, as many in flight as the server takes. Sizes that the plan
 * did not need ride in front: they cost no round trip where there is a
 * pipeline.
 */
bool transfer_fetch(struct run *run, struct error *err)
{
	struct pipeline_event event;
	struct asking asking = {.last = 0};

	if (run->plan.fetches == 0)
		return true;
	proof_prepare(run);
	asking.group = proof_group(run);
	size_t window = session_room(run->session);

	run->arriving = MAILDROP_NOT_FOUND;
	find_next(run, &asking);
	if (!run->maildrop.sized &&
		!session_push(
			run->session, POP3_LISTING, TAG_LIST, "LIST", err))
		return false;
	start_progress(run);
	/* Nothing is at stake yet: does it know UIDL with a number? */
	asking.last = asking.next;
	asking.unproven = run->one_by_one ? asking.group : 0;
	for (;;) {
		size_t in_flight = window - session_room(run->session);

		if (!push_retrs(run, &asking, in_flight, err))
			return false;
		if (session_room(run->session) == window)
			break;
		if (!session_next(run->session, &event, err) ||
			!take_event(run, &event, err))
			return false;
		if (event.last && event.tag == TAG_LIST) {
			run->maildrop.sized = true;
			start_progress(run);
		}
	}
	if (!session_in_step(run->session, err))
		return false;
	run->oversize_proven = run->oversize_count;
	return ladder_finish(run, err);
}

/* Is this message to be erased, and is it safe here? */
static bool may_erase(const struct run *run, size_t position)
{
	/* What was to be fetched first is kept only if that came about. */
	return run->plan.steps[position].erase &&
		run->memories[position].state == MEMORY_KEPT;
}

/* The next position to erase; at the end: none. */
static size_t next_erasure(const struct run *run, size_t position)
{
	while (position < run->plan.count && !may_erase(run, position))
		position++;
	return position;
}

/* Pushes DELEs while the window has room; *next is what is still to do. */
static bool push_deles(struct run *run, size_t *next, struct error *err)
{
	char command[32];

	while (*next < run->plan.count && session_room(run->session) > 0) {
		snprintf(command, sizeof command, "DELE %u",
			run->maildrop.messages[*next].number);
		if (!session_push(run->session, POP3_SINGLE, (uint32_t)*next,
			    command, err))
			return false;
		*next = next_erasure(run, *next + 1);
	}
	return true;
}

/* QUIT: the server's commit. Only its +OK makes anything erased. */
static bool quit(struct run *run, struct error *err)
{
	struct pipeline_event event;
	size_t n;

	if (!session_push(run->session, POP3_SINGLE, 0, "QUIT", err) ||
		!session_next(run->session, &event, err))
		return false;
	if (event.answer.status == POP3_OK)
		return true;
	enum pop3_code code =
		pop3_response_code(event.answer.text, event.answer.length);
	const char *words = session_words(
		run->session, event.answer.text, event.answer.length, &n);

	return error_set_server(err, pop3_code_kind(code, ERROR_TEMPORARY),
		words, n,
		"%s:%u did not confirm QUIT, so that some or none of the mail "
		"was erased there: what is left is erased next time",
		run->account->server, run->account->port);
}

/*
 * QUIT does not ride behind the DELEs, though that would spare a round trip: it
 * is not sent to a server that answers them in another way than it should.
 */
bool transfer_erase(struct run *run, bool wait, struct error *err)
{
	struct pipeline_event event;
	size_t window = session_room(run->session);
	size_t next = next_erasure(run, 0);

	run->erased = xcalloc(run->plan.erasures, sizeof run->erased[0]);
	for (;;) {
		if (!push_deles(run, &next, err))
			return false;
		if (session_room(run->session) == window)
			break;
		if (!session_next(run->session, &event, err))
			return false;
		if (event.answer.status == POP3_OK)
			run->erased[run->erased_count++] = event.tag;
		else
			run_message_refused(
				run, "erase", event.tag, &event.answer);
	}
	if (run->erased_count > 0)
		return quit(run, err);
	if (wait) {
		struct error ignored = {.kind = ERROR_NONE};

		/* Nothing was marked: it only says that it is done. */
		quit(run, &ignored);
		return true;
	}
	session_leave(run->session);
	return true;
}
