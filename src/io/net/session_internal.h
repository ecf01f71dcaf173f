/* SPDX-License-Identifier: ISC */
/* What the files of the session share. */
#ifndef IO_NET_SESSION_INTERNAL_H
#define IO_NET_SESSION_INTERNAL_H

#include "core/login.h"
#include "io/net/connection.h"
#include "io/net/session.h"

struct session {
	const struct account *account;	   /* borrowed */
	const volatile sig_atomic_t *stop; /* borrowed */
	struct connection *connection;	   /* owned */
	struct pipeline pipeline;
	struct pop3_capabilities capabilities;
	struct login_mask mask; /* of secrets that must not be shown */
	bool quiet;		/* during the login nothing is logged */
	int64_t end;		/* when max-time is over, in milliseconds */
	int64_t silent;		/* milliseconds since the last byte */
	int64_t waited;		/* milliseconds since the last answer */
	uint64_t came;		/* bytes in that time */
	uint64_t listed;	/* bytes of the current listing */
	char shown[2048];	/* result of session_words */
	size_t in_start;
	size_t in_end;
	char in[CONNECTION_BLOCK];
};

/*
 * Logs in on the open connection. Fails with the kind of error that the
 * server's refusal means (ERROR_LOGIN, usually), with ERROR_CONFIG if user or
 * password is too long, or as session_next.
 */
bool session_login(
	struct session *session, const char *password, struct error *err);

#endif
