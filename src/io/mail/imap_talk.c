/* SPDX-License-Identifier: ISC */
/* Commands to an IMAP server, and its responses. */
#include <errno.h>
#include <string.h>

#include "io/mail/imap_internal.h"

/* RFC 7888 section 5. */
#define SHORT_LITERAL 4096
/* A server that does not take longer ones can say so before they are sent; it
 * would have to close the connection otherwise (section 4). */
#define LONG_LITERAL (256 * 1024)

bool imap_broken(struct imap *imap, const char *what, struct error *err)
{
	return error_set(err, ERROR_TEMPORARY,
		"cannot %s %s: %s. What it has not confirmed stays on the server, and the next run asks for it",
		what, imap->outbox.where, peer_error());
}

struct imap_text imap_words(struct imap *imap)
{
	struct imap_text words = imap->response.text;

	if (words.length > sizeof imap->shown)
		words.length = sizeof imap->shown;
	if (words.length > 0)
		memcpy(imap->shown, words.bytes, words.length);
	peer_hide(&imap->peer, imap->shown, words.length);
	words.bytes = imap->shown;
	return words;
}

bool imap_unexpected(struct imap *imap, const char *command, struct error *err)
{
	struct imap_text words = imap_words(imap);

	return error_set_server(err, ERROR_TEMPORARY, words.bytes, words.length,
		"%s %s %s: nothing more is delivered in this run, and the mail stays on the server",
		imap->outbox.where,
		imap->response.status == IMAP_NO ||
				imap->response.status == IMAP_BAD
			? "refused"
			: "gave an unexpected answer to",
		command);
}

/* The server ends the connection, and says why. */
static bool ended(struct imap *imap, struct error *err)
{
	struct imap_text words = imap_words(imap);

	return error_set_server(err, ERROR_TEMPORARY, words.bytes, words.length,
		"%s ended the connection: what it has not confirmed stays on the server, and the next run asks for it",
		imap->outbox.where);
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
			return error_set(err, ERROR_TEMPORARY,
				"%s does not speak IMAP, or not as expected: check the setting imap",
				imap->outbox.where);
		case IMAP_MORE:
			break;
		}
		ssize_t n = peer_receive(&imap->peer, bytes, sizeof bytes);

		if (n == 0)
			errno = ECONNRESET;
		if (n <= 0 || !buffer_append(in, bytes, (size_t)n))
			return imap_broken(imap, "receive an answer from", err);
	}
}

/* Nothing can be sent. Has the server said why? */
static bool cut_off(struct imap *imap, struct error *err)
{
	struct error unimportant = {.kind = ERROR_NONE};
	int saved = errno;

	peer_expect(&imap->peer, 2);
	while (receive(imap, &unimportant)) {
		if (imap->response.status == IMAP_BYE)
			return ended(imap, err);
	}
	errno = saved;
	return imap_broken(imap, "send to", err);
}

bool imap_flush(struct imap *imap, struct error *err)
{
	struct buffer *out = &imap->out;

	if (!peer_send(&imap->peer, buffer_bytes(out), buffer_length(out),
		    IMAP_COMMAND_SECONDS))
		return cut_off(imap, err);
	buffer_consume(out, buffer_length(out));
	return true;
}

bool imap_await(struct imap *imap, uint32_t tag,
	const struct imap_question *question, struct error *err)
{
	const struct imap_response *response = &imap->response;

	peer_expect(&imap->peer,
		question->seconds > 0 ? question->seconds
				      : IMAP_COMMAND_SECONDS);
	for (;;) {
		if (!receive(imap, err))
			return false;
		if (response->status == IMAP_BYE)
			return ended(imap, err);
		if (response->tag == tag || response->status == IMAP_CONTINUE)
			return true;
		/* Which message it is about cannot be told. */
		if (response->tag != 0)
			return error_set(err, ERROR_TEMPORARY,
				"%s answered commands out of order: nothing more is delivered in this run, and the mail stays on the server",
				imap->outbox.where);
		if (question->take != NULL)
			question->take(question->data, response);
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
	if (!imap_flush(imap, err) || !imap_await(imap, tag, question, err))
		return false;
	return imap->response.status != IMAP_CONTINUE ||
		imap_unexpected(imap, "a command", err);
}

void imap_take_capabilities(void *data, const struct imap_response *response)
{
	struct imap *imap = data;

	if (response->status != IMAP_DATA ||
		!imap_begins(&response->text, "CAPABILITY"))
		return;
	imap->no_wait = imap_has(&response->text, "LITERAL+") ? LONG_LITERAL
		: imap_has(&response->text, "LITERAL-")	      ? SHORT_LITERAL
							      : 0;
	imap->binary = imap_has(&response->text, "BINARY");
	imap->multi = imap_has(&response->text, "MULTIAPPEND");
	imap_find_number(&response->text, "APPENDLIMIT=", &imap->limit);
}
