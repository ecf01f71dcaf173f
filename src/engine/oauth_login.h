/* SPDX-License-Identifier: ISC */
/* A person's login at a provider, by OAuth. */
#ifndef ENGINE_OAUTH_LOGIN_H
#define ENGINE_OAUTH_LOGIN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "engine/oauth.h"

enum oauth_way {
	OAUTH_BY_DEVICE,  /* a code is typed, on any device (RFC 8628) */
	OAUTH_BY_BROWSER, /* that of this machine, which comes back */
	OAUTH_BY_PASTE,	  /* the person pastes the URL that it ends at */
	OAUTH_BY_ITSELF,  /* client credentials: there is no person */
};

/* Can the account log in this way? By default, by the first one that it can. */
bool oauth_login_can(const struct oauth_user *user, enum oauth_way way);

/* How the person is spoken to. */
struct oauth_talk {
	void *data;
	/* Shows a line; what the provider says in it is not yet printable. */
	void (*tell)(void *data, const char *line);
	/* Reads a line into room; false: there is none. */
	bool (*read)(void *data, char *room, size_t size);
	const volatile sig_atomic_t *stop;
};

struct oauth_login {
	int64_t expires; /* when the access token does */
	bool renews;	 /* there is a refresh token */
};

/*
 * Logs in, and records it in the place of an earlier login, which is kept if
 * this fails. Fails as oauth_get does.
 */
bool oauth_login(const struct oauth_user *user, enum oauth_way way,
	const struct oauth_talk *talk, struct oauth_login *login,
	struct error *err);

#endif
