/* SPDX-License-Identifier: ISC */
#include "engine/proof.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"

#define TAG_PROOF UINT32_C(0x80000000)
/* Of what is sent to see whether it is answered. */
#define TAG_NOOP (UINT32_MAX - 1)

/*
 * Few messages are proven each by itself, which costs nothing; of many, a
 * sixteenth more commands go out. Without a pipeline a proof costs a round
 * trip, but once the server was seen out of step, nothing else will do.
 */
size_t proof_group(const struct run *run)
{
	size_t group = 1 + run->plan.fetches / 64;

	if (run->one_by_one)
		return 1;
	if (group > PROOF_GROUP_MAX || !session_pipelines(run->session))
		return PROOF_GROUP_MAX;
	return group;
}

/* The uid alone tells only those apart that share none. */
static bool tells_apart(const struct run *run)
{
	const struct maildrop *maildrop = &run->maildrop;

	for (size_t i = 0; i < maildrop->count; i++) {
		if (maildrop->messages[i].ordinal > 0)
			return false;
	}
	return true;
}

bool proof_is_asked(const struct run *run)
{
	return !run->uids_made && !run->unproved;
}

void proof_prepare(struct run *run)
{
	run->unproved = run->form == POP3_UIDL_NONE ||
		(run->form == POP3_UIDL_ALONE && !tells_apart(run));
	if (!proof_is_asked(run))
		session_forgo_pipelining(run->session);
}

void proof_without(struct run *run)
{
	run->proven = run->open->count;
	run->oversize_proven = run->oversize_count;
}

bool proof_push(struct run *run, size_t position, struct error *err)
{
	char command[32];

	if (!proof_is_asked(run))
		return true;
	snprintf(command, sizeof command, "UIDL %u",
		run->maildrop.messages[position].number);
	return session_push(run->session, POP3_SINGLE,
		TAG_PROOF | (uint32_t)position, command, err);
}

bool proof_has_tag(uint32_t tag)
{
	/* LIST's tag has all bits. */
	return (tag & TAG_PROOF) != 0 && tag != UINT32_MAX;
}

/* What servers say behind a blank is no part of it. */
static bool same_uid(const char *said, size_t length, struct uid uid)
{
	return length >= uid.length &&
		memcmp(said, uid.bytes, uid.length) == 0 &&
		(length == uid.length || pop3_is_blank(said[uid.length]));
}

/* Is this +OK a message's number and uid? Whose? Else MAILDROP_NOT_FOUND. */
static size_t position_said(
	const struct run *run, const struct pop3_event *answer)
{
	const struct maildrop *maildrop = &run->maildrop;
	uint32_t number;
	const char *uid;
	size_t length;

	if (answer->status != POP3_OK ||
		!pop3_parse_listed(
			answer->text, answer->length, &number, &uid, &length))
		return MAILDROP_NOT_FOUND;
	size_t position = maildrop_numbered(maildrop, number);

	if (position == MAILDROP_NOT_FOUND)
		return position;
	const struct message *message = &maildrop->messages[position];

	if (same_uid(uid, length, maildrop_uid(maildrop, message)))
		return position;
	return MAILDROP_NOT_FOUND;
}

/* Is this +OK that message's uid, and nothing else? */
static bool is_alone(
	const struct run *run, const struct pop3_event *answer, size_t position)
{
	const struct message *message = &run->maildrop.messages[position];
	const char *text = answer->text;
	size_t length = answer->length;

	while (length > 0 && pop3_is_blank(text[length - 1]))
		length--;
	while (length > 0 && pop3_is_blank(*text)) {
		text++;
		length--;
	}
	return answer->status == POP3_OK && length > 0 &&
		length == message->uid_length &&
		memcmp(text, maildrop_uid(&run->maildrop, message).bytes,
			length) == 0;
}

static bool is_out_of_step(struct run *run, const struct pop3_event *answer,
	size_t position, struct error *err)
{
	size_t n;
	const char *words =
		session_words(run->session, answer->text, answer->length, &n);

	return error_set_server(err, ERROR_PROTOCOL, words, n,
		"%s:%u sent answers that do not match the commands: what was received since message %u may be other messages than it seems. It was not kept, and nothing was erased; the next run fetches one message at a time",
		run->account->server, run->account->port,
		run->maildrop.messages[position].number);
}

/* The form is known from now on, and this session is at its end. */
static bool is_learnt(
	struct run *run, enum pop3_uidl_form form, struct error *err)
{
	run->form = form;
	run->learnt = true;
	*err = (struct error){.kind = ERROR_NONE};
	return error_set(err, ERROR_PROTOCOL,
		"%s:%u does not answer UIDL with a number as RFC 1939 requires: what was received could not be verified and was not kept, and nothing was erased. The next session takes this into account",
		run->account->server, run->account->port);
}

/* Do words that nobody asked for begin with the line of a listed message? */
static bool is_listed(struct run *run, const char *words)
{
	char uid[4 * TEXT_SHOWN_MAX + 8];
	uint32_t number;
	const char *rest;
	size_t length;

	if (!pop3_parse_listed(words, strlen(words), &number, &rest, &length))
		return false;
	size_t position = maildrop_numbered(&run->maildrop, number);

	if (position == MAILDROP_NOT_FOUND)
		return false;
	run_show_uid(run, &run->maildrop.messages[position], uid, sizeof uid);
	size_t wanted = strlen(uid);

	/* Behind it, the end of the line is shown as an escape. */
	return wanted > 0 && length >= wanted &&
		memcmp(rest, uid, wanted) == 0 &&
		(length == wanted || rest[wanted] == '\\' ||
			pop3_is_blank(rest[wanted]));
}

/* The answer to the next command, or to NOOP where none is in flight. */
static bool answer_behind(
	struct run *run, struct pipeline_event *event, struct error *err)
{
	return (session_room(run->session) == 0 ||
		       session_push(run->session, POP3_SINGLE, TAG_NOOP, "NOOP",
			       err)) &&
		session_next(run->session, event, err);
}

/* How the server has answered, if this is a proof at all. */
static enum pop3_uidl_form form_of(
	const struct run *run, const struct pop3_event *answer, size_t position)
{
	if (position_said(run, answer) == position)
		return POP3_UIDL_LISTED;
	if (is_alone(run, answer, position) && tells_apart(run))
		return POP3_UIDL_ALONE;
	return POP3_UIDL_UNKNOWN;
}

/*
 * A +OK that is no proof: is it the head of a listing of all messages? Then a
 * line of that comes next, where an answer should be.
 */
static bool learn_from_ok(struct run *run, const struct pop3_event *answer,
	size_t position, struct error *err)
{
	struct error unread = {.kind = ERROR_NONE};
	struct pipeline_event event;

	if (is_alone(run, answer, position))
		return is_learnt(run, POP3_UIDL_ALONE, err);
	/* The answer is gone once the next one is read. */
	is_out_of_step(run, answer, position, err);
	return !answer_behind(run, &event, &unread) &&
		unread.kind == ERROR_PROTOCOL &&
		is_listed(run, unread.server) &&
		is_learnt(run, POP3_UIDL_NONE, err);
}

/*
 * UIDL n was refused, or what was before it: then its own answer is still to
 * come, and comes as the answer to NOOP.
 */
static bool learn_from_refusal(struct run *run, const struct pop3_event *answer,
	size_t position, struct error *err)
{
	bool for_good = pop3_response_code(answer->text, answer->length) ==
		POP3_CODE_NONE;
	struct pipeline_event event;

	/* Among others, it may be a RETR that was refused. */
	if (session_pipelines(run->session))
		return is_out_of_step(run, answer, position, err);
	if (!answer_behind(run, &event, err))
		return false;
	if (form_of(run, &event.answer, position) != POP3_UIDL_UNKNOWN)
		return is_out_of_step(run, &event.answer, position, err);
	proof_without(run);
	if (for_good && event.answer.status == POP3_OK) {
		run->form = POP3_UIDL_NONE;
		run->unproved = true;
	}
	return true;
}

bool proof_take(
	struct run *run, const struct pipeline_event *event, struct error *err)
{
	const struct pop3_event *answer = &event->answer;
	size_t position = event->tag & ~TAG_PROOF;
	enum pop3_uidl_form form = form_of(run, answer, position);

	if (form != POP3_UIDL_UNKNOWN &&
		(run->form == POP3_UIDL_UNKNOWN || run->form == form)) {
		run->form = form;
		run->in_step = true;
		run->proof = position;
		proof_without(run);
		return true;
	}
	if (run->form == POP3_UIDL_UNKNOWN)
		return answer->status == POP3_OK
			? learn_from_ok(run, answer, position, err)
			: learn_from_refusal(run, answer, position, err);
	run->form = POP3_UIDL_UNKNOWN;
	return is_out_of_step(run, answer, position, err);
}

/* Is this +OK of a RETR a number that may be the message's size? */
static bool may_be_size(const struct pop3_event *answer, uint64_t listed)
{
	char digits[24] = "";
	uint64_t size;

	if (answer->length >= sizeof digits)
		return false;
	memcpy(digits, answer->text, answer->length);
	return text_parse_number(digits, INT64_MAX, &size) &&
		(listed == MAILDROP_SIZE_UNKNOWN || listed == size);
}

/* Whose uid is the whole of this +OK? Else MAILDROP_NOT_FOUND. */
static size_t position_alone(
	const struct run *run, const struct pop3_event *answer, size_t asked)
{
	uint64_t listed = run->maildrop.messages[asked].size;
	struct uid uid = {.bytes = answer->text, .length = answer->length};
	size_t said = maildrop_find(&run->maildrop, uid, asked);
	bool again = said == run->proof && listed == MAILDROP_SIZE_UNKNOWN;

	return !again && may_be_size(answer, listed) ? MAILDROP_NOT_FOUND
						     : said;
}

bool proof_not_stray(
	struct run *run, const struct pipeline_event *event, struct error *err)
{
	size_t said = run->form == POP3_UIDL_ALONE
		? position_alone(run, &event->answer, event->tag)
		: position_said(run, &event->answer);

	/* Some are listed without a uid: "+OK 120" is a size. */
	if (!proof_is_asked(run) || said == MAILDROP_NOT_FOUND ||
		run->maildrop.messages[said].uid_length == 0)
		return true;
	return is_out_of_step(run, &event->answer, event->tag, err);
}

bool proof_is_last(const struct run *run, size_t position)
{
	return run->plan.steps[position].last;
}

/* The next position in the order of fetching, or the one before (by is -1);
 * the plan's count: there is none. */
static size_t next_fetched(const struct run *run, size_t position, int by)
{
	size_t count = run->plan.count;
	bool last = proof_is_last(run, position);

	for (;;) {
		position += by > 0 ? 1 : SIZE_MAX;
		if (position >= count) {
			/* Over the border between those and the others. */
			if (last == (by > 0))
				return count;
			last = !last;
			position = by > 0 ? SIZE_MAX : count;
			continue;
		}
		if (run->plan.steps[position].fetch &&
			proof_is_last(run, position) == last)
			return position;
	}
}

/* The size as listed of the n-th message that is fetched after this one. */
static uint64_t size_after(const struct run *run, size_t position, int shift)
{
	for (; shift != 0; shift += shift > 0 ? -1 : 1) {
		position = next_fetched(run, position, shift);
		if (position >= run->plan.count)
			return MAILDROP_SIZE_UNKNOWN;
	}
	return run->maildrop.messages[position].size;
}

/*
 * From which of the batch on would the same octets have come if each answer
 * belonged to another message?
 */
static size_t shifted_from(const struct run *run, int shift)
{
	size_t i = run->open->count;

	while (i > run->proven &&
		size_after(run, run->open->positions[i - 1], shift) ==
			run->open->octets_sent[i - 1])
		i--;
	return i;
}

/*
 * How far do sizes speak against any other order? The answer that is one too
 * many or too few may have come anywhere, so from where on another order would
 * fit, nothing is believed.
 */
static size_t no_other_order(const struct run *run)
{
	size_t end = run->open->count;

	for (int shift = -PROOF_GROUP_MAX; shift <= PROOF_GROUP_MAX; shift++) {
		size_t from = shifted_from(run, shift);

		if (shift != 0 && from < end)
			end = from;
	}
	return end;
}

size_t proof_believed(const struct run *run, const struct error *err)
{
	bool in_order =
		run->session != NULL && !session_pipelines(run->session);

	if (err->kind == ERROR_PROTOCOL || run->one_by_one ||
		run->proven == run->open->count)
		return run->proven;
	/* A pipeline must show sizes that are as listed, and a proof since
	 * LIST: what LIST said twice may be the first message's text. */
	if (!in_order && (!run->in_step || shifted_from(run, 0) != run->proven))
		return run->proven;
	return no_other_order(run);
}
