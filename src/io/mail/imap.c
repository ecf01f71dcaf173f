/* SPDX-License-Identifier: ISC */
#include "io/mail/imap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "core/xalloc.h"
#include "io/mail/imap_internal.h"

/* RFC 7888 section 5. */
#define SHORT_LITERAL 4096

/* ---- messages ------------------------------------------------------------ */

/* What must be known of a message's text before it is sent. */
struct text {
	uint64_t octets; /* with CRLF line ends */
	bool has_nul;
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

	*text = (struct text){.octets = 0};
	do {
		if (!read_piece(imap, i, &at, &length, err))
			return false;
		text->octets += imap_text_length(imap->piece, length);
		text->has_nul |=
			length > 0 && memchr(imap->piece, '\0', length) != NULL;
	} while (length > 0);
	return true;
}

static bool send_text(struct imap *imap, size_t i, struct error *err)
{
	off_t at = imap->outbox.closed.at[i].start;
	size_t length;

	do {
		if (!read_piece(imap, i, &at, &length, err))
			return false;
		if (!imap_append_text(&imap->out, imap->piece, length))
			return error_set(err, ERROR_SOFTWARE,
				"a piece of %zu bytes does not fit", length);
		/* Small messages are sent at once. */
		if (buffer_length(&imap->out) > IMAP_PIECE &&
			!imap_flush(imap, err))
			return false;
	} while (length > 0);
	return buffer_append(&imap->out, "\r\n", 2) && imap_flush(imap, err);
}

static struct imap_flight *flight_of(struct imap *imap, size_t i)
{
	return &imap->flights[i % IMAP_WINDOW];
}

/* Can a literal of this size be sent without waiting for the server? */
static bool needs_no_wait(const struct imap *imap, uint64_t octets)
{
	return imap->literal_plus ||
		(imap->literal_minus && octets <= SHORT_LITERAL);
}

/* The command up to the message's text. */
static bool push_append(
	struct imap *imap, size_t i, const struct text *text, bool at_once)
{
	char date[IMAP_DATE_MAX];

	imap_format_date(date, imap->outbox.closed.at[i].date);
	return buffer_printf(&imap->out, "k%" PRIu32 " APPEND ", ++imap->tag) &&
		buffer_append(
			&imap->out, imap->mailbox, strlen(imap->mailbox)) &&
		/* Without flags: it is unread. */
		buffer_printf(&imap->out, " () %s %s{%" PRIu64 "%s}\r\n", date,
			text->has_nul ? "~" : "", text->octets,
			at_once ? "+" : "");
}

/*
 * Sends message i. If its flight has no tag then, the server cannot be sent
 * such a message; if the last response is not IMAP_CONTINUE, it was refused.
 */
static bool send_now(
	struct imap *imap, size_t i, const struct text *text, struct error *err)
{
	bool at_once = needs_no_wait(imap, text->octets);
	struct imap_flight *flight = flight_of(imap, i);

	imap->outbox.ahead = i + 1;
	*flight = (struct imap_flight){.tag = 0};
	if (text->has_nul && !imap->binary)
		return true;
	if (!push_append(imap, i, text, at_once))
		return error_set(err, ERROR_SOFTWARE,
			"a command to %s is too long", imap->outbox.where);
	flight->tag = imap->tag;
	flight->octets = text->octets;
	imap->in_flight += text->octets;
	if (at_once)
		return send_text(imap, i, err);
	return imap_flush(imap, err) &&
		imap_await(imap, flight->tag, NULL, NULL, err) &&
		(imap->response.status != IMAP_CONTINUE ||
			send_text(imap, i, err));
}

/* Sends messages that follow message i, as far as that may be done. */
static bool send_ahead(struct imap *imap, size_t i, struct error *err)
{
	const struct spool *batch = &imap->outbox.closed;
	size_t next;

	while ((next = imap->outbox.ahead) < batch->count &&
		next < i + IMAP_WINDOW && outbox_may_send(&imap->outbox) &&
		imap->in_flight < IMAP_WINDOW_OCTETS) {
		struct text text;

		if (batch->at[next].forgone) {
			imap->outbox.ahead++;
			continue;
		}
		if (!look_at_text(imap, next, &text, err))
			return false;
		if (!needs_no_wait(imap, text.octets))
			return true;
		if (!send_now(imap, next, &text, err))
			return false;
	}
	return true;
}

/* Turns the response to message i into a verdict. */
static bool judge(
	struct imap *imap, struct confirmation *answer, struct error *err)
{
	const struct imap_response *response = &imap->response;
	struct imap_place place;

	if (response->status == IMAP_OK) {
		answer->verdict = VERDICT_PUBLISHED;
		if (imap_parse_appenduid(&response->code, &place))
			imap_name_place(
				answer->where, sizeof answer->where, &place);
		return true;
	}
	if (response->status != IMAP_NO && response->status != IMAP_BAD)
		return imap_unexpected(imap, "a message", err);
	if (imap_refusal(&response->code) != IMAP_REFUSES_MESSAGE) {
		answer->verdict = VERDICT_DEFERRED;
		return imap_unexpected(imap, "a message", err);
	}
	answer->verdict = VERDICT_REFUSED;
	error_set_server(&answer->why, ERROR_UNAVAILABLE, response->text.bytes,
		response->text.length, "%s refused it", imap->outbox.where);
	return true;
}

/* A NUL that the server does not take. */
static bool refuse(struct imap *imap, struct confirmation *answer)
{
	answer->verdict = VERDICT_REFUSED;
	error_set(&answer->why, ERROR_UNAVAILABLE,
		"it contains a NUL byte, which %s does not take (it lacks BINARY)",
		imap->outbox.where);
	return true;
}

static bool deliver(struct outbox *outbox, size_t i,
	struct confirmation *answer, struct error *err)
{
	struct imap *imap = imap_of(outbox);
	struct imap_flight *flight = flight_of(imap, i);
	struct text text;
	bool waits = false; /* for each message */

	if (i >= outbox->ahead) {
		imap->in_flight = 0;
		if (!look_at_text(imap, i, &text, err)) {
			answer->verdict = VERDICT_DEFERRED;
			return false;
		}
		waits = !needs_no_wait(imap, text.octets);
		imap->response.status = IMAP_CONTINUE;
		if (!send_now(imap, i, &text, err))
			return false;
	}
	if (flight->tag == 0)
		return refuse(imap, answer);
	/* What is refused before its text was sent is answered. */
	if (waits && imap->response.status != IMAP_CONTINUE)
		return judge(imap, answer, err);
	if (!waits && !send_ahead(imap, i, err))
		return false;
	if (!imap_await(imap, flight->tag, NULL, NULL, err))
		return false;
	imap->in_flight -= flight->octets;
	return judge(imap, answer, err);
}

static bool stay(struct outbox *outbox, struct error *err)
{
	const struct imap_question question = {.command = "NOOP"};

	return imap_question(imap_of(outbox), &question, err);
}

static void close_imap(struct outbox *outbox)
{
	struct imap *imap = imap_of(outbox);
	char logout[32];
	int n = snprintf(logout, sizeof logout, "k%" PRIu32 " LOGOUT\r\n",
		imap->tag + 1);

	/* Nothing depends on it, so the answer is not waited for. */
	if (imap->peer.fd >= 0)
		peer_send(&imap->peer, logout, (size_t)n, 1);
	peer_close(&imap->peer);
	buffer_release(&imap->in);
	buffer_release(&imap->out);
}

static const struct outbox_ops kind = {
	.close = close_imap, .deliver = deliver, .stay = stay};

/* ---- the mailbox --------------------------------------------------------- */

static void take_capabilities(void *data, const struct imap_response *response)
{
	struct imap *imap = data;

	if (response->status != IMAP_DATA ||
		!imap_begins(&response->text, "CAPABILITY"))
		return;
	imap->literal_plus = imap_has(&response->text, "LITERAL+");
	imap->literal_minus = imap_has(&response->text, "LITERAL-");
	imap->binary = imap_has(&response->text, "BINARY");
}

static void take_status(void *data, const struct imap_response *response)
{
	struct imap *imap = data;
	struct imap_place next;

	if (response->status == IMAP_DATA &&
		imap_begins(&response->text, "STATUS") &&
		imap_find_number(&response->text, "UIDNEXT", &next.uid) &&
		imap_find_number(
			&response->text, "UIDVALIDITY", &next.validity))
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
		.take = take_capabilities,
		.data = imap};
	struct peer_channel channel;

	imap->outbox.destination.ops = &imap_ops;
	imap->peer.fd = -1;
	imap->peer.stop = imap->outbox.stop = opening->stop;
	buffer_init(&imap->in, IMAP_RESPONSE_MAX + 64 * 1024);
	buffer_init(&imap->out, 4 * IMAP_PIECE);
	outbox_init(&imap->outbox, &kind,
		xasprintf("the mailbox %s", opening->destination->path));
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
	return *there ||
		imap_refusal(&imap->response.code) != IMAP_REFUSES_NOW ||
		imap_unexpected(imap, "STATUS", err);
}

/* A mailbox that does not exist is created, as a Maildir is. */
static bool create(struct imap *imap, struct error *err)
{
	if (!ask_mailbox(imap, "CREATE", "", err))
		return false;
	if (imap->response.status != IMAP_OK)
		return error_set_server(err, ERROR_CREATE,
			imap->response.text.bytes, imap->response.text.length,
			"%s does not exist and cannot be created: check the folder in the setting imap",
			imap->outbox.where);
	/* Clients may show only what is subscribed to. */
	return ask_mailbox(imap, "SUBSCRIBE", "", err) &&
		ask_mailbox(imap, "STATUS", " (UIDNEXT UIDVALIDITY)", err);
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
