/* SPDX-License-Identifier: ISC */
/*
 * One POP3 session over a connection: the login, and then commands through the
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

/* Once, before any session and any thread or child process. */
bool session_global_init(struct error *err);
void session_global_release(void);

/*
 * Connects to the account's server, with TLS verified as the account asks, and
 * logs in. The password goes out only over TLS, to a loopback address, or when
 * the account allows clear text. *stop, once not 0, ends any wait. The account
 * must outlive the session; the caller closes it. NULL on failure, with
 * ERROR_HOST, ERROR_UNAVAILABLE, ERROR_TEMPORARY, ERROR_PROTOCOL or
 * ERROR_LOGIN.
 */
struct session *session_open(const struct account *account,
	const char *password, const volatile sig_atomic_t *stop,
	struct error *err);

/*
 * Closes the connection without QUIT: the server forgets every DELE (RFC 1939
 * section 6). Safe on NULL.
 */
void session_close(struct session *session);

/* What the server announced, last: after the login where it was asked again. */
const struct pop3_capabilities *session_capabilities(
	const struct session *session);

/* As connection_tls: "TLSv1.3". */
const char *session_tls(const struct session *session);

/* May more than one command be in flight? */
bool session_pipelines(const struct session *session);

/* From now on one command at a time; with none in flight. */
void session_forgo_pipelining(struct session *session);

/* How many commands may be pushed before the next answer must be read. */
size_t session_room(const struct session *session);

/*
 * Puts a command (without CRLF) on its way; it goes out with the next
 * session_next at the latest. tag comes back with the answer's events. Fails
 * when the server has spoken unasked: the session must end then, without QUIT.
 */
bool session_push(struct session *session, enum pop3_answer answer,
	uint32_t tag, const char *command, struct error *err);

/*
 * Waits for the next event: of the oldest command that has no full answer yet.
 * Its text is borrowed until the next call. Fails with ERROR_TEMPORARY when the
 * connection is lost, silent or next to it for the account's timeout, after its
 * max-time, or when *stop is set, and with ERROR_PROTOCOL when this is not
 * POP3.
 */
bool session_next(struct session *session, struct pipeline_event *event,
	struct error *err);

/*
 * Between answers, with no command in flight: has the server said anything
 * unasked? That fails with ERROR_PROTOCOL, since answers may have been taken
 * for the wrong commands then.
 */
bool session_in_step(struct session *session, struct error *err);

/*
 * A server's words (length octets) as they may be shown: without the password,
 * whatever else they are; *shown of them at most, borrowed until the next call.
 */
const char *session_words(struct session *session, const char *words,
	size_t length, size_t *shown);

/*
 * Sends QUIT where nothing depends on its answer, which is not waited for. Only
 * session_close may follow.
 */
void session_leave(struct session *session);

#endif
