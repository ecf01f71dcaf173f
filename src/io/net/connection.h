/* SPDX-License-Identifier: ISC */
/*
 * A connection to a server, made by libcurl: name lookup, proxy, TCP, TLS,
 * greeting and capabilities. It never sends QUIT.
 */
#ifndef IO_NET_CONNECTION_H
#define IO_NET_CONNECTION_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/account.h"
#include "core/buffer.h"
#include "core/error.h"
#include "core/login.h"
#include "core/pop3.h"

struct connection;

/* How many bytes are read at once, if available. */
#define CONNECTION_BLOCK (128L * 1024)

/* To be called once, before any connection, thread or child process. */
bool connection_global_init(struct error *err);
void connection_global_release(void);

/* As session_library and session_has_scram. */
const char *connection_library(void);
bool connection_has_scram(void);

/*
 * Connects to a server of an account, with TLS verified as the account
 * requires. Does not log in, except if connection_logs_in. mask: of the
 * password. What *to borrows and stop must outlive the connection; any wait
 * ends when *stop is not 0. The caller closes it. NULL on failure, with
 * ERROR_HOST, ERROR_UNAVAILABLE, ERROR_TEMPORARY, ERROR_PROTOCOL or
 * ERROR_LOGIN.
 */
struct connection *connection_open(const struct account_remote *to,
	const char *password, const struct login_mask *mask,
	const volatile sig_atomic_t *stop, struct error *err);

/* Closes it without QUIT. Safe on NULL. */
void connection_close(struct connection *connection);

/* Does libcurl log in, since session_login lacks the mechanism? */
bool connection_logs_in(const struct account_remote *to);

/* What a POP3 server announced; with TLS, only what it announced under TLS. */
const struct pop3_capabilities *connection_capabilities(
	const struct connection *connection);

/* "TLSv1.3"; "TLS" if the version is unknown; "" without TLS. */
const char *connection_tls(const struct connection *connection);

/*
 * Sends as much of out as is possible without blocking, and removes it from
 * out. Fails with ERROR_TEMPORARY if the connection is lost.
 */
bool connection_send(
	struct connection *connection, struct buffer *out, struct error *err);

/*
 * Reads up to size bytes without blocking. *received is 0 if there are none,
 * or if the server has just closed the connection. Fails with ERROR_TEMPORARY
 * if it was closed before, or is lost.
 */
bool connection_receive(struct connection *connection, char *room, size_t size,
	size_t *received, struct error *err);

bool connection_is_closed(const struct connection *connection);

/*
 * Waits until bytes can be read (or sent, if to_send), a signal arrives, or so
 * many milliseconds have passed.
 */
bool connection_wait(struct connection *connection, bool to_send,
	int milliseconds, struct error *err);

/* What the server refused. */
struct connection_refusal {
	const char *what;	   /* as in "HOST:PORT refused ..." */
	enum error_kind otherwise; /* if there is no response code */
	const char *words; /* the server's, which must be safe to show */
	size_t length;	   /* of words, in bytes */
};

/*
 * Fails with an error that quotes the server's words and says what to do. The
 * response code in them, if any, decides its kind (RFC 2449 section 8, RFC
 * 3206).
 */
bool connection_refused(const struct connection *connection,
	const struct connection_refusal *refusal, struct error *err);

#endif
