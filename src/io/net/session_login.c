/* SPDX-License-Identifier: ISC */
/*
 * The login. libcurl logs in only if the account names a mechanism that only
 * libcurl has: a greeting with a timestamp makes it insist on APOP, and it does
 * not know the UTF8 command, which must precede the login.
 */
#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "io/net/session_internal.h"
#include "io/process/log.h"

/* Sends a line that may be answered by a SASL challenge; waits for the answer.
 */
static bool ask(struct session *session, const char *command,
	struct pipeline_event *event, struct error *err)
{
	return session_push(session, POP3_LOGIN, 0, command, err) &&
		session_next(session, event, err);
}

/* SASL PLAIN: the response is sent with the command, if allowed and short. */
static bool login_plain(struct session *session, const char *password,
	struct pipeline_event *event, struct error *err)
{
	char encoded[LOGIN_ENCODED_MAX];
	char line[256];
	bool ok = false;

	if (!login_encode_plain(
		    session->account->login.user, password, encoded))
		return error_set(err, ERROR_CONFIG,
			"the user name or password is longer than %d bytes",
			LOGIN_SECRET_MAX);
	/* RFC 5034 section 4: only if SASL is announced, and in a line of at
	 * most 255 bytes, including CRLF. */
	int n = snprintf(line, sizeof line, "AUTH PLAIN %s", encoded);

	if (session->capabilities.sasl_plain && n + 2 <= 255) {
		/* Servers that ignore a response with the command ask for
		 * it. */
		ok = ask(session, line, event, err) &&
			(event->answer.status != POP3_CONTINUE ||
				ask(session, encoded, event, err));
	} else if (ask(session, "AUTH PLAIN", event, err)) {
		ok = event->answer.status != POP3_CONTINUE ||
			ask(session, encoded, event, err);
	}
	explicit_bzero(encoded, sizeof encoded);
	explicit_bzero(line, sizeof line);
	return ok;
}

/* A response of SASL LOGIN, whose challenges need not be read. */
static bool ask_encoded(struct session *session, const char *text,
	struct pipeline_event *event, struct error *err)
{
	char encoded[LOGIN_ENCODED_MAX];

	if (strlen(text) > LOGIN_SECRET_MAX)
		return error_set(err, ERROR_CONFIG,
			"the user name or password is longer than %d bytes",
			LOGIN_SECRET_MAX);
	text_base64(encoded, (const unsigned char *)text, strlen(text));
	bool ok = ask(session, encoded, event, err);

	explicit_bzero(encoded, sizeof encoded);
	return ok;
}

/* SASL LOGIN: some servers do not accept a response with the command. */
static bool login_login(struct session *session, const char *password,
	struct pipeline_event *event, struct error *err)
{
	return ask(session, "AUTH LOGIN", event, err) &&
		(event->answer.status != POP3_CONTINUE ||
			(ask_encoded(session, session->account->login.user,
				 event, err) &&
				(event->answer.status != POP3_CONTINUE ||
					ask_encoded(session, password, event,
						err))));
}

/* USER and PASS (RFC 1939 section 7). */
static bool login_user(struct session *session, const char *password,
	struct pipeline_event *event, struct error *err)
{
	char line[PIPELINE_COMMAND_MAX];
	bool ok;

	if (strlen(session->account->login.user) > sizeof line - 8 ||
		strlen(password) > sizeof line - 8)
		return error_set(err, ERROR_CONFIG,
			"the user name or password is too long for USER and PASS");
	if ((!login_is_ascii(session->account->login.user) ||
		    !login_is_ascii(password)) &&
		!session->capabilities.utf8_user &&
		session->account->login.auth != AUTH_USER)
		return error_set(err, ERROR_LOGIN,
			"the user name or password is not ASCII, and %s announces no SASL mechanism that could carry it: set auth = user to send it as UTF-8, or auth = plain",
			session->account->server.host);
	snprintf(line, sizeof line, "USER %s", session->account->login.user);
	ok = ask(session, line, event, err);
	if (ok && event->answer.status == POP3_OK) {
		snprintf(line, sizeof line, "PASS %s", password);
		ok = ask(session, line, event, err);
	}
	explicit_bzero(line, sizeof line);
	return ok;
}

bool session_login(
	struct session *session, const char *password, struct error *err)
{
	const struct account *account = session->account;
	const struct pop3_capabilities *capabilities = &session->capabilities;
	struct pipeline_event event;
	bool plain = account->login.auth == AUTH_PLAIN ||
		(account->login.auth == AUTH_AUTO && capabilities->sasl_plain);
	/* Automatically only if no other way is announced. */
	bool by_login = account->login.auth == AUTH_LOGIN ||
		(account->login.auth == AUTH_AUTO && !plain &&
			!capabilities->user && capabilities->sasl_login);

	/* RFC 6856 section 2.1; if it is refused, nothing changes. */
	if (capabilities->utf8 &&
		(!session_push(session, POP3_SINGLE, 0, "UTF8", err) ||
			!session_next(session, &event, err)))
		return false;
	if (account->login.auth == AUTH_AUTO && !plain && !by_login &&
		capabilities->sasl && !capabilities->user)
		log_line(LOG_MESSAGES,
			"the server announces only SASL %s, trying USER",
			capabilities->mechanisms);
	bool sent = plain  ? login_plain(session, password, &event, err)
		: by_login ? login_login(session, password, &event, err)
			   : login_user(session, password, &event, err);

	if (!sent)
		return false;
	if (event.answer.status == POP3_OK)
		return true;
	struct connection_refusal refusal = {
		.what = "the login",
		.otherwise = ERROR_LOGIN,
		.words = session->shown,
	};

	session_words(session, event.answer.text, event.answer.length,
		&refusal.length);
	login_redact(&session->mask, session->shown, refusal.length);
	return connection_refused(session->connection, &refusal, err);
}
