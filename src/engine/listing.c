/* SPDX-License-Identifier: ISC */
#include "engine/listing.h"

#include <string.h>

#include "core/text.h"

/* A listing to request. */
struct asking {
	struct session *session;
	const struct account *account;
	struct maildrop *maildrop;
	const char *command;
	/* Receives each line of it. */
	bool (*take)(const struct asking *asking,
		const struct pop3_event *answer, struct error *err);
};

/* A line of UIDL: a number and a uid, which may contain any bytes. */
static bool add_uid(const struct asking *asking,
	const struct pop3_event *answer, struct error *err)
{
	uint32_t number;
	const char *uid;
	size_t length;

	if (!pop3_parse_listed(
		    answer->text, answer->length, &number, &uid, &length)) {
		size_t n;
		const char *words = session_words(
			asking->session, answer->text, answer->length, &n);

		return error_set_server(err, ERROR_PROTOCOL, words, n,
			"%s:%u sent a UIDL line without a message number: nothing was fetched",
			asking->account->server.host,
			asking->account->server.port);
	}
	return maildrop_add(asking->maildrop, number, uid, length, err);
}

/*
 * Sends the command and passes each line of the answer to take. *event is the
 * last event of the answer: a POP3_STATUS if the server refused.
 */
static bool request(const struct asking *asking, struct pipeline_event *event,
	struct error *err)
{
	event->last = false;
	if (!session_push(
		    asking->session, POP3_LISTING, 0, asking->command, err))
		return false;
	while (!event->last) {
		if (!session_next(asking->session, event, err))
			return false;
		if (event->answer.type == POP3_LINE &&
			!asking->take(asking, &event->answer, err))
			return false;
	}
	return true;
}

bool listing_uids(struct session *session, const struct account *account,
	struct maildrop *maildrop, struct error *err)
{
	const struct asking asking = {
		session, account, maildrop, "UIDL", add_uid};
	struct pipeline_event event;

	if (!request(&asking, &event, err))
		return false;
	if (event.answer.type == POP3_STATUS) {
		enum pop3_code code = pop3_response_code(
			event.answer.text, event.answer.length);

		size_t n;
		const char *words = session_words(
			session, event.answer.text, event.answer.length, &n);

		return error_set_server(err,
			pop3_code_kind(code, ERROR_UNAVAILABLE), words, n,
			"%s:%u refused UIDL, which keepmail needs to recognise new messages: nothing was fetched",
			account->server.host, account->server.port);
	}
	return maildrop_sort(maildrop, err);
}

void listing_take_size(
	struct maildrop *maildrop, const char *line, size_t length)
{
	uint32_t number;
	const char *rest;
	size_t n;
	char digits[24];
	uint64_t size;

	if (!pop3_parse_listed(line, length, &number, &rest, &n))
		return;
	/* Servers may add more after the size (RFC 1939 section 5). */
	size_t word = 0;

	while (word < n && !pop3_is_blank(rest[word]))
		word++;
	if (word >= sizeof digits)
		return;
	memcpy(digits, rest, word);
	digits[word] = '\0';
	if (text_parse_number(digits, INT64_MAX, &size))
		maildrop_set_size(maildrop, number, size);
}

static bool add_number(const struct asking *asking,
	const struct pop3_event *answer, struct error *err)
{
	uint32_t number;
	const char *rest;
	size_t n;

	if (!pop3_parse_listed(
		    answer->text, answer->length, &number, &rest, &n))
		return error_set(err, ERROR_PROTOCOL,
			"%s:%u sent a LIST line without a message number: nothing was fetched",
			asking->account->server.host,
			asking->account->server.port);
	if (!maildrop_add(asking->maildrop, number, "", 0, err))
		return false;
	listing_take_size(asking->maildrop, answer->text, answer->length);
	return true;
}

bool listing_numbers(struct session *session, const struct account *account,
	struct maildrop *maildrop, struct error *err)
{
	const struct asking asking = {
		session, account, maildrop, "LIST", add_number};
	struct pipeline_event event;

	if (!request(&asking, &event, err))
		return false;
	if (event.answer.type == POP3_STATUS) {
		size_t n;
		const char *words = session_words(
			session, event.answer.text, event.answer.length, &n);

		return error_set_server(err, ERROR_UNAVAILABLE, words, n,
			"%s:%u refused UIDL and LIST: nothing was fetched",
			account->server.host, account->server.port);
	}
	maildrop->sized = true;
	return maildrop_sort(maildrop, err);
}

static bool add_size(const struct asking *asking,
	const struct pop3_event *answer, struct error *err)
{
	(void)err;
	listing_take_size(asking->maildrop, answer->text, answer->length);
	return true;
}

bool listing_sizes(
	struct session *session, struct maildrop *maildrop, struct error *err)
{
	const struct asking asking = {
		session, NULL, maildrop, "LIST", add_size};
	struct pipeline_event event;

	if (!request(&asking, &event, err))
		return false;
	maildrop->sized = true;
	return true;
}
