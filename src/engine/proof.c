/* SPDX-License-Identifier: ISC */
#include "engine/proof.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "engine/mailbox.h"

#define TAG_PROOF UINT32_C(0x80000000)
/* Of what is sent to see whether it is answered. */
#define TAG_NOOP (UINT32_MAX - 1)

/*
 * Few messages are proven each by itself, which costs nothing; of many, a
 * sixteenth more commands go out. Without a pipeline a proof costs a round
 * trip, but once the server was seen out of step, nothing else will do.
 */
size_t proof_group(const struct mailbox *mailbox, size_t fetches)
{
	size_t group = 1 + fetches / 64;

	if (mailbox->proof.one_by_one)
		return 1;
	if (group > PROOF_GROUP_MAX || !session_pipelines(mailbox->session))
		return PROOF_GROUP_MAX;
	return group;
}

/* The uid alone tells only those apart that share none. */
static bool tells_apart(const struct mailbox *mailbox)
{
	const struct maildrop *maildrop = &mailbox->maildrop;

	for (size_t i = 0; i < maildrop->count; i++) {
		if (maildrop->messages[i].ordinal > 0)
			return false;
	}
	return true;
}

bool proof_is_asked(const struct mailbox *mailbox)
{
	return !mailbox->uids_made && !mailbox->proof.unproved;
}

void proof_prepare(struct mailbox *mailbox)
{
	mailbox->proof.unproved = mailbox->proof.form == POP3_UIDL_NONE ||
		(mailbox->proof.form == POP3_UIDL_ALONE &&
			!tells_apart(mailbox));
	if (!proof_is_asked(mailbox))
		session_forgo_pipelining(mailbox->session);
}

bool proof_push(struct mailbox *mailbox, size_t position, struct error *err)
{
	char command[32];

	if (!proof_is_asked(mailbox))
		return true;
	snprintf(command, sizeof command, "UIDL %u",
		mailbox->maildrop.messages[position].number);
	return session_push(mailbox->session, POP3_SINGLE,
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
	const struct mailbox *mailbox, const struct pop3_event *answer)
{
	const struct maildrop *maildrop = &mailbox->maildrop;
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
static bool is_alone(const struct mailbox *mailbox,
	const struct pop3_event *answer, size_t position)
{
	const struct message *message = &mailbox->maildrop.messages[position];
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
		memcmp(text, maildrop_uid(&mailbox->maildrop, message).bytes,
			length) == 0;
}

static bool is_out_of_step(struct mailbox *mailbox,
	const struct pop3_event *answer, size_t position, struct error *err)
{
	size_t n;
	const char *words = session_words(
		mailbox->session, answer->text, answer->length, &n);

	return error_set_server(err, ERROR_PROTOCOL, words, n,
		"%s:%u sent answers that do not match the commands: what was received since message %u may be other messages than it seems. It was not kept, and nothing was erased; the next mailbox fetches one message at a time",
		mailbox->account->server.host, mailbox->account->server.port,
		mailbox->maildrop.messages[position].number);
}

/* The form is known from now on, and this session is at its end. */
static bool is_learnt(
	struct mailbox *mailbox, enum pop3_uidl_form form, struct error *err)
{
	mailbox->proof.form = form;
	mailbox->proof.learnt = true;
	*err = (struct error){.kind = ERROR_NONE};
	return error_set(err, ERROR_PROTOCOL,
		"%s:%u does not answer UIDL with a number as RFC 1939 requires: what was received could not be verified and was not kept, and nothing was erased. The next session takes this into account",
		mailbox->account->server.host, mailbox->account->server.port);
}

/* Do words that nobody asked for begin with the line of a listed message? */
static bool is_listed(struct mailbox *mailbox, const char *words)
{
	char uid[4 * TEXT_SHOWN_MAX + 8];
	uint32_t number;
	const char *rest;
	size_t length;

	if (!pop3_parse_listed(words, strlen(words), &number, &rest, &length))
		return false;
	size_t position = maildrop_numbered(&mailbox->maildrop, number);

	if (position == MAILDROP_NOT_FOUND)
		return false;
	mailbox_show_uid(mailbox, &mailbox->maildrop.messages[position], uid,
		sizeof uid);
	size_t wanted = strlen(uid);

	/* Behind it, the end of the line is shown as an escape. */
	return wanted > 0 && length >= wanted &&
		memcmp(rest, uid, wanted) == 0 &&
		(length == wanted || rest[wanted] == '\\' ||
			pop3_is_blank(rest[wanted]));
}

/* The answer to the next command, or to NOOP where none is in flight. */
static bool answer_behind(struct mailbox *mailbox, struct pipeline_event *event,
	struct error *err)
{
	return (session_room(mailbox->session) == 0 ||
		       session_push(mailbox->session, POP3_SINGLE, TAG_NOOP,
			       "NOOP", err)) &&
		session_next(mailbox->session, event, err);
}

/* How the server has answered, if this is a proof at all. */
static enum pop3_uidl_form form_of(const struct mailbox *mailbox,
	const struct pop3_event *answer, size_t position)
{
	if (position_said(mailbox, answer) == position)
		return POP3_UIDL_LISTED;
	if (is_alone(mailbox, answer, position) && tells_apart(mailbox))
		return POP3_UIDL_ALONE;
	return POP3_UIDL_UNKNOWN;
}

/*
 * A +OK that is no proof: is it the head of a listing of all messages? Then a
 * line of that comes next, where an answer should be.
 */
static bool learn_from_ok(struct mailbox *mailbox,
	const struct pop3_event *answer, size_t position, struct error *err)
{
	struct error unread = {.kind = ERROR_NONE};
	struct pipeline_event event;

	if (is_alone(mailbox, answer, position))
		return is_learnt(mailbox, POP3_UIDL_ALONE, err);
	/* The answer is gone once the next one is read. */
	is_out_of_step(mailbox, answer, position, err);
	return !answer_behind(mailbox, &event, &unread) &&
		unread.kind == ERROR_PROTOCOL &&
		is_listed(mailbox, unread.server) &&
		is_learnt(mailbox, POP3_UIDL_NONE, err);
}

/*
 * UIDL n was refused, or what was before it: then its own answer is still to
 * come, and comes as the answer to NOOP.
 */
static bool learn_from_refusal(struct mailbox *mailbox,
	const struct pop3_event *answer, size_t position, struct error *err)
{
	bool for_good = pop3_response_code(answer->text, answer->length) ==
		POP3_CODE_NONE;
	struct pipeline_event event;

	/* Among others, it may be a RETR that was refused. */
	if (session_pipelines(mailbox->session))
		return is_out_of_step(mailbox, answer, position, err);
	if (!answer_behind(mailbox, &event, err))
		return false;
	if (form_of(mailbox, &event.answer, position) != POP3_UIDL_UNKNOWN)
		return is_out_of_step(mailbox, &event.answer, position, err);
	if (for_good && event.answer.status == POP3_OK) {
		mailbox->proof.form = POP3_UIDL_NONE;
		mailbox->proof.unproved = true;
	}
	return true;
}

bool proof_take(struct mailbox *mailbox, const struct pipeline_event *event,
	struct error *err)
{
	const struct pop3_event *answer = &event->answer;
	size_t position = event->tag & ~TAG_PROOF;
	enum pop3_uidl_form form = form_of(mailbox, answer, position);

	if (form != POP3_UIDL_UNKNOWN &&
		(mailbox->proof.form == POP3_UIDL_UNKNOWN ||
			mailbox->proof.form == form)) {
		mailbox->proof.form = form;
		mailbox->proof.in_step = true;
		mailbox->proof.position = position;
		return true;
	}
	if (mailbox->proof.form == POP3_UIDL_UNKNOWN)
		return answer->status == POP3_OK
			? learn_from_ok(mailbox, answer, position, err)
			: learn_from_refusal(mailbox, answer, position, err);
	mailbox->proof.form = POP3_UIDL_UNKNOWN;
	return is_out_of_step(mailbox, answer, position, err);
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
static size_t position_alone(const struct mailbox *mailbox,
	const struct pop3_event *answer, size_t asked)
{
	uint64_t listed = mailbox->maildrop.messages[asked].size;
	struct uid uid = {.bytes = answer->text, .length = answer->length};
	size_t said = maildrop_find(&mailbox->maildrop, uid, asked);
	bool again = said == mailbox->proof.position &&
		listed == MAILDROP_SIZE_UNKNOWN;

	return !again && may_be_size(answer, listed) ? MAILDROP_NOT_FOUND
						     : said;
}

bool proof_not_stray(struct mailbox *mailbox,
	const struct pipeline_event *event, struct error *err)
{
	size_t said = mailbox->proof.form == POP3_UIDL_ALONE
		? position_alone(mailbox, &event->answer, event->tag)
		: position_said(mailbox, &event->answer);

	/* Some are listed without a uid: "+OK 120" is a size. */
	if (!proof_is_asked(mailbox) || said == MAILDROP_NOT_FOUND ||
		mailbox->maildrop.messages[said].uid_length == 0)
		return true;
	return is_out_of_step(mailbox, &event->answer, event->tag, err);
}

/*
 * The next position in the order of fetching, or the one before (by is -1); the
 * plan's count: there is none. What failed before comes after all others.
 */
static size_t next_fetched(const struct plan *plan, size_t position, int by)
{
	bool last = plan->steps[position].last;

	for (;;) {
		position += by > 0 ? 1 : SIZE_MAX;
		if (position >= plan->count) {
			/* Over the border between those and the others. */
			if (last == (by > 0))
				return plan->count;
			last = !last;
			position = by > 0 ? SIZE_MAX : plan->count;
			continue;
		}
		if (plan->steps[position].fetch &&
			plan->steps[position].last == last)
			return position;
	}
}

/* The size as listed of the n-th message that is fetched after this one. */
static uint64_t size_after(const struct mailbox *mailbox,
	const struct plan *plan, size_t position, int shift)
{
	for (; shift != 0; shift += shift > 0 ? -1 : 1) {
		position = next_fetched(plan, position, shift);
		if (position >= plan->count)
			return MAILDROP_SIZE_UNKNOWN;
	}
	return mailbox->maildrop.messages[position].size;
}

/*
 * From which of the messages on would the same bytes have come if each answer
 * belonged to another message?
 */
static size_t shifted_from(const struct mailbox *mailbox,
	const struct proof_claim *claim, int shift)
{
	size_t i = claim->count;

	while (i > claim->proven &&
		size_after(mailbox, claim->plan, claim->positions[i - 1],
			shift) == claim->octets[i - 1])
		i--;
	return i;
}

/*
 * How far do sizes speak against any other order? The answer that is one too
 * many or too few may have come anywhere, so from where on another order would
 * fit, nothing is believed.
 */
static size_t no_other_order(
	const struct mailbox *mailbox, const struct proof_claim *claim)
{
	size_t end = claim->count;

	for (int shift = -PROOF_GROUP_MAX; shift <= PROOF_GROUP_MAX; shift++) {
		size_t from = shifted_from(mailbox, claim, shift);

		if (shift != 0 && from < end)
			end = from;
	}
	return end;
}

size_t proof_believed(const struct mailbox *mailbox,
	const struct proof_claim *claim, const struct error *err)
{
	const struct proof *proof = &mailbox->proof;
	bool in_order = mailbox->session != NULL &&
		!session_pipelines(mailbox->session);

	if (err->kind == ERROR_PROTOCOL || proof->one_by_one ||
		claim->proven == claim->count)
		return claim->proven;
	/* A pipeline must show sizes that are as listed, and a proof since
	 * LIST: what LIST said twice may be the first message's text. */
	if (!in_order &&
		(!proof->in_step ||
			shifted_from(mailbox, claim, 0) != claim->proven))
		return claim->proven;
	return no_other_order(mailbox, claim);
}
