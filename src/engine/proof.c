/* SPDX-License-Identifier: ISC */
#include "engine/proof.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "engine/mailbox.h"

#define TAG_PROOF UINT32_C(0x80000000)
/* The tag of a NOOP sent to see whether its answer follows. */
#define TAG_NOOP (UINT32_MAX - 1)

/*
 * If few messages are fetched, each has its own proof, which costs nothing; if
 * many, a sixteenth more commands are sent. Without pipelining each proof costs
 * a round trip, but a server that was out of step needs one per message.
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

/* A uid alone identifies a message only if no two messages share one. */
static bool uids_are_unique(const struct mailbox *mailbox)
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
			!uids_are_unique(mailbox));
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
	/* LIST has a tag with all bits set. */
	return (tag & TAG_PROOF) != 0 && tag != UINT32_MAX;
}

/* Servers may add more after a space, which is ignored. */
static bool begins_with_uid(const char *said, size_t length, struct uid uid)
{
	return length >= uid.length &&
		memcmp(said, uid.bytes, uid.length) == 0 &&
		(length == uid.length || pop3_is_blank(said[uid.length]));
}

/*
 * Returns the position of the message whose number and uid this +OK consists
 * of, or MAILDROP_NOT_FOUND.
 */
static size_t parse_listed_position(
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

	if (begins_with_uid(uid, length, maildrop_uid(maildrop, message)))
		return position;
	return MAILDROP_NOT_FOUND;
}

/* Does this +OK consist of just the uid of that message? */
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

static bool fail_out_of_step(struct mailbox *mailbox,
	const struct pop3_event *answer, size_t position, struct error *err)
{
	size_t n;
	const char *words = session_words(
		mailbox->session, answer->text, answer->length, &n);

	return error_set_server(err, ERROR_PROTOCOL, words, n,
		"%s:%u sent answers that do not match the commands, noticed at message %u: messages since the last check may be mixed up and were discarded, and nothing was deleted. The next session fetches one message at a time",
		mailbox->account->server.host, mailbox->account->server.port,
		mailbox->maildrop.messages[position].number);
}

/* Sets the form and the error that ends this session. */
static bool fail_learnt(
	struct mailbox *mailbox, enum pop3_uidl_form form, struct error *err)
{
	mailbox->proof.form = form;
	mailbox->proof.learnt = true;
	*err = (struct error){.kind = ERROR_NONE};
	return error_set(err, ERROR_PROTOCOL,
		"%s:%u does not answer UIDL with a number as RFC 1939 requires: the messages received could not be verified and were discarded, and nothing was deleted. The next session takes this into account",
		mailbox->account->server.host, mailbox->account->server.port);
}

/*
 * Does this line, which no command asked for, begin like a UIDL line of a
 * listed message?
 */
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

	/* After the uid, the line end is shown as an escape. */
	return wanted > 0 && length >= wanted &&
		memcmp(rest, uid, wanted) == 0 &&
		(length == wanted || rest[wanted] == '\\' ||
			pop3_is_blank(rest[wanted]));
}

/* Gets the answer to the next command, or to NOOP if none is in flight. */
static bool next_answer(struct mailbox *mailbox, struct pipeline_event *event,
	struct error *err)
{
	return (session_room(mailbox->session) == 0 ||
		       session_push(mailbox->session, POP3_SINGLE, TAG_NOOP,
			       "NOOP", err)) &&
		session_next(mailbox->session, event, err);
}

/*
 * Returns the form of this answer, or POP3_UIDL_UNKNOWN if it proves nothing.
 */
static enum pop3_uidl_form form_of(const struct mailbox *mailbox,
	const struct pop3_event *answer, size_t position)
{
	if (parse_listed_position(mailbox, answer) == position)
		return POP3_UIDL_LISTED;
	if (is_alone(mailbox, answer, position) && uids_are_unique(mailbox))
		return POP3_UIDL_ALONE;
	return POP3_UIDL_UNKNOWN;
}

/*
 * For a +OK that is no proof: is it the first line of a full listing? Then
 * another line of it follows where the next answer should be.
 */
static bool learn_from_ok(struct mailbox *mailbox,
	const struct pop3_event *answer, size_t position, struct error *err)
{
	struct error unread = {.kind = ERROR_NONE};
	struct pipeline_event event;

	if (is_alone(mailbox, answer, position))
		return fail_learnt(mailbox, POP3_UIDL_ALONE, err);
	/* Set the error now: the answer is overwritten when the next one is
	 * read. */
	fail_out_of_step(mailbox, answer, position, err);
	return !next_answer(mailbox, &event, &unread) &&
		unread.kind == ERROR_PROTOCOL &&
		is_listed(mailbox, unread.server) &&
		fail_learnt(mailbox, POP3_UIDL_NONE, err);
}

/*
 * Either UIDL n was refused, or an earlier command; in that case the answer to
 * UIDL n is still to come, and arrives in the place of NOOP's.
 */
static bool learn_from_refusal(struct mailbox *mailbox,
	const struct pop3_event *answer, size_t position, struct error *err)
{
	bool for_good = pop3_response_code(answer->text, answer->length) ==
		POP3_CODE_NONE;
	struct pipeline_event event;

	/* In a pipeline, it may be a RETR that was refused. */
	if (session_pipelines(mailbox->session))
		return fail_out_of_step(mailbox, answer, position, err);
	if (!next_answer(mailbox, &event, err))
		return false;
	if (form_of(mailbox, &event.answer, position) != POP3_UIDL_UNKNOWN)
		return fail_out_of_step(mailbox, &event.answer, position, err);
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
	return fail_out_of_step(mailbox, answer, position, err);
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

/*
 * Returns the position of the message whose uid this +OK consists of, or
 * MAILDROP_NOT_FOUND.
 */
static size_t find_position_alone(const struct mailbox *mailbox,
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
		? find_position_alone(mailbox, &event->answer, event->tag)
		: parse_listed_position(mailbox, &event->answer);

	/* For a message listed without a uid, "+OK 120" is a size. */
	if (!proof_is_asked(mailbox) || said == MAILDROP_NOT_FOUND ||
		mailbox->maildrop.messages[said].uid_length == 0)
		return true;
	return fail_out_of_step(mailbox, &event->answer, event->tag, err);
}

/*
 * Returns the next position in the order of fetching (by = 1) or the previous
 * one (by = -1), or plan->count if there is none. Messages that failed before
 * come after all others.
 */
static size_t next_fetched(const struct plan *plan, size_t position, int by)
{
	bool last = plan->steps[position].last;

	for (;;) {
		position += by > 0 ? 1 : SIZE_MAX;
		if (position >= plan->count) {
			/* Moves on to the other of these two groups. */
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

/*
 * Returns the listed size of the message fetched shift messages after this one
 * (before it, if shift is negative).
 */
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
 * Returns the first of the last unproven messages that all have the sizes
 * expected if every answer belonged to the message shift positions further on.
 */
static size_t matching_from(const struct mailbox *mailbox,
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
 * Returns how many messages certainly belong to their commands by their sizes.
 * A missing or surplus answer may have been anywhere, so nothing is believed
 * from the point on where another order would fit.
 */
static size_t count_unambiguous(
	const struct mailbox *mailbox, const struct proof_claim *claim)
{
	size_t end = claim->count;

	for (int shift = -PROOF_GROUP_MAX; shift <= PROOF_GROUP_MAX; shift++) {
		size_t from = matching_from(mailbox, claim, shift);

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
	/* With pipelining, the sizes must be as listed, and there must have
	 * been a proof since LIST: if LIST was answered twice, the second
	 * answer may be taken for the first message. */
	if (!in_order &&
		(!proof->in_step ||
			matching_from(mailbox, claim, 0) != claim->proven))
		return claim->proven;
	return count_unambiguous(mailbox, claim);
}
