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

/*
 * Logs in on the connection, which is open and secured as the account asks.
 * Fails with ERROR_LOGIN or what else the server's refusal means, ERROR_CONFIG
 * if user or password is too long, or as session_next.
 */
bool session_login(
	struct session *session, const char *password, struct error *err);

#endif
