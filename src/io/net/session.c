/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/xalloc.h"
#include "io/net/session_internal.h"
#include "io/process/log.h"
#include "io/process/now.h"

/* Fewer bytes per second, over so many timeouts, are treated as silence. */
#define SLOWEST 100
#define TRICKLE_TIMEOUTS 4
/* Longest listing, in bytes; messages are limited elsewhere. */
#define LISTING_MAX (UINT64_C(512) << 20)

bool session_global_init(struct error *err)
{
	return connection_global_init(err);
}

const char *session_library(void)
{
	return connection_library();
}

bool session_has_scram(void)
{
	return connection_has_scram();
}

void session_global_release(void)
{
	connection_global_release();
}

const char *session_words(struct session *session, const char *words,
	size_t length, size_t *shown)
{
	*shown =
		length < sizeof session->shown ? length : sizeof session->shown;
	memcpy(session->shown, words, *shown);
	login_mask_apply(&session->mask, session->shown, *shown);
	/* Truncation may have left the beginning of a secret at the end. */
	if (*shown < length)
		*shown = login_mask_uncut(&session->mask, *shown);
	return session->shown;
}

static bool time_is_up(struct session *session, struct error *err)
{
	return error_set(err, ERROR_TEMPORARY,
		"the session with %s:%u took longer than max-time (%lld seconds): stored mail is recorded, and the next run fetches the rest",
		session->account->server.host, session->account->server.port,
		(long long)session->account->session.max_time);
}

/* Fails if the server is silent, or too slow, for too long. */
static bool is_fast_enough(struct session *session, struct error *err)
{
	const struct account *account = session->account;
	int64_t timeout = account->session.timeout;
	int64_t window = TRICKLE_TIMEOUTS * timeout;

	if (session->silent >= timeout * 1000)
		return error_set(err, ERROR_TEMPORARY,
			"%s:%u sent nothing for %lld seconds (timeout): try "
			"again later",
			account->server.host, account->server.port,
			(long long)timeout);
	if (session->waited < window * 1000)
		return true;
	if (session->came < SLOWEST * (uint64_t)window)
		return error_set(err, ERROR_TEMPORARY,
			"%s:%u sent no more than %llu bytes in %lld seconds, which is too slow: try again later",
			account->server.host, account->server.port,
			(unsigned long long)session->came, (long long)window);
	session->waited = 0;
	session->came = 0;
	return true;
}

/* Waits until bytes can be read, or sent if there are any to send. */
static bool wait_ready(struct session *session, struct error *err)
{
	bool to_send = buffer_length(&session->pipeline.out) > 0;
	int64_t now = now_milliseconds();
	int64_t left =
		session->account->session.timeout * 1000 - session->silent;

	if (*session->stop)
		return error_set(err, ERROR_TEMPORARY,
			"stopped by a signal: stored mail is recorded, and the next run fetches the rest");
	if (now >= session->end)
		return time_is_up(session, err);
	if (!is_fast_enough(session, err))
		return false;
	/* At most a second, as a signal may have come just before. */
	bool ok = connection_wait(session->connection, to_send,
		left < 1000 ? (int)left : 1000, err);

	now = now_milliseconds() - now;
	session->silent += now;
	session->waited += now;
	return ok;
}

/* Reads what the server has sent, if anything. */
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
		"%s:%u violated the POP3 protocol; the session was closed and nothing was deleted: %s%s",
		session->account->server.host, session->account->server.port,
		answer->text,
		session->quiet ? " (not shown: it may contain the password)"
			       : "");
}

/* Restarts the time limits, as the next answer is waited for. */
static void restart_limits(struct session *session)
{
	session->silent = 0;
	session->waited = 0;
	session->came = 0;
}

/* Is the listing longer than any can be? It may come fast, yet never end. */
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
				"%s:%u sent an endless listing: the session was closed and nothing was deleted",
				session->account->server.host,
				session->account->server.port);
		if (event->last)
			restart_limits(session);
		if (event->answer.type != POP3_MORE)
			return true;
		if (now_milliseconds() >= session->end)
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

void session_narrow(struct session *session, size_t window)
{
	if (session->pipeline.window > window)
		session->pipeline.window = window;
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
		"%s:%u sent data without being asked: the session was closed and nothing was deleted",
		session->account->server.host, session->account->server.port);
}

bool session_push(struct session *session, enum pop3_answer answer,
	uint32_t tag, const char *command, struct error *err)
{
	/* Data that came before the command would be taken for its answer. */
	if (session->pipeline.count == 0 && !session_in_step(session, err))
		return false;
	if (!pipeline_push(&session->pipeline, answer, tag, command))
		return error_set(err, ERROR_SOFTWARE,
			"a command is too long to be sent to %s",
			session->account->server.host);
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

/* Sends CAPA again: some servers announce PIPELINING only after the login. */
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
	const struct account_remote from = account_source(account);
	uint64_t key[2] = {(uint64_t)now_milliseconds(), (uintptr_t)session};

	if (getrandom(key, sizeof key, 0) < 0)
		key[1] ^= UINT64_C(0x9e3779b97f4a7c15);
	login_mask_init(&session->mask, key, account->login.user, password);
	session->connection = connection_open(
		&from, password, &session->mask, session->stop, err);
	if (session->connection == NULL)
		return false;
	session->capabilities = *connection_capabilities(session->connection);
	session->quiet = true;
	if (!connection_logs_in(&from) &&
		!session_login(session, password, err))
		return false;
	session->quiet = false;
	pipeline_wipe_sent(&session->pipeline);
	if (session->capabilities.known && !session->capabilities.pipelining &&
		!ask_capa(session, err))
		return false;
	if (session->capabilities.pipelining && account->session.pipelining)
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
	session->end = now_milliseconds() + account->session.max_time * 1000;
	pipeline_init(&session->pipeline, 1);
	if (connect_and_login(session, password, err))
		return session;
	session_close(session);
	return NULL;
}

bool session_probe(const struct account *account,
	const volatile sig_atomic_t *stop, struct error *err)
{
	const struct account_remote from = account_source(account);
	const uint64_t key[2] = {0, 0};
	struct login_mask mask;

	login_mask_init(&mask, key, "", "");
	struct connection *connection =
		connection_open(&from, NULL, &mask, stop, err);

	connection_close(connection);
	return connection != NULL;
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
