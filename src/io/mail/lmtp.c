/* SPDX-License-Identifier: ISC */
#include "io/mail/lmtp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/lmtp.h"
#include "core/text.h"
#include "core/xalloc.h"
#include "io/mail/outbox.h"
#include "io/mail/peer.h"

/* Seconds that a server may take (RFC 5321 section 4.5.3.2). */
#define COMMAND_SECONDS 300
#define MESSAGE_SECONDS 600
/* No longer than the POP3 server may wait meanwhile. */
#define STAY_SECONDS 30
/* Message text is sent in pieces of this size. */
#define PIECE (64 * 1024)

struct lmtp {
	struct outbox outbox;
	struct peer peer;
	struct buffer in;	 /* received; begins with the last reply */
	struct buffer out;	 /* to be sent */
	struct lmtp_reply reply; /* the last one */
	char *recipient;	 /* owned */
	bool pipelining;	 /* RFC 2920 */
	bool eight_bit;		 /* RFC 6152 */
	bool sizes;		 /* RFC 1870 */
	uint64_t limit;		 /* bytes of a message; 0: unknown */
	bool refused;	  /* the last message, before its text was sent */
	int refusal;	  /* the reply to MAIL, if that was refused; else 0 */
	bool null_sender; /* for this message */
	char piece[PIECE];
};

static struct lmtp *lmtp_of(struct outbox *outbox)
{
	return (struct lmtp *)outbox;
}

/* Fails with what was attempted, and why that failed (errno). */
static bool broken(struct lmtp *lmtp, const char *what, struct error *err)
{
	return error_set(err, ERROR_TEMPORARY,
		"cannot %s %s: %s. What it has not confirmed stays on the server, and the next run delivers it",
		what, lmtp->outbox.where, peer_error());
}

/* Fails with the last reply, which was not expected. */
static bool unexpected(
	struct lmtp *lmtp, const char *command, struct error *err)
{
	return error_set_server(err, ERROR_TEMPORARY, lmtp->reply.text,
		lmtp->reply.text_length,
		"%s answered %s with %d: nothing more is delivered in this run, and the mail stays on the server",
		lmtp->outbox.where, command, lmtp->reply.code);
}

static bool flush(struct lmtp *lmtp, struct error *err)
{
	struct buffer *out = &lmtp->out;

	if (!peer_send(&lmtp->peer, buffer_bytes(out), buffer_length(out),
		    COMMAND_SECONDS))
		return broken(lmtp, "send to", err);
	buffer_consume(out, buffer_length(out));
	return true;
}

/* Receives the next reply. */
static bool receive(struct lmtp *lmtp, int seconds, struct error *err)
{
	struct buffer *in = &lmtp->in;
	char bytes[4096];

	buffer_consume(in, lmtp->reply.octets);
	lmtp->reply.octets = 0;
	peer_expect(&lmtp->peer, seconds);
	for (;;) {
		switch (lmtp_parse_reply(
			buffer_bytes(in), buffer_length(in), &lmtp->reply)) {
		case LMTP_COMPLETE:
			return true;
		case LMTP_BROKEN:
			return error_set_server(err, ERROR_TEMPORARY,
				buffer_bytes(in), buffer_length(in),
				"%s does not speak LMTP: check the setting lmtp",
				lmtp->outbox.where);
		case LMTP_MORE:
			break;
		}
		ssize_t n = peer_receive(&lmtp->peer, bytes, sizeof bytes);

		if (n <= 0 || !buffer_append(in, bytes, (size_t)n))
			return broken(lmtp, "receive an answer from", err);
	}
}

/* Sends a command and receives its reply. */
static bool ask(struct lmtp *lmtp, const char *command, struct error *err)
{
	return buffer_printf(&lmtp->out, "%s\r\n", command) &&
		flush(lmtp, err) && receive(lmtp, COMMAND_SECONDS, err);
}

/* The commands before the text of a message, in this order. */
enum command {
	COMMAND_RSET, /* only after a refusal */
	COMMAND_MAIL,
	COMMAND_RCPT,
	COMMAND_DATA,
};

static const char *const names[] = {"RSET", "MAIL", "RCPT", "DATA"};

static void push_mail(struct lmtp *lmtp, const struct spooled *one)
{
	char size[32] = "";

	/* CRLFs are not counted, so this is less than the real size. */
	if (lmtp->sizes)
		snprintf(size, sizeof size, " SIZE=%lld",
			(long long)(one->end - one->start));
	buffer_printf(&lmtp->out, "MAIL FROM:<%s>%s%s\r\n",
		lmtp_is_address(one->from) && !lmtp->null_sender ? one->from
								 : "",
		size, lmtp->eight_bit ? " BODY=8BITMIME" : "");
}

/* Appends a command for message i. */
static void push(struct lmtp *lmtp, enum command command, size_t i)
{
	switch (command) {
	case COMMAND_RSET:
		buffer_printf(&lmtp->out, "RSET\r\n");
		break;
	case COMMAND_MAIL:
		push_mail(lmtp, &lmtp->outbox.closed.at[i]);
		break;
	case COMMAND_RCPT:
		buffer_printf(&lmtp->out, "RCPT TO:<%s>\r\n", lmtp->recipient);
		break;
	case COMMAND_DATA:
		buffer_printf(&lmtp->out, "DATA\r\n");
		break;
	}
}

static enum command first_command(const struct lmtp *lmtp)
{
	return lmtp->refused ? COMMAND_RSET : COMMAND_MAIL;
}

/*
 * Ends a message. An answer before that is not one to this message: what a
 * server that is out of step answers must not be taken for a confirmation.
 */
static bool send_end(
	struct lmtp *lmtp, struct lmtp_text *text, struct error *err)
{
	char byte;
	ssize_t early = peer_receive_now(&lmtp->peer, &byte, 1);

	if (early < 0)
		return broken(lmtp, "send to", err);
	if (early > 0 || buffer_length(&lmtp->in) > lmtp->reply.octets)
		return error_set(err, ERROR_TEMPORARY,
			"%s answered before the end of a message: nothing more is delivered in this run, and the mail stays on the server",
			lmtp->outbox.where);
	return lmtp_quote_end(text, &lmtp->out) && flush(lmtp, err);
}

static bool send_text(struct lmtp *lmtp, size_t i, struct error *err)
{
	const struct spool *spool = &lmtp->outbox.closed;
	const struct spooled *one = &spool->at[i];
	struct lmtp_text text = {.in_line = false};
	off_t at = one->start;

	while (at < one->end) {
		ssize_t n = spool_read(
			spool, one, at, lmtp->piece, sizeof lmtp->piece);

		if (n < 0)
			return error_set(err, ERROR_WRITE,
				"cannot read the spool file in the state directory (for %s): %s. No mail was lost",
				lmtp->outbox.where, strerror(errno));
		if (!lmtp_quote(&text, lmtp->piece, (size_t)n, &lmtp->out))
			return error_set(err, ERROR_SOFTWARE,
				"a piece of %zd bytes does not fit", n);
		/* Small messages are sent at once. */
		if (buffer_length(&lmtp->out) > PIECE && !flush(lmtp, err))
			return false;
		at += n;
	}
	return send_end(lmtp, &text, err);
}

/* Turns a negative reply into a verdict. False: nothing more is delivered. */
static bool judge(struct lmtp *lmtp, const char *command,
	struct confirmation *answer, struct error *err)
{
	const struct lmtp_reply *reply = &lmtp->reply;

	if (reply->code / 100 == 4)
		answer->verdict = VERDICT_DEFERRED;
	if (reply->code / 100 != 5)
		return unexpected(lmtp, command, err);
	answer->verdict = VERDICT_REFUSED;
	error_set_server(&answer->why, ERROR_UNAVAILABLE, reply->text,
		reply->text_length, "%s answered %s with %d",
		lmtp->outbox.where, command, reply->code);
	return true;
}

static uint64_t size_of(const struct lmtp *lmtp, size_t i)
{
	const struct spooled *one = &lmtp->outbox.closed.at[i];

	return (uint64_t)(one->end - one->start);
}

/*
 * Should each reply be waited for? Some servers refuse MAIL because of the size
 * that it announces, and ask for the text all the same. Line ends are not
 * counted here.
 */
static bool is_careful(const struct lmtp *lmtp, size_t i)
{
	return !lmtp->pipelining ||
		(lmtp->limit > 0 && 2 * size_of(lmtp, i) > lmtp->limit);
}

/*
 * Exchanges the commands before the text of message i. Sets lmtp->refused if it
 * was refused. Without a recipient, DATA must fail (RFC 2033 section 4.2).
 */
static bool exchange_envelope(struct lmtp *lmtp, size_t i,
	struct confirmation *answer, struct error *err)
{
	int command = (int)first_command(lmtp);
	bool careful = is_careful(lmtp, i);

	for (int all = command; !careful && all <= COMMAND_DATA; all++)
		push(lmtp, (enum command)all, i);
	lmtp->refused = false;
	lmtp->refusal = 0;
	for (; command <= COMMAND_DATA && !(careful && lmtp->refused);
		command++) {
		bool data = command == COMMAND_DATA;

		if (careful)
			push(lmtp, (enum command)command, i);
		if (!flush(lmtp, err) || !receive(lmtp, COMMAND_SECONDS, err))
			return false;
		bool fine = lmtp->reply.code / 100 == (data ? 3 : 2);

		if ((data && fine && lmtp->refused) ||
			(command == COMMAND_RSET && !fine))
			return unexpected(lmtp, names[command], err);
		if (!fine && !lmtp->refused &&
			!judge(lmtp, names[command], answer, err))
			return false;
		if (!fine && command == COMMAND_MAIL)
			lmtp->refusal = lmtp->reply.code;
		lmtp->refused = lmtp->refused || !fine;
	}
	return true;
}

/*
 * What a server takes for the address of a sender is its own affair, and
 * nothing is lost without one (RFC 5321 section 4.2.3: 501 and 553).
 */
static bool exchange_envelopes(struct lmtp *lmtp, size_t i,
	struct confirmation *answer, struct error *err)
{
	lmtp->null_sender = false;
	if (!exchange_envelope(lmtp, i, answer, err))
		return false;
	if ((lmtp->refusal != 501 && lmtp->refusal != 553) ||
		lmtp->outbox.closed.at[i].from[0] == '\0')
		return true;
	lmtp->null_sender = true;
	answer->verdict = VERDICT_DEFERRED;
	return exchange_envelope(lmtp, i, answer, err);
}

static bool deliver(struct outbox *outbox, size_t i,
	struct confirmation *answer, struct error *err)
{
	struct lmtp *lmtp = lmtp_of(outbox);

	if (lmtp->limit > 0 && size_of(lmtp, i) > lmtp->limit) {
		answer->verdict = VERDICT_REFUSED;
		error_set(&answer->why, ERROR_UNAVAILABLE,
			"it has more than %llu bytes, the limit of %s (SIZE)",
			(unsigned long long)lmtp->limit, outbox->where);
		return true;
	}
	/* Without its text, it was certainly not taken. */
	answer->verdict = VERDICT_DEFERRED;
	if (!exchange_envelopes(lmtp, i, answer, err))
		return false;
	if (lmtp->refused)
		return true;
	answer->verdict = VERDICT_FAILED;
	if (!send_text(lmtp, i, err) || !receive(lmtp, MESSAGE_SECONDS, err))
		return false;
	if (lmtp->reply.code / 100 != 2)
		return judge(lmtp, "the message", answer, err);
	answer->verdict = VERDICT_PUBLISHED;
	text_printable(answer->where, sizeof answer->where, lmtp->reply.text,
		lmtp->reply.text_length);
	return true;
}

static bool stay(struct outbox *outbox, struct error *err)
{
	struct lmtp *lmtp = lmtp_of(outbox);

	buffer_printf(&lmtp->out, "NOOP\r\n");
	return flush(lmtp, err) && receive(lmtp, STAY_SECONDS, err);
}

static void close_lmtp(struct outbox *outbox)
{
	struct lmtp *lmtp = lmtp_of(outbox);

	/* Nothing depends on it, so the answer is not waited for. */
	if (lmtp->peer.fd >= 0)
		peer_send(&lmtp->peer, "QUIT\r\n", 6, 1);
	peer_close(&lmtp->peer);
	buffer_release(&lmtp->in);
	buffer_release(&lmtp->out);
	free(lmtp->recipient);
}

static bool dial(struct lmtp *lmtp, const struct destination_opening *opening,
	struct error *err)
{
	const char *path = opening->destination->path;
	struct lmtp_server server;
	struct peer_channel channel;
	const char *unknown = NULL;

	if (!lmtp_parse_server(path, &server))
		return error_set(err, ERROR_CREATE, "%s is not an LMTP server",
			lmtp->outbox.where);
	if (server.tls) {
		if (!opening->dial(opening->dial_data, &channel, err))
			return false;
		peer_use(&lmtp->peer, &channel);
		return true;
	}
	if (server.path != NULL ? peer_connect_path(&lmtp->peer, server.path)
				: peer_connect_host(&lmtp->peer, server.host,
					  server.port, &unknown))
		return true;
	if (unknown != NULL)
		return error_set(err, ERROR_TEMPORARY,
			"cannot find the host of %s: %s", lmtp->outbox.where,
			unknown);
	/* What does not exist or is forbidden will be so the next time. */
	return error_set(err,
		errno == ENOENT || errno == EACCES ? ERROR_CREATE
						   : ERROR_TEMPORARY,
		"cannot connect to %s: %s. Nothing was fetched",
		lmtp->outbox.where, strerror(errno));
}

/* Receives the greeting, and asks what the server can do. */
static bool greet(struct lmtp *lmtp, struct error *err)
{
	if (!receive(lmtp, COMMAND_SECONDS, err))
		return false;
	if (lmtp->reply.code != 220)
		return unexpected(lmtp, "the connection", err);
	if (!ask(lmtp, "LHLO localhost", err))
		return false;
	if (lmtp->reply.code != 250)
		return unexpected(lmtp, "LHLO", err);
	const char *reply = buffer_bytes(&lmtp->in);
	size_t length = lmtp->reply.octets;

	lmtp->pipelining = lmtp_announces(reply, length, "PIPELINING");
	lmtp->eight_bit = lmtp_announces(reply, length, "8BITMIME");
	lmtp->sizes = lmtp_announces(reply, length, "SIZE");
	lmtp->limit = lmtp_limit(reply, length);
	return true;
}

static const struct outbox_ops kind = {
	.close = close_lmtp, .deliver = deliver, .stay = stay};

/* Connects, and finds out what the server can do. */
static bool begin(struct lmtp *lmtp, const struct destination_opening *opening,
	struct error *err)
{
	lmtp->outbox.destination.ops = &lmtp_ops;
	lmtp->peer.fd = -1;
	lmtp->peer.stop = lmtp->outbox.stop = opening->stop;
	buffer_init(&lmtp->in, LMTP_REPLY_MAX + 2 * LMTP_LINE_MAX);
	buffer_init(&lmtp->out, 4 * PIECE + LMTP_LINE_MAX);
	outbox_init(&lmtp->outbox, &kind,
		xasprintf("the LMTP server %s", opening->destination->path));
	return dial(lmtp, opening, err) && greet(lmtp, err);
}

static struct destination *open_lmtp(
	const struct destination_opening *opening, struct error *err)
{
	const struct account_destination *to = opening->destination;
	struct lmtp *lmtp = xcalloc(1, sizeof *lmtp);

	lmtp->recipient = xstrdup(to->recipient);
	if (begin(lmtp, opening, err) &&
		outbox_open_spool(&lmtp->outbox, opening->spool_directory, err))
		return &lmtp->outbox.destination;
	outbox_close(&lmtp->outbox.destination);
	return NULL;
}

bool lmtp_ask(const struct destination_opening *opening, bool *there,
	struct error *err)
{
	struct lmtp *lmtp = xcalloc(1, sizeof *lmtp);

	*there = begin(lmtp, opening, err);
	outbox_close(&lmtp->outbox.destination);
	return *there;
}

const struct destination_ops lmtp_ops = {
	.open = open_lmtp,
	OUTBOX_OPS,
	.end = outbox_end,
	.recover = outbox_recover,
};
