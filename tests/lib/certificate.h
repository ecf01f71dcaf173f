/* SPDX-License-Identifier: ISC */
/* A certificate made on the spot, for the test server. */
#ifndef TESTS_CERTIFICATE_H
#define TESTS_CERTIFICATE_H

#include <openssl/ssl.h>

/*
 * A TLS context with a fresh key and a self-signed certificate for host, valid
 * for a month (expired: until yesterday). Writes DIRECTORY/cert.pem, and
 * DIRECTORY/pin with the key's pin as tls-pin takes it. NULL on failure.
 */
SSL_CTX *certificate_context(
	const char *directory, const char *host, int expired);

#endif
