/* SPDX-License-Identifier: ISC */
/*
 * What the files of the connection share. They include curl.h before this, and
 * are the only ones to do so.
 */
#ifndef IO_NET_CONNECTION_INTERNAL_H
#define IO_NET_CONNECTION_INTERNAL_H

#include "io/net/connection.h"

struct connection {
	struct account_remote to;
	const volatile sig_atomic_t *stop; /* borrowed */
	CURL *curl;
	curl_socket_t socket;
	char curl_says[CURL_ERROR_SIZE];
	/* What the server sent while libcurl was connecting. */
	struct pop3_capabilities capabilities;
	struct pop3_capabilities pending;
	bool pending_open; /* the lines that follow may be those of CAPA */
	bool greeted;
	char tls_version[16];
	char cipher[64]; /* of TLS, as OpenSSL names it; "": unknown */
	bool tls;	 /* was on when the last line was received */
	bool secured;	 /* capabilities were received under TLS */
	struct {
		bool came;    /* an -ERR, or a NO, BAD or BYE */
		bool for_now; /* by a response code of IMAP */
		size_t length;
		char words[512]; /* of the last one */
	} refusal;
	char challenge[1024]; /* the last one of SASL, in base64 */
	size_t challenge_length;
	bool looking; /* only to read the server's certificate */
	bool bundled; /* the system's certificates are read from one file */
	bool closed;  /* by the server */
};

/*
 * Sets all options of the handle that the account requires. password: for a
 * login by libcurl; NULL: no login.
 */
CURLcode connection_set_options(
	struct connection *connection, const char *password);

/* Those of TLS. bundled: read the system's certificates from one file. */
CURLcode connection_set_tls(
	CURL *curl, const struct account_remote *to, bool bundled);

/* Makes libcurl pass on to the connection what it is told. */
void connection_listen(struct connection *connection);

/* Fails with an error that explains why libcurl could not connect. */
bool connection_failed(
	struct connection *connection, CURLcode code, struct error *err);

#endif
