/* SPDX-License-Identifier: ISC */
/*
 * A POP3 session: connects, logs in, and then sends commands through the
 * pipeline.
 */
#ifndef IO_NET_SESSION_H
#define IO_NET_SESSION_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/account.h"
#include "core/error.h"
#include "core/pipeline.h"

struct session;

/* To be called once, before any session, thread or child process. */
bool session_global_init(struct error *err);

/* The library that makes connections, as "libcurl 8.5.0"; and can it log in by
 * SCRAM? */
const char *session_library(void);
bool session_has_scram(void);

void session_global_release(void);

/*
 * Connects to the account's server, with TLS verified as the account requires,
 * and logs in. The password is sent only over TLS, to a loopback address, or if
 * the account allows clear text. Any wait ends when *stop is not 0. account and
 * stop must outlive the session; the caller closes it. NULL on failure, with
 * ERROR_HOST, ERROR_UNAVAILABLE, ERROR_TEMPORARY, ERROR_PROTOCOL, ERROR_LOGIN
 * or ERROR_CONFIG.
 */
struct session *session_open(const struct account *account,
	const char *password, const volatile sig_atomic_t *stop,
	struct error *err);

/*
 * Connects as session_open does, with TLS verified, but does not log in, and
 * closes the connection: is there a POP3 server? Fails as session_open does.
 */
bool session_probe(const struct account *account,
	const volatile sig_atomic_t *stop, struct error *err);

/*
 * Closes the connection without QUIT: the server forgets every DELE (RFC 1939
 * section 6). Safe on NULL.
 */
void session_close(struct session *session);

/* What the server announced; after the login, if CAPA was sent again. */
const struct pop3_capabilities *session_capabilities(
	const struct session *session);

/* As connection_tls. */
const char *session_tls(const struct session *session);

/* May more than one command be in flight? */
bool session_pipelines(const struct session *session);

/* Has at most so many in flight from now on. None may be in flight. */
void session_narrow(struct session *session, size_t window);

/* Sends one command at a time from now on. None may be in flight. */
void session_forgo_pipelining(struct session *session);

/* How many more commands may be pushed before an answer must be read. */
size_t session_room(const struct session *session);

/*
 * Queues a command (without CRLF); it is sent by the next session_next at the
 * latest. tag is returned with the events of its answer. Fails if the server
 * has sent data without being asked: the session must then end without QUIT.
 */
bool session_push(struct session *session, enum pop3_answer answer,
	uint32_t tag, const char *command, struct error *err);

/*
 * Waits for the next event of the oldest command that is not fully answered.
 * Its text is borrowed until the next call. Fails with ERROR_TEMPORARY if the
 * connection is lost, if (almost) nothing arrives for the account's timeout,
 * after its max-time, or if *stop is set; and with ERROR_PROTOCOL if the server
 * violates the protocol.
 */
bool session_next(struct session *session, struct pipeline_event *event,
	struct error *err);

/*
 * To be called with no command in flight: fails with ERROR_PROTOCOL if the
 * server has sent data without being asked, since answers may then have been
 * matched with the wrong commands.
 */
bool session_in_step(struct session *session, struct error *err);

/*
 * A copy of a server's words (length bytes) with any password hidden, but not
 * made printable; truncated to *shown bytes, borrowed until the next call.
 */
const char *session_words(struct session *session, const char *words,
	size_t length, size_t *shown);

/*
 * Sends QUIT without waiting for its answer, if nothing depends on that. To be
 * followed by session_close.
 */
void session_leave(struct session *session);

#endif
