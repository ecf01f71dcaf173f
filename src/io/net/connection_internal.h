/* SPDX-License-Identifier: ISC */
/*
 * What the files of the connection share: it is the one room that knows
 * libcurl, and they include curl.h before this.
 */
#ifndef IO_NET_CONNECTION_INTERNAL_H
#define IO_NET_CONNECTION_INTERNAL_H

#include "io/net/connection.h"

struct connection {
	const struct account *account;	   /* borrowed */
	const volatile sig_atomic_t *stop; /* borrowed */
	CURL *curl;
	curl_socket_t socket;
	char curl_says[CURL_ERROR_SIZE];
	/* What libcurl hears while it connects. */
	struct pop3_capabilities capabilities;
	struct pop3_capabilities pending;
	bool pending_open; /* a multi-line answer may be under way */
	bool greeted;
	char tls_version[16];
	bool tls;     /* when the last line was heard */
	bool secured; /* capabilities were heard under TLS */
	bool refused;
	char refusal[512]; /* the last -ERR */
	size_t refusal_length;
	char challenge[1024]; /* SASL's, in base64: the last one */
	size_t challenge_length;
	bool looking; /* at its certificate, and no more */
	bool bundled; /* the system's certificates are read all at once */
	bool closed;  /* by the server */
};

/*
 * Sets all that the account asks for on the handle. password: for a login by
 * libcurl; NULL: none.
 */
CURLcode connection_set_options(
	struct connection *connection, const char *password);

/* Fails with why libcurl's code means that there is no connection. */
bool connection_failed(
	struct connection *connection, CURLcode code, struct error *err);

#endif
