/* SPDX-License-Identifier: ISC */
/* Creates a certificate for the test server. */
#ifndef TESTS_CERTIFICATE_H
#define TESTS_CERTIFICATE_H

#include <openssl/ssl.h>

/*
 * Returns a TLS context with a new key and a self-signed certificate for host,
 * valid for a month (expired: until yesterday). Writes DIRECTORY/cert.pem, and
 * DIRECTORY/pin with the key's pin in the format of tls-pin. NULL on failure.
 */
SSL_CTX *certificate_context(
	const char *directory, const char *host, int expired);

#endif
