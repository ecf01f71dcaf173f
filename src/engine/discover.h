/* SPDX-License-Identifier: ISC */
/* Finds the POP3 server of a mail address. */
#ifndef ENGINE_DISCOVER_H
#define ENGINE_DISCOVER_H

#include <signal.h>
#include <stdbool.h>

#include "core/account.h"
#include "core/error.h"
#include "core/provider.h"

struct discovery {
	struct provider server;
	char source[PROVIDER_HOST_MAX + 64]; /* where it is from, in words */
	/* Somebody else may have said so: the user must agree to it. */
	bool doubtful;
};

/*
 * Looks, in this order, into the table of providers, at the domain's page for
 * mail programs (or at that of page, a URL, if it is not NULL), into the DNS
 * (RFC 6186), and whether a server answers, by TLS, at the usual names. No
 * password is sent. like: has the settings of TLS, the proxy, and the timeout
 * to be used. False: nothing was found.
 */
bool discover(const struct account *like, const char *address, const char *page,
	const volatile sig_atomic_t *stop, struct discovery *found);

#endif
