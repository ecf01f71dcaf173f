/* SPDX-License-Identifier: ISC */
/*
 * OAuth 2.0 (RFC 6749): the providers' addresses, requests as forms, and what
 * comes back in a URL.
 */
#ifndef CORE_OAUTH_H
#define CORE_OAUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/account.h"
#include "core/buffer.h"

/* The longest form, and the longest answer that is read, in bytes. */
#define OAUTH_FORM_MAX 65536

/* Where requests are sent, and what for. Owned. */
struct oauth_endpoints {
	char *device;	 /* RFC 8628; NULL: the provider has none */
	char *authorize; /* NULL: it has none */
	char *token;
	char *scope; /* NULL: none is sent */
};

/* Those of the account: its settings, or else what its provider has. */
struct oauth_endpoints oauth_endpoints(const struct account_oauth *oauth);
void oauth_endpoints_release(struct oauth_endpoints *endpoints);

/* Is it a URL that begins with https://, or of this machine with http://? */
bool oauth_is_url(const char *text);

/* Is it one of this machine, with http://, that a browser can come back to? */
bool oauth_is_redirect(const char *text);

/* The host of a URL, owned, and its port: as it says, or that of its scheme. */
char *oauth_host(const char *url, uint16_t *port);

/*
 * Appends a parameter, percent-encoded, to a form or a query. Returns false if
 * there is no room.
 */
bool oauth_add(struct buffer *form, const char *name, const char *value);

/*
 * Finds a parameter in a query, such as "code=1&state=2", or behind the "?" of
 * a URL, and decodes it. Returns false if there is none, it is empty, or there
 * is no room for it.
 */
bool oauth_find(const char *text, const char *name, char *value, size_t size);

/* The longest verifier and challenge of RFC 7636, and state, with the NUL. */
#define OAUTH_RANDOM_MAX 64

/* Encodes up to 32 bytes in base64url without padding (RFC 4648 section 5). */
void oauth_base64url(
	const unsigned char *bytes, size_t length, char room[OAUTH_RANDOM_MAX]);

/* Is it a token: printable, without blanks (RFC 6750 section 2.1)? */
bool oauth_is_token(const char *text);

#endif
