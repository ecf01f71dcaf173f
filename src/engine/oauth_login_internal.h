/* SPDX-License-Identifier: ISC */
/* What the ways to log in share. */
#ifndef ENGINE_OAUTH_LOGIN_INTERNAL_H
#define ENGINE_OAUTH_LOGIN_INTERNAL_H

#include "core/oauth.h"
#include "engine/oauth.h"
#include "engine/oauth_login.h"

/* How long the person has, where the provider does not say so. */
#define PERSON_SECONDS 900

/* A login that is in progress. */
struct login {
	const struct oauth_user *user;
	const struct oauth_talk *talk;
	struct oauth_endpoints endpoints;
	char verifier[OAUTH_RANDOM_MAX]; /* RFC 7636 */
	char state[OAUTH_RANDOM_MAX];
	char *redirect; /* owned */
	struct token_record record;
};

void oauth_login_tell(const struct login *login, const char *line);

/* Fails since a form, which is wiped, is too long. */
bool oauth_login_too_long(struct buffer *form, struct error *err);

/* Sends a form, which is wiped, to one of the provider's addresses. */
bool oauth_login_ask(const struct login *login, const char *url,
	struct buffer *form, struct oauth_answer *answer, struct error *err);

/* The ways: each sets the tokens of the login's record. */
bool oauth_login_by_device(struct login *login, struct error *err);
bool oauth_login_by_browser(struct login *login, struct error *err);
bool oauth_login_by_paste(struct login *login, struct error *err);

#endif
