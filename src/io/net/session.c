/* SPDX-License-Identifier: ISC */
#include "io/net/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "core/login.h"
#include "core/text.h"
#include "core/xalloc.h"
#include "io/net/connection.h"
#include "io/process/log.h"

/* Octets a second, over this many timeouts: less is as good as silence. */
#define SLOWEST 100
#define TRICKLE_TIMEOUTS 4
/* No listing is longer; a message has limits of its own. */
#define LISTING_MAX (UINT64_C(512) << 20)

struct session {
	const struct account *account;	   /* borrowed */
	const volatile sig_atomic_t *stop; /* borrowed */
	struct connection *connection;	   /* owned */
	struct pipeline pipeline;
	struct pop3_capabilities capabilities;
	struct login_mask mask; /* what must not be shown */
	bool quiet;		/* the login: nothing of it is shown */
	int64_t end;		/* of all patience: max-time */
	int64_t silent;		/* milliseconds since the last octet */
	int64_t waited;		/* milliseconds since the last answer */
	uint64_t came;		/* octets in that time */
	uint64_t listed;	/* octets of the listing that comes */
	char shown[2048];	/* words without secrets */
	size_t in_start;
	size_t in_end;
	char in[CONNECTION_BLOCK];
};

bool session_global_init(struct error *err)
{
	return connection_global_init(err);
}

void session_global_release(void)
{
	connection_global_release();
}

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const char *session_words(struct session *session, const char *words,
	size_t length, size_t *shown)
{
	*shown =
		length < sizeof session->shown ? length : sizeof session->shown;
	memcpy(session->shown, words, *shown);
	login_mask_apply(&session->mask, session->shown, *shown);
	/* What could be the beginning of one is not shown either. */
	if (*shown < length)
		*shown = login_mask_uncut(&session->mask, *shown);
	return session->shown;
}

static bool time_is_up(struct session *session, struct error *err)
{
	return error_set(err, ERROR_TEMPORARY,
		"the session with %s:%u took longer than max-time (%lld "
		"seconds): what was kept is recorded, the rest is fetched next "
		"time",
		session->account->server, session->account->port,
		(long long)session->account->max_time);
}

/* Silence has a limit, and so has a trickle. */
static bool is_patient(struct session *session, struct error *err)
{
	const struct account *account = session->account;
	int64_t timeout = account->timeout;
	int64_t window = TRICKLE_TIMEOUTS * timeout;

	if (session->silent >= timeout * 1000)
		return error_set(err, ERROR_TEMPORARY,
			"%s:%u sent nothing for %lld seconds (timeout): try "
			"again later",
			account->server, account->port, (long long)timeout);
	if (session->waited < window * 1000)
		return true;
	if (session->came < SLOWEST * (uint64_t)window)
		return error_set(err, ERROR_TEMPORARY,
			"%s:%u sent no more than %llu bytes in %lld seconds, which is too slow: try again later",
			account->server, account->port,
			(unsigned long long)session->came, (long long)window);
	session->waited = 0;
	session->came = 0;
	return true;
}

/* Waits until the connection can be read, or written if there is need. */
static bool wait_ready(struct session *session, struct error *err)
{
	bool to_send = buffer_length(&session->pipeline.out) > 0;
	int64_t now = milliseconds();
	int64_t left = session->account->timeout * 1000 - session->silent;

	if (*session->stop)
		return error_set(err, ERROR_TEMPORARY,
			"stopped by a signal: what was kept is recorded, the rest is fetched next time");
	if (now >= session->end)
		return time_is_up(session, err);
	if (!is_patient(session, err))
		return false;
	/* At most a second, in case a signal came just before it. */
	bool ok = connection_wait(session->connection, to_send,
		left < 1000 ? (int)left : 1000, err);

	now = milliseconds() - now;
	session->silent += now;
	session->waited += now;
	return ok;
}

/* Fills the input if anything is there. */
static bool receive(struct session *session, struct error *err)
{
	size_t n;

	if (!connection_receive(session->connection, session->in,
		    CONNECTION_BLOCK, &n, err))
		return false;
	session->in_start = 0;
	session->in_end = n;
	session->came += n;
	if (n > 0)
		session->silent = 0;
	return true;
}

static void trace(struct session *session, const struct pop3_event *answer)
{
	const char *words;
	size_t n;

	if (session->quiet || !log_shows(LOG_WIRE))
		return;
	switch (answer->type) {
	case POP3_STATUS:
		words = session_words(
			session, answer->text, answer->length, &n);
		log_wire_status(
			answer->status == POP3_OK ? "+OK" : "-ERR", words, n);
		break;
	case POP3_LINE:
		words = session_words(
			session, answer->text, answer->length, &n);
		log_wire('<', words, n);
		break;
	case POP3_TEXT:
		log_line(LOG_WIRE, "< (%zu bytes of the message)",
			answer->length);
		break;
	case POP3_END:
		log_wire('<', ".", 1);
		break;
	case POP3_MORE:
	case POP3_BROKEN:
		break;
	}
}

static bool is_broken(struct session *session, const struct pop3_event *answer,
	struct error *err)
{
	size_t n;
	const char *words =
		session_words(session, answer->said, answer->said_length, &n);

	return error_set_server(err, ERROR_PROTOCOL, words,
		session->quiet ? 0 : n,
		"%s:%u violated the POP3 protocol; the session was ended and nothing was erased: %s%s",
		session->account->server, session->account->port, answer->text,
		session->quiet ? " (not shown, since it may hold the password)"
			       : "");
}

/* From here on the next answer is waited for. */
static void begin_patience(struct session *session)
{
	session->silent = 0;
	session->waited = 0;
	session->came = 0;
}

/* An answer that never ends, though octets come fast enough. */
static bool is_endless(struct session *session,
	const struct pipeline_event *event, size_t taken)
{
	if (event->answer.type == POP3_LINE)
		session->listed += taken;
	if (event->last)
		session->listed = 0;
	return session->listed > LISTING_MAX;
}

bool session_next(struct session *session, struct pipeline_event *event,
	struct error *err)
{
	for (;;) {
		if (*session->stop)
			return wait_ready(session, err);
		size_t taken = pipeline_feed(&session->pipeline,
			session->in + session->in_start,
			session->in_end - session->in_start, event);

		session->in_start += taken;
		trace(session, &event->answer);
		if (event->answer.type == POP3_BROKEN)
			return is_broken(session, &event->answer, err);
		if (is_endless(session, event, taken))
			return error_set(err, ERROR_PROTOCOL,
				"%s:%u sends a listing without end: the session "
				"was ended and nothing was erased",
				session->account->server,
				session->account->port);
		if (event->last)
			begin_patience(session);
		if (event->answer.type != POP3_MORE)
			return true;
		if (milliseconds() >= session->end)
			return time_is_up(session, err);
		if (!connection_send(
			    session->connection, &session->pipeline.out, err) ||
			!receive(session, err))
			return false;
		if (session->in_end == 0 &&
			!connection_is_closed(session->connection) &&
			!wait_ready(session, err))
			return false;
	}
}

size_t session_room(const struct session *session)
{
	return pipeline_room(&session->pipeline);
}

bool session_pipelines(const struct session *session)
{
	return session->pipeline.window > 1;
}

void session_forgo_pipelining(struct session *session)
{
	session->pipeline.window = 1;
}

bool session_in_step(struct session *session, struct error *err)
{
	if (session->in_start == session->in_end &&
		!connection_is_closed(session->connection) &&
		!receive(session, err))
		return false;
	if (session->in_start == session->in_end)
		return true;
	size_t n;
	const char *words =
		session_words(session, session->in + session->in_start,
			session->in_end - session->in_start, &n);

	return error_set_server(err, ERROR_PROTOCOL, words,
		session->quiet ? 0 : n,
		"%s:%u sent data without being asked: the session was ended and nothing was erased",
		session->account->server, session->account->port);
}

bool session_push(struct session *session, enum pop3_answer answer,
	uint32_t tag, const char *command, struct error *err)
{
	/* An answer ahead of its question would be taken for the answer. */
	if (session->pipeline.count == 0 && !session_in_step(session, err))
		return false;
	if (!pipeline_push(&session->pipeline, answer, tag, command))
		return error_set(err, ERROR_SOFTWARE,
			"a command is too long to be sent to %s",
			session->account->server);
	if (!session->quiet)
		log_wire('>', command, strlen(command));
	return true;
}

void session_leave(struct session *session)
{
	struct error unimportant = {.kind = ERROR_NONE};

	if (session_push(session, POP3_SINGLE, 0, "QUIT", &unimportant))
		connection_send(session->connection, &session->pipeline.out,
			&unimportant);
}

/* ---- the login ------------------------------------------------------------
 */

/* The same, where the server may answer with a challenge. */
static bool say(struct session *session, const char *command,
	struct pipeline_event *event, struct error *err)
{
	return session_push(session, POP3_LOGIN, 0, command, err) &&
		session_next(session, event, err);
}

/* SASL PLAIN, its response with the command where that is allowed and short. */
static bool login_plain(struct session *session, const char *password,
	struct pipeline_event *event, struct error *err)
{
	char encoded[LOGIN_ENCODED_MAX];
	char line[256];
	bool ok = false;

	if (!login_encode_plain(session->account->user, password, encoded))
		return error_set(err, ERROR_CONFIG,
			"user or password is longer than %d bytes",
			LOGIN_SECRET_MAX);
	/* RFC 5034 section 4: only where SASL is announced, and in a line of at
	 * most 255 octets, CRLF included. */
	int n = snprintf(line, sizeof line, "AUTH PLAIN %s", encoded);

	if (session->capabilities.sasl_plain && n + 2 <= 255) {
		/* One that takes no response with it asks for it. */
		ok = say(session, line, event, err) &&
			(event->answer.status != POP3_CONTINUE ||
				say(session, encoded, event, err));
	} else if (say(session, "AUTH PLAIN", event, err)) {
		ok = event->answer.status != POP3_CONTINUE ||
			say(session, encoded, event, err);
	}
	explicit_bzero(encoded, sizeof encoded);
	explicit_bzero(line, sizeof line);
	return ok;
}

/* One answer of SASL LOGIN, to a challenge that nobody needs to read. */
static bool say_encoded(struct session *session, const char *text,
	struct pipeline_event *event, struct error *err)
{
	char encoded[LOGIN_ENCODED_MAX];

	if (strlen(text) > LOGIN_SECRET_MAX)
		return error_set(err, ERROR_CONFIG,
			"user or password is longer than %d bytes",
			LOGIN_SECRET_MAX);
	text_base64(encoded, (const unsigned char *)text, strlen(text));
	bool ok = say(session, encoded, event, err);

	explicit_bzero(encoded, sizeof encoded);
	return ok;
}

/* SASL LOGIN, step by step: some servers take no response with the command. */
static bool login_login(struct session *session, const char *password,
	struct pipeline_event *event, struct error *err)
{
	return say(session, "AUTH LOGIN", event, err) &&
		(event->answer.status != POP3_CONTINUE ||
			(say_encoded(
				 session, session->account->user, event, err) &&
				(event->answer.status != POP3_CONTINUE ||
					say_encoded(session, password, event,
						err))));
}

/* USER and PASS (RFC 1939 section 7). */
static bool login_user(struct session *session, const char *password,
	struct pipeline_event *event, struct error *err)
{
	char line[PIPELINE_COMMAND_MAX];
	bool ok;

	if (strlen(session->account->user) > sizeof line - 8 ||
		strlen(password) > sizeof line - 8)
		return error_set(err, ERROR_CONFIG,
			"user or password is too long for USER and PASS");
	if ((!login_is_ascii(session->account->user) ||
		    !login_is_ascii(password)) &&
		!session->capabilities.utf8_user &&
		session->account->auth != AUTH_USER)
		return error_set(err, ERROR_LOGIN,
			"user or password is not ASCII, and %s announces no "
			"SASL that could carry it: set auth = user to send it "
			"as UTF-8, or auth = plain",
			session->account->server);
	snprintf(line, sizeof line, "USER %s", session->account->user);
	ok = say(session, line, event, err);
	if (ok && event->answer.status == POP3_OK) {
		snprintf(line, sizeof line, "PASS %s", password);
		ok = say(session, line, event, err);
	}
	explicit_bzero(line, sizeof line);
	return ok;
}

/*
 * The login is ours, not libcurl's, unless the account names a mechanism that
 * only libcurl has: a greeting with a timestamp makes libcurl insist on APOP,
 * and it knows no UTF8 command, which must come before the login.
 */
static bool login(
	struct session *session, const char *password, struct error *err)
{
	const struct account *account = session->account;
	const struct pop3_capabilities *capabilities = &session->capabilities;
	struct pipeline_event event;
	bool plain = account->auth == AUTH_PLAIN ||
		(account->auth == AUTH_AUTO && capabilities->sasl_plain);
	/* Where it alone is announced. */
	bool by_login = account->auth == AUTH_LOGIN ||
		(account->auth == AUTH_AUTO && !plain && !capabilities->user &&
			capabilities->sasl_login);

	/* RFC 6856 section 2.1; refused, it changes nothing. */
	if (capabilities->utf8 &&
		(!session_push(session, POP3_SINGLE, 0, "UTF8", err) ||
			!session_next(session, &event, err)))
		return false;
	if (account->auth == AUTH_AUTO && !plain && !by_login &&
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

/* CAPA once more, since some servers announce PIPELINING after login only. */
static bool ask_capa(struct session *session, struct error *err)
{
	struct pipeline_event event = {.last = false};
	struct pop3_capabilities found = {.known = true};

	if (!session_push(session, POP3_LISTING, 0, "CAPA", err))
		return false;
	while (!event.last) {
		if (!session_next(session, &event, err))
			return false;
		if (event.answer.type == POP3_LINE)
			pop3_capability(
				&found, event.answer.text, event.answer.length);
	}
	if (event.answer.type == POP3_END)
		session->capabilities = found;
	return true;
}

static bool connect_and_login(
	struct session *session, const char *password, struct error *err)
{
	const struct account *account = session->account;
	uint64_t key[2] = {(uint64_t)milliseconds(), (uintptr_t)session};

	if (getrandom(key, sizeof key, 0) < 0)
		key[1] ^= UINT64_C(0x9e3779b97f4a7c15);
	login_mask_init(&session->mask, key, account->user, password);
	session->connection = connection_open(
		account, password, &session->mask, session->stop, err);
	if (session->connection == NULL)
		return false;
	session->capabilities = *connection_capabilities(session->connection);
	session->quiet = true;
	if (!connection_logs_in(account) && !login(session, password, err))
		return false;
	session->quiet = false;
	pipeline_wipe_sent(&session->pipeline);
	if (session->capabilities.known && !session->capabilities.pipelining &&
		!ask_capa(session, err))
		return false;
	if (session->capabilities.pipelining && account->pipelining)
		session->pipeline.window = PIPELINE_WINDOW;
	return true;
}

struct session *session_open(const struct account *account,
	const char *password, const volatile sig_atomic_t *stop,
	struct error *err)
{
	struct session *session = xcalloc(1, sizeof *session);

	session->account = account;
	session->stop = stop;
	session->end = milliseconds() + account->max_time * 1000;
	pipeline_init(&session->pipeline, 1);
	if (connect_and_login(session, password, err))
		return session;
	session_close(session);
	return NULL;
}

void session_close(struct session *session)
{
	if (session == NULL)
		return;
	connection_close(session->connection);
	pipeline_release(&session->pipeline);
	explicit_bzero(session, sizeof *session);
	free(session);
}

const struct pop3_capabilities *session_capabilities(
	const struct session *session)
{
	return &session->capabilities;
}

const char *session_tls(const struct session *session)
{
	return connection_tls(session->connection);
}
