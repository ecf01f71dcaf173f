/* SPDX-License-Identifier: ISC */
/* Commands to an IMAP server, and its responses. */
#include <errno.h>
#include <string.h>

#include "core/text.h"
#include "io/mail/imap_internal.h"

bool imap_broken(struct imap *imap, const char *what, struct error *err)
{
	const char *why = errno == ETIMEDOUT ? "no answer in time"
		: errno == ECONNRESET || errno == EPIPE
		? "it closed the connection"
		: errno == ECANCELED ? "a signal ended the run"
				     : strerror(errno);

	return error_set(err, ERROR_TEMPORARY,
		"cannot %s %s: %s. What it has not confirmed stays on the server, and the next run asks for it",
		what, imap->outbox.where, why);
}

bool imap_unexpected(struct imap *imap, const char *command, struct error *err)
{
	return error_set_server(err, ERROR_TEMPORARY, imap->response.text.bytes,
		imap->response.text.length,
		"%s refused %s: nothing more is delivered in this run, and the mail stays on the server",
		imap->outbox.where, command);
}

bool imap_flush(struct imap *imap, struct error *err)
{
	struct buffer *out = &imap->out;

	if (!peer_send(&imap->peer, buffer_bytes(out), buffer_length(out),
		    IMAP_COMMAND_SECONDS))
		return imap_broken(imap, "send to", err);
	buffer_consume(out, buffer_length(out));
	return true;
}

/* Receives the next response. */
static bool receive(struct imap *imap, struct error *err)
{
	struct buffer *in = &imap->in;
	char bytes[16 * 1024];

	buffer_consume(in, imap->response.octets);
	imap->response.octets = 0;
	for (;;) {
		switch (imap_parse_response(
			buffer_bytes(in), buffer_length(in), &imap->response)) {
		case IMAP_COMPLETE:
			return true;
		case IMAP_BROKEN:
			return error_set_server(err, ERROR_TEMPORARY,
				buffer_bytes(in), buffer_length(in),
				"%s does not speak IMAP: check the setting imap",
				imap->outbox.where);
		case IMAP_MORE:
			break;
		}
		ssize_t n = peer_receive(
			&imap->peer, bytes, sizeof bytes, IMAP_MESSAGE_SECONDS);

		if (n == 0)
			errno = ECONNRESET;
		if (n <= 0 || !buffer_append(in, bytes, (size_t)n))
			return imap_broken(imap, "receive an answer from", err);
	}
}

/* The server ends the connection, and says why. */
static bool ended(struct imap *imap, struct error *err)
{
	return error_set_server(err, ERROR_TEMPORARY, imap->response.text.bytes,
		imap->response.text.length,
		"%s ended the connection: what it has not confirmed stays on the server, and the next run asks for it",
		imap->outbox.where);
}

bool imap_await(struct imap *imap, uint32_t tag, imap_take *take, void *data,
	struct error *err)
{
	for (;;) {
		const struct imap_response *response = &imap->response;

		if (!receive(imap, err))
			return false;
		if (response->status == IMAP_BYE)
			return ended(imap, err);
		if (response->tag == tag || response->status == IMAP_CONTINUE)
			return true;
		/* Which message it is about cannot be told. */
		if (response->tag != 0)
			return error_set(err, ERROR_TEMPORARY,
				"%s answered another command than it was sent first: nothing more is delivered in this run, and the mail stays on the server",
				imap->outbox.where);
		if (take != NULL)
			take(data, response);
	}
}

bool imap_question(struct imap *imap, const struct imap_question *question,
	struct error *err)
{
	uint32_t tag = ++imap->tag;

	if (!buffer_printf(&imap->out, "k%u ", tag) ||
		!buffer_append(&imap->out, question->command,
			strlen(question->command)) ||
		!buffer_append(&imap->out, "\r\n", 2))
		return error_set(err, ERROR_SOFTWARE,
			"a command to %s is too long", imap->outbox.where);
	if (!imap_flush(imap, err) ||
		!imap_await(imap, tag, question->take, question->data, err))
		return false;
	return imap->response.status != IMAP_CONTINUE ||
		imap_unexpected(imap, "a command", err);
}
