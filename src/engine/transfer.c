/* SPDX-License-Identifier: ISC */
#include "engine/transfer.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/text.h"
#include "core/xalloc.h"
#include "engine/listing.h"
#include "engine/proof.h"
#include "io/process/log.h"

/*
 * A message larger than this, in bytes, and four times its listed size is
 * considered endless.
 */
#define MESSAGE_MAX (UINT64_C(1) << 30)

/*
 * How many commands are in flight if a filter takes its time for each message:
 * the server ends a session in which no command comes for minutes.
 */
#define FILTER_WINDOW 8

/* The tag of a LIST sent ahead of the RETRs. */
#define TAG_LIST UINT32_MAX

/*
 * Reports a message that the server refused to send or erase; the run
 * continues.
 */
static void report_refused(struct transfer *transfer, const char *what,
	size_t position, const struct pop3_event *answer, struct error *err)
{
	struct mailbox *mailbox = transfer->mailbox;
	const struct message *message = &mailbox->maildrop.messages[position];
	enum pop3_code code = pop3_response_code(answer->text, answer->length);
	char uid[4 * TEXT_SHOWN_MAX + 8];
	size_t n;

	mailbox_show_uid(mailbox, message, uid, sizeof uid);
	const char *words = session_words(
		mailbox->session, answer->text, answer->length, &n);

	error_set_server(err, pop3_code_kind(code, ERROR_TEMPORARY), words, n,
		"the server refused to %s message %u (uid %s): the next run tries again",
		what, message->number, uid);
	log_error(err);
	/* The worst of these errors determines the exit status. */
	mailbox_refuse(mailbox, err);
	transfer->fates->refused++;
}

static bool begin_message(
	struct transfer *transfer, size_t position, struct error *err)
{
	transfer->received = 0;
	transfer->arrives = true;
	transfer->arriving = position;
	transfer->receives = ladder_begin_message(transfer->ladder, err);
	return transfer->receives;
}

static void note_refused(struct transfer *transfer, size_t position,
	const struct pop3_event *answer)
{
	struct error err = {.kind = ERROR_NONE};

	report_refused(transfer, "send", position, answer, &err);
	fates_trouble(transfer->fates, position, &err);
	mailbox_progress(transfer->mailbox, 1, 0);
}

/* Sizes in LIST may be quite wrong, but not by this much. */
static bool is_endless(const struct transfer *transfer)
{
	uint64_t received = transfer->received;
	uint64_t listed =
		transfer->facts->maildrop->messages[transfer->arriving].size;

	return received > MESSAGE_MAX &&
		(listed == MAILDROP_SIZE_UNKNOWN || received / 4 > listed ||
			received / 64 > MESSAGE_MAX);
}

static bool receive_text(struct transfer *transfer,
	const struct pop3_event *answer, struct error *err)
{
	struct mailbox *mailbox = transfer->mailbox;
	uint64_t max = mailbox->account->policy.max_size;

	transfer->received += answer->length;
	if (is_endless(transfer))
		return error_set(err, ERROR_PROTOCOL,
			"the server sent more than %llu bytes of message %u (%s:%u) without ending it: the session was closed and nothing was deleted",
			(unsigned long long)transfer->received,
			mailbox->maildrop.messages[transfer->arriving].number,
			mailbox->account->server.host,
			mailbox->account->server.port);
	mailbox_progress(mailbox, 0, answer->length);
	/* It exceeds max-size, contrary to LIST: skipped, and reported at its
	 * end. */
	if (transfer->receives && max > 0 && transfer->received > max) {
		ladder_drop_message(transfer->ladder);
		transfer->receives = false;
	}
	return !transfer->receives ||
		ladder_write(
			transfer->ladder, answer->text, answer->length, err);
}

/* Notes a message that exceeds max-size, contrary to LIST. */
static void note_too_large(
	struct transfer *transfer, size_t position, uint64_t octets)
{
	const struct message *message =
		&transfer->mailbox->maildrop.messages[position];
	char uid[4 * TEXT_SHOWN_MAX + 8];

	mailbox_show_uid(transfer->mailbox, message, uid, sizeof uid);
	log_line(LOG_SUMMARY,
		"message %u (uid %s) is larger than max-size, although the server reported %s: it stays on the server",
		message->number, uid,
		message->size == MAILDROP_SIZE_UNKNOWN ? "no size"
						       : "a smaller size");
	transfer->fates->oversize++;
	transfer->oversizes = xreallocarray(transfer->oversizes,
		transfer->oversize_count + 1, sizeof transfer->oversizes[0]);
	transfer->oversizes[transfer->oversize_count++] =
		(struct oversize){.position = position, .size = octets};
}

/* Everything received so far is proven. */
static void note_proven(struct transfer *transfer)
{
	for (size_t i = 0; i < transfer->oversize_count; i++) {
		const struct oversize *oversize = &transfer->oversizes[i];

		transfer->fates->at[oversize->position].oversize =
			oversize->size;
	}
	transfer->oversize_count = 0;
	ladder_proven(transfer->ladder);
}

static bool commit_proven(struct transfer *transfer, struct error *err)
{
	note_proven(transfer);
	return ladder_advance(transfer->ladder, err);
}

static bool end_message(struct transfer *transfer, size_t position,
	uint64_t octets, struct error *err)
{
	struct mailbox *mailbox = transfer->mailbox;
	struct ladder *ladder = transfer->ladder;

	transfer->arrives = false;
	mailbox_progress(mailbox, 1, 0);
	if (!transfer->receives) {
		note_too_large(transfer, position, octets);
		return true;
	}
	transfer->receives = false;
	if (!ladder_add(ladder, position, octets, err))
		return false;
	return proof_is_asked(mailbox) ||
		ladder_unproven(ladder) <
		proof_group(mailbox, transfer->plan->fetches) ||
		commit_proven(transfer, err);
}

static bool receive(struct transfer *transfer,
	const struct pipeline_event *event, struct error *err)
{
	struct mailbox *mailbox = transfer->mailbox;
	const struct pop3_event *answer = &event->answer;
	size_t position = event->tag;

	if (event->tag == TAG_LIST) {
		if (answer->type == POP3_LINE)
			listing_take_size(&mailbox->maildrop, answer->text,
				answer->length);
		return true;
	}
	if (proof_has_tag(event->tag))
		return proof_take(mailbox, event, err) &&
			commit_proven(transfer, err);
	switch (answer->type) {
	case POP3_STATUS:
		if (answer->status == POP3_OK)
			return proof_not_stray(mailbox, event, err) &&
				begin_message(transfer, position, err);
		note_refused(transfer, position, answer);
		return true;
	case POP3_TEXT:
		return receive_text(transfer, answer, err);
	case POP3_END:
		return end_message(transfer, position, answer->octets, err);
	case POP3_MORE:
	case POP3_LINE:
	case POP3_BROKEN:
		break;
	}
	return true;
}

static void start_progress(const struct transfer *transfer)
{
	const struct plan *plan = transfer->plan;
	uint64_t octets = 0;

	for (size_t i = 0; i < plan->count; i++) {
		uint64_t size = transfer->facts->maildrop->messages[i].size;

		if (plan->steps[i].fetch && size != MAILDROP_SIZE_UNKNOWN)
			octets += size;
	}
	progress_start(transfer->mailbox->progress, plan->fetches, octets);
}

/* The RETRs still to send. */
struct asking {
	size_t next;  /* position of the next RETR; plan->count: none */
	bool retries; /* sending those that failed before, after all others */
	size_t last;  /* position of the last RETR sent */
	size_t unproven; /* RETRs since the last proof */
	size_t group;	 /* number of RETRs per proof */
};

static bool is_its_turn(
	const struct transfer *transfer, const struct asking *asking)
{
	return transfer->plan->steps[asking->next].fetch &&
		transfer->plan->steps[asking->next].last == asking->retries;
}

static void find_next(const struct transfer *transfer, struct asking *asking)
{
	for (;;) {
		while (asking->next < transfer->plan->count &&
			!is_its_turn(transfer, asking))
			asking->next++;
		if (asking->next < transfer->plan->count || asking->retries)
			return;
		asking->retries = true;
		asking->next = 0;
	}
}

static bool push_retr(
	struct transfer *transfer, struct asking *asking, struct error *err)
{
	char command[32];

	asking->last = asking->next;
	asking->unproven++;
	asking->next++;
	find_next(transfer, asking);
	snprintf(command, sizeof command, "RETR %u",
		transfer->mailbox->maildrop.messages[asking->last].number);
	return session_push(transfer->mailbox->session, POP3_MESSAGE,
		(uint32_t)asking->last, command, err);
}

/*
 * Pushes RETRs, and a proof after each group of them, while the window has
 * room. Refills it only when it is half empty.
 */
static bool push_retrs(struct transfer *transfer, struct asking *asking,
	size_t in_flight, struct error *err)
{
	if (in_flight > 0 &&
		session_room(transfer->mailbox->session) <= in_flight)
		return true;
	while (session_room(transfer->mailbox->session) > 0) {
		bool more = asking->next < transfer->plan->count;

		if (asking->unproven == asking->group ||
			(!more && asking->unproven > 0)) {
			asking->unproven = 0;
			if (!proof_push(transfer->mailbox, asking->last, err))
				return false;
		} else if (!more || !push_retr(transfer, asking, err)) {
			return !more;
		}
	}
	return true;
}

/*
 * Sends RETRs, as many in flight as the server allows. If the plan did not need
 * sizes, LIST is sent first: with pipelining it costs no extra round trip.
 */
static bool exchange(
	struct transfer *transfer, struct asking *asking, struct error *err)
{
	struct mailbox *mailbox = transfer->mailbox;
	struct session *session = mailbox->session;
	struct pipeline_event event;
	size_t window = session_room(session);

	if (!mailbox->maildrop.sized &&
		!session_push(session, POP3_LISTING, TAG_LIST, "LIST", err))
		return false;
	start_progress(transfer);
	for (;;) {
		size_t in_flight = window - session_room(session);

		if (!push_retrs(transfer, asking, in_flight, err))
			return false;
		if (session_room(session) == window)
			return true;
		if (!session_next(session, &event, err) ||
			!receive(transfer, &event, err))
			return false;
		if (event.last && event.tag == TAG_LIST) {
			mailbox->maildrop.sized = true;
			start_progress(transfer);
		}
	}
}

bool transfer_fetch(struct transfer *transfer, struct error *err)
{
	struct mailbox *mailbox = transfer->mailbox;
	struct asking asking = {.last = 0};

	if (transfer->plan->fetches == 0)
		return true;
	if (mailbox->account->destination.rewrite.filter != NULL)
		session_narrow(mailbox->session, FILTER_WINDOW);
	proof_prepare(mailbox);
	asking.group = proof_group(mailbox, transfer->plan->fetches);
	find_next(transfer, &asking);
	/* With nothing in progress yet, sees how the server answers UIDL n. */
	asking.last = asking.next;
	asking.unproven = mailbox->proof.one_by_one ? asking.group : 0;
	if (!exchange(transfer, &asking, err) ||
		!session_in_step(mailbox->session, err))
		return false;
	note_proven(transfer);
	return ladder_finish(transfer->ladder, err);
}

/* Is this message to be erased, and is it safely stored here? */
static bool may_erase(const struct transfer *transfer, size_t position)
{
	const struct step *step = &transfer->plan->steps[position];

	if (!step->erase)
		return false;
	/* A message to be fetched first is kept only if that succeeded. */
	return step->fetch
		? transfer->fates->at[position].state == FATE_KEPT
		: transfer->facts->memories[position].state == MEMORY_KEPT;
}

/* Returns the next position to erase, or plan->count if there is none. */
static size_t next_erasure(const struct transfer *transfer, size_t position)
{
	while (position < transfer->plan->count &&
		!may_erase(transfer, position))
		position++;
	return position;
}

/* Pushes DELEs while the window has room; *next: the next one to push. */
static bool push_deles(
	struct transfer *transfer, size_t *next, struct error *err)
{
	struct mailbox *mailbox = transfer->mailbox;
	char command[32];

	while (*next < transfer->plan->count &&
		session_room(mailbox->session) > 0) {
		snprintf(command, sizeof command, "DELE %u",
			mailbox->maildrop.messages[*next].number);
		if (!session_push(mailbox->session, POP3_SINGLE,
			    (uint32_t)*next, command, err))
			return false;
		*next = next_erasure(transfer, *next + 1);
	}
	return true;
}

/*
 * Sends QUIT, the server's commit. Only its +OK confirms that mail is erased.
 */
static bool send_quit(struct mailbox *mailbox, struct error *err)
{
	struct pipeline_event event;
	size_t n;

	if (!session_push(mailbox->session, POP3_SINGLE, 0, "QUIT", err) ||
		!session_next(mailbox->session, &event, err))
		return false;
	if (event.answer.status == POP3_OK)
		return true;
	enum pop3_code code =
		pop3_response_code(event.answer.text, event.answer.length);
	const char *words = session_words(
		mailbox->session, event.answer.text, event.answer.length, &n);

	return error_set_server(err, pop3_code_kind(code, ERROR_TEMPORARY),
		words, n,
		"%s:%u did not confirm QUIT: some of the messages may not have been deleted. The next run deletes what is left",
		mailbox->account->server.host, mailbox->account->server.port);
}

/* Sends the DELEs; the fates say which were answered +OK. */
static bool send_deles(struct transfer *transfer, struct error *err)
{
	struct session *session = transfer->mailbox->session;
	struct pipeline_event event;
	size_t window = session_room(session);
	size_t next = next_erasure(transfer, 0);

	for (;;) {
		if (!push_deles(transfer, &next, err))
			return false;
		if (session_room(session) == window)
			return true;
		if (!session_next(session, &event, err))
			return false;
		if (event.answer.status == POP3_OK) {
			transfer->fates->at[event.tag].accepted = true;
			transfer->fates->accepted++;
		} else {
			struct error refused = {.kind = ERROR_NONE};

			report_refused(transfer, "delete", event.tag,
				&event.answer, &refused);
		}
	}
}

/*
 * QUIT is not pipelined after the DELEs, although that would save a round trip:
 * it must not be sent if the server's answers are not as expected.
 */
bool transfer_erase(struct transfer *transfer, bool wait, struct error *err)
{
	struct mailbox *mailbox = transfer->mailbox;
	struct fates *fates = transfer->fates;
	struct error ignored = {.kind = ERROR_NONE};

	/* A run that was killed may have left records that were not synced. */
	if (next_erasure(transfer, 0) < transfer->plan->count &&
		!store_sync(mailbox->store, err))
		return false;
	if (!send_deles(transfer, err))
		return false;
	if (fates->accepted > 0) {
		if (!send_quit(mailbox, err))
			return false;
		fates->erased = fates->accepted;
		return true;
	}
	/* Nothing was marked, so QUIT only ends the session. */
	if (wait)
		send_quit(mailbox, &ignored);
	else
		session_leave(mailbox->session);
	return true;
}

void transfer_release(struct transfer *transfer)
{
	free(transfer->oversizes);
	transfer->oversizes = NULL;
}
