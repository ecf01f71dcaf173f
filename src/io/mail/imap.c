/* SPDX-License-Identifier: ISC */
#include "io/mail/imap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/xalloc.h"
#include "io/mail/imap_internal.h"

/* What must be known of a message's text before it is sent. */
struct text {
	uint64_t octets; /* with CRLF line ends */
	bool has_nul;
	bool is_next; /* see look_ahead */
};
/* Reads the next piece of message i into imap->piece. */
static bool read_piece(struct imap *imap, size_t i, off_t *at, size_t *length,
	struct error *err)
{
	const struct spool *spool = &imap->outbox.closed;
	const struct spooled *one = &spool->at[i];

	*length = 0;
	if (*at >= one->end)
		return true;
	ssize_t n =
		spool_read(spool, one, *at, imap->piece, sizeof imap->piece);

	if (n < 0)
		return error_set(err, ERROR_WRITE,
			"cannot read the spool file in the state directory (for %s): %s. No mail was lost",
			imap->outbox.where, strerror(errno));
	*at += n;
	*length = (size_t)n;
	return true;
}

static bool look_at_text(
	struct imap *imap, size_t i, struct text *text, struct error *err)
{
	off_t at = imap->outbox.closed.at[i].start;
	size_t length;

	text->octets = 0;
	text->has_nul = false;
	do {
		if (!read_piece(imap, i, &at, &length, err))
			return false;
		text->octets += imap_text_length(imap->piece, length);
		text->has_nul |=
			length > 0 && memchr(imap->piece, '\0', length) != NULL;
	} while (length > 0);
	return true;
}

/* Appends text to what is to be sent, and sends it if it is much. */
static bool push_text(struct imap *imap, size_t i, struct error *err)
{
	off_t at = imap->outbox.closed.at[i].start;
	size_t length;

	do {
		if (!read_piece(imap, i, &at, &length, err))
			return false;
		if (!imap_append_text(&imap->out, imap->piece, length))
			return error_set(err, ERROR_SOFTWARE,
				"a piece of %zu bytes does not fit", length);
		/* Small messages are sent together. */
		if (buffer_length(&imap->out) > IMAP_PIECE &&
			!imap_flush(imap, err))
			return false;
	} while (length > 0);
	return true;
}

static struct imap_flight *flight_of(struct imap *imap, size_t i)
{
	return &imap->flights[i % IMAP_GROUP];
}

/* Can a literal of this size be sent without waiting for the server? */
static bool needs_no_wait(const struct imap *imap, uint64_t octets)
{
	return imap->no_wait > 0 && octets <= imap->no_wait;
}

/* What precedes the text of message i in the command. */
static void push_literal(struct imap *imap, size_t i, const struct text *text)
{
	char date[IMAP_DATE_MAX];

	imap_format_date(date, imap->outbox.closed.at[i].date);
	/* Without flags: it is unread. */
	buffer_printf(&imap->out, " () %s %s{%" PRIu64 "%s}\r\n", date,
		text->has_nul ? "~" : "", text->octets,
		needs_no_wait(imap, text->octets) ? "+" : "");
}

/* Notes that message i, the next one, is part of the last command. */
static void take_off(
	struct imap *imap, size_t i, uint64_t octets, size_t ordinal)
{
	*flight_of(imap, i) = (struct imap_flight){.tag = imap->tag,
		.octets = octets,
		.ordinal = ordinal,
		.of = 1};
	imap->in_flight += octets;
	imap->outbox.ahead = i + 1;
}

/* May the next message be sent before the first of those sent is answered? */
static bool may_follow(const struct imap *imap, size_t first, size_t most)
{
	const struct outbox *outbox = &imap->outbox;

	return outbox->ahead < outbox->closed.count &&
		outbox->ahead < first + most && outbox_may_send(outbox) &&
		imap->in_flight < IMAP_WINDOW_OCTETS;
}

/* Looks at the next message, if it may be sent already. */
static bool look_ahead(struct imap *imap, size_t first, size_t most,
	struct text *text, struct error *err)
{
	const struct spool *batch = &imap->outbox.closed;

	while (may_follow(imap, first, most) &&
		batch->at[imap->outbox.ahead].forgone)
		imap->outbox.ahead++;
	text->is_next = may_follow(imap, first, most);
	return !text->is_next ||
		look_at_text(imap, imap->outbox.ahead, text, err);
}

static bool is_too_large(const struct imap *imap, const struct text *text)
{
	return imap->limit > 0 && text->octets > imap->limit;
}

/* The server does not take it. */
static bool is_unfit(const struct imap *imap, const struct text *text)
{
	return (text->has_nul && !imap->binary) || is_too_large(imap, text);
}

/*
 * Adds the messages that follow message i to its command (RFC 3502): all of
 * them are taken then, or none. A NUL is left to a command of its own.
 */
static bool push_others(struct imap *imap, size_t i, struct error *err)
{
	struct text text;
	size_t count = 1;

	for (;;) {
		if (!look_ahead(imap, i, IMAP_GROUP, &text, err))
			return false;
		size_t next = imap->outbox.ahead;

		if (!text.is_next || text.has_nul || is_unfit(imap, &text) ||
			!needs_no_wait(imap, text.octets))
			break;
		push_literal(imap, next, &text);
		take_off(imap, next, text.octets, count++);
		if (!push_text(imap, next, err))
			return false;
	}
	for (size_t k = i; k < imap->outbox.ahead; k++)
		flight_of(imap, k)->of = count;
	return true;
}

/* How long the answer to a message is waited for. */
static const struct imap_question storing = {.seconds = IMAP_MESSAGE_SECONDS};

/* Sends message i, whose text was looked at, and perhaps others with it. */
static bool send_command(
	struct imap *imap, size_t i, const struct text *text, struct error *err)
{
	bool waits = !needs_no_wait(imap, text->octets);
	bool alone = imap->alone > 0 || text->has_nul || waits;

	imap->in_command = true;
	buffer_printf(&imap->out, "k%" PRIu32 " APPEND ", ++imap->tag);
	buffer_append(&imap->out, imap->mailbox, strlen(imap->mailbox));
	push_literal(imap, i, text);
	take_off(imap, i, text->octets, 0);
	imap->alone -= imap->alone > 0;
	if (waits) {
		if (!imap_flush(imap, err) ||
			!imap_await(imap, imap->tag, &storing, err))
			return false;
		if (imap->response.status != IMAP_CONTINUE) {
			imap->in_command = false;
			imap->answered = imap->tag;
			flight_of(imap, i)->unsent = true;
			return true;
		}
	}
	if (!push_text(imap, i, err) ||
		(imap->multi && !alone && !push_others(imap, i, err)) ||
		!buffer_append(&imap->out, "\r\n", 2) || !imap_flush(imap, err))
		return false;
	imap->in_command = false;
	return true;
}

/* Sends messages that follow message i in commands of their own. */
static bool send_ahead(struct imap *imap, size_t i, struct error *err)
{
	struct text text;

	while (!imap->multi) {
		if (!look_ahead(imap, i, IMAP_WINDOW, &text, err))
			return false;
		if (!text.is_next || is_unfit(imap, &text) ||
			!needs_no_wait(imap, text.octets))
			break;
		if (!send_command(imap, imap->outbox.ahead, &text, err))
			return false;
	}
	return true;
}

/* Turns the response to a message into a verdict. */
static bool judge(struct imap *imap, const struct imap_flight *flight,
	struct confirmation *answer, struct error *err)
{
	const struct imap_response *response = &imap->response;
	struct imap_place place;

	if (response->status == IMAP_OK && !flight->unsent) {
		answer->verdict = VERDICT_PUBLISHED;
		if (imap_parse_appenduid(
			    &response->code, flight->ordinal, &place))
			imap_name_place(
				answer->where, sizeof answer->where, &place);
		return true;
	}
	if (response->status != IMAP_NO && response->status != IMAP_BAD)
		return imap_unexpected(imap, "a message", err);
	if (imap_refusal(response) != IMAP_REFUSES_MESSAGE) {
		answer->verdict = VERDICT_DEFERRED;
		return imap_unexpected(imap, "a message", err);
	}
	struct imap_text words = imap_words(imap);

	answer->verdict = VERDICT_REFUSED;
	error_set_server(&answer->why, ERROR_UNAVAILABLE, words.bytes,
		words.length, "%s refused it", imap->outbox.where);
	return true;
}

static bool refuse_unfit(struct imap *imap, size_t i,
	struct confirmation *answer, struct error *err)
{
	struct text text;

	answer->verdict = VERDICT_DEFERRED;
	if (!look_at_text(imap, i, &text, err))
		return false;
	answer->verdict = VERDICT_REFUSED;
	if (is_too_large(imap, &text))
		error_set(&answer->why, ERROR_UNAVAILABLE,
			"it has %llu bytes, and %s takes %llu at most (APPENDLIMIT)",
			(unsigned long long)text.octets, imap->outbox.where,
			(unsigned long long)imap->limit);
	else
		error_set(&answer->why, ERROR_UNAVAILABLE,
			"it contains a NUL byte, which %s does not accept (it lacks the extension BINARY)",
			imap->outbox.where);
	return true;
}

/* Sends message i, before which nothing is on its way. */
static bool send_first(struct imap *imap, size_t i, struct confirmation *answer,
	struct error *err)
{
	struct text text;

	imap->in_flight = 0;
	*flight_of(imap, i) = (struct imap_flight){.tag = 0};
	if (!look_at_text(imap, i, &text, err)) {
		answer->verdict = VERDICT_DEFERRED;
		return false;
	}
	return is_unfit(imap, &text) || send_command(imap, i, &text, err);
}

/* Was a command refused because of one of its messages? None was taken then. */
static bool is_divisible(
	const struct imap *imap, const struct imap_flight *flight)
{
	return flight->of > 1 && flight->ordinal == 0 &&
		(imap->response.status == IMAP_NO ||
			imap->response.status == IMAP_BAD) &&
		imap_refusal(&imap->response) == IMAP_REFUSES_MESSAGE;
}

static bool deliver(struct outbox *outbox, size_t i,
	struct confirmation *answer, struct error *err)
{
	struct imap *imap = imap_of(outbox);
	struct imap_flight *flight = flight_of(imap, i);

	if (i >= outbox->ahead && !send_first(imap, i, answer, err))
		return false;
	if (flight->tag == 0)
		return refuse_unfit(imap, i, answer, err);
	if (imap->answered != flight->tag &&
		(!send_ahead(imap, i, err) ||
			!imap_await(imap, flight->tag, &storing, err)))
		return false;
	imap->answered = flight->tag;
	imap->in_flight -= flight->octets;
	if (!is_divisible(imap, flight))
		return judge(imap, flight, answer, err);
	imap->alone = flight->of;
	outbox->ahead = i;
	return deliver(outbox, i, answer, err);
}

static bool stay(struct outbox *outbox, struct error *err)
{
	const struct imap_question question = {
		.command = "NOOP", .seconds = IMAP_STAY_SECONDS};

	return imap_question(imap_of(outbox), &question, err);
}

static void close_imap(struct outbox *outbox)
{
	struct imap *imap = imap_of(outbox);
	char logout[32];
	int n = snprintf(logout, sizeof logout, "k%" PRIu32 " LOGOUT\r\n",
		imap->tag + 1);

	/* Nothing depends on it, so the answer is not waited for. Within a
	 * message it would be part of that. */
	if (imap->peer.fd >= 0 && !imap->in_command)
		peer_send(&imap->peer, logout, (size_t)n, 1);
	peer_close(&imap->peer);
	buffer_release(&imap->in);
	buffer_release(&imap->out);
}

static const struct outbox_ops kind = {
	.close = close_imap, .deliver = deliver, .stay = stay};

static void take_status(void *data, const struct imap_response *response)
{
	struct imap *imap = data;
	struct imap_text items = response->text;
	struct imap_place next;

	if (response->status != IMAP_DATA || !imap_begins(&items, "STATUS"))
		return;
	/* The name of the mailbox comes before them, and may look alike. */
	for (size_t i = items.length; i-- > 0;) {
		if (items.bytes[i] == '(') {
			items.bytes += i;
			items.length -= i;
			break;
		}
	}
	if (imap_find_number(&items, "UIDNEXT", &next.uid) &&
		imap_find_number(&items, "UIDVALIDITY", &next.validity))
		imap->next = next;
}

/* Sends a command about the mailbox. */
static bool ask_mailbox(struct imap *imap, const char *command,
	const char *items, struct error *err)
{
	char *whole = xasprintf("%s %s%s", command, imap->mailbox, items);
	const struct imap_question question = {
		.command = whole, .take = take_status, .data = imap};
	bool ok = imap_question(imap, &question, err);

	free(whole);
	return ok;
}

/* Connects, and finds out what the server can do, and about the mailbox. */
static bool begin(struct imap *imap, const struct destination_opening *opening,
	bool *there, struct error *err)
{
	const struct imap_question question = {.command = "CAPABILITY",
		.take = imap_take_capabilities,
		.data = imap};
	struct peer_channel channel;

	imap->outbox.destination.ops = &imap_ops;
	imap->peer.fd = -1;
	imap->peer.stop = imap->outbox.stop = opening->stop;
	imap->alone = opening->careful ? IMAP_GROUP : 0;
	buffer_init(&imap->in, IMAP_RESPONSE_MAX + 64 * 1024);
	buffer_init(&imap->out, 4 * IMAP_PIECE);
	outbox_init(&imap->outbox, &kind,
		xasprintf("the mailbox %s", opening->destination->path));
	if (opening->last != NULL)
		imap_parse_place(opening->last, &imap->last);
	if (!imap_quote_mailbox(
		    opening->destination->imap.folder, imap->mailbox))
		return error_set(err, ERROR_CREATE, "%s has no valid name",
			imap->outbox.where);
	if (!opening->dial(opening->dial_data, &channel, err))
		return false;
	peer_use(&imap->peer, &channel);
	if (!imap_question(imap, &question, err))
		return false;
	if (imap->response.status != IMAP_OK)
		return imap_unexpected(imap, "CAPABILITY", err);
	if (!ask_mailbox(imap, "STATUS", " (UIDNEXT UIDVALIDITY)", err))
		return false;
	*there = imap->response.status == IMAP_OK;
	return *there || imap_refusal(&imap->response) != IMAP_REFUSES_NOW ||
		imap_unexpected(imap, "STATUS", err);
}

/* A mailbox that does not exist is created, as a Maildir is. */
static bool create(struct imap *imap, struct error *err)
{
	static const char items[] = " (UIDNEXT UIDVALIDITY)";

	if (!ask_mailbox(imap, "CREATE", "", err))
		return false;
	if (imap->response.status != IMAP_OK) {
		enum imap_refusal why = imap_refusal(&imap->response);
		struct imap_text words = imap_words(imap);

		error_set_server(err,
			why == IMAP_REFUSES_NOW ? ERROR_TEMPORARY
						: ERROR_CREATE,
			words.bytes, words.length,
			"%s does not exist and cannot be created: check the folder in the setting imap",
			imap->outbox.where);
		struct error unimportant = {.kind = ERROR_NONE};

		/* Another program may have created it meanwhile. */
		return ask_mailbox(imap, "STATUS", items, &unimportant) &&
			imap->response.status == IMAP_OK;
	}
	/* Clients may show only what is subscribed to. */
	return ask_mailbox(imap, "SUBSCRIBE", "", err) &&
		ask_mailbox(imap, "STATUS", items, err);
}

static struct destination *open_imap(
	const struct destination_opening *opening, struct error *err)
{
	struct imap *imap = xcalloc(1, sizeof *imap);
	bool there;

	if (begin(imap, opening, &there, err) && (there || create(imap, err)) &&
		outbox_open_spool(&imap->outbox, opening->spool_directory, err))
		return &imap->outbox.destination;
	outbox_close(&imap->outbox.destination);
	return NULL;
}

bool imap_ask(const struct destination_opening *opening, bool *there,
	struct error *err)
{
	struct imap *imap = xcalloc(1, sizeof *imap);
	bool ok = begin(imap, opening, there, err);

	outbox_close(&imap->outbox.destination);
	return ok;
}

/* Until it is confirmed, its name says where imap_recover is to look for it. */
static bool end_message(struct destination *destination,
	const struct destination_ending *ending, struct letter *letter,
	struct error *err)
{
	const struct imap *imap = (const struct imap *)destination;

	if (!outbox_end(destination, ending, letter, err))
		return false;
	if (imap->next.uid > 0)
		imap_name_start(letter->name, sizeof letter->name, &imap->next);
	return true;
}

const struct destination_ops imap_ops = {
	.open = open_imap,
	OUTBOX_OPS,
	.end = end_message,
	.recover = imap_recover,
};
