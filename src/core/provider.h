/* SPDX-License-Identifier: ISC */
/*
 * Where the POP3 server of a mail address is: the table of large providers, and
 * the pages that providers publish for mail programs.
 */
#ifndef CORE_PROVIDER_H
#define CORE_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/account.h"

#define PROVIDER_HOST_MAX 256
#define PROVIDER_NOTE_MAX 256

enum provider_login {
	PROVIDER_PASSWORD,
	PROVIDER_APP_PASSWORD, /* one that is made for this program */
	PROVIDER_MICROSOFT,    /* OAuth */
	PROVIDER_GOOGLE,
	PROVIDER_NONE, /* there is no POP3 */
};

/* A POP3 server. */
struct provider {
	char host[PROVIDER_HOST_MAX];
	uint16_t port;
	enum tls_mode tls; /* never TLS_OFF */
	bool local_part;   /* its user names are what stands before the @ */
	enum provider_login login;
	char note[PROVIDER_NOTE_MAX]; /* a sentence for the user, or "" */
};

/*
 * Finds a domain in the text of the table, contrib/providers. False: it is not
 * there.
 */
bool provider_find(const char *table, size_t length, const char *domain,
	struct provider *found);

/*
 * Finds the first POP3 server with TLS in a page of the form that Thunderbird
 * defined (config-v1.1.xml). False: there is none.
 */
bool provider_parse_page(
	const char *xml, size_t length, struct provider *found);

/* Is it a host name: letters, digits, '-' and '.', and not too long? */
bool provider_is_host(const char *text);

/* The domain of an address, or NULL if this is none. Borrowed from it. */
const char *provider_domain(const char *address);

/* Is it the domain itself, or below it? */
bool provider_is_within(const char *host, const char *domain);

#endif
