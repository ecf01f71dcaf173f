/* SPDX-License-Identifier: ISC */
/*
 * Tokens that an account logs in with: requested from its provider, recorded,
 * and renewed in time.
 */
#ifndef ENGINE_OAUTH_H
#define ENGINE_OAUTH_H

#include <stdbool.h>

#include "core/account.h"
#include "core/buffer.h"
#include "core/error.h"
#include "core/token_record.h"
#include "io/process/patience.h"
#include "io/process/token_file.h"

/* Who logs in, where, and where that is recorded. */
struct oauth_user {
	const struct account *account;
	const struct account_oauth *oauth;
	struct token_place place;
	const char *prefix; /* of its settings' names */
	const char *where;  /* for sentences: "" or " to Gmail" */
};

/* At the server that the account's mail comes from, and at Gmail. */
struct oauth_user oauth_source(const struct account *account);
struct oauth_user oauth_gmail(const struct account *account);

/*
 * The account's access token, owned: release it with secret_free. Renews it if
 * it expires soon, or if it is stale (not NULL), which the server has refused.
 * Holds the lock of the record meanwhile. Fails with ERROR_LOGIN if only its
 * owner can help by keepmail login, and with ERROR_TEMPORARY and others if the
 * provider cannot be asked.
 */
bool oauth_get(const struct oauth_user *user, const char *stale,
	const volatile sig_atomic_t *stop, char **token, struct error *err);

/* An answer of the provider. All strings are owned, or NULL. */
struct oauth_answer {
	long status;
	struct members *members; /* NULL: it is no object in JSON */
	char *error;		 /* such as "invalid_grant"; never shown */
	char *secret;		 /* the client's, which was sent */
};

void oauth_answer_release(struct oauth_answer *answer);

/* Can the provider not answer now? */
bool oauth_is_temporary(const struct oauth_answer *answer);

/*
 * Sends a form to the provider, with the client's id and, if it has one and
 * *secretly, its secret, and takes its answer. Fails if there is no answer; one
 * that is an error does not fail.
 */
struct oauth_request {
	const char *url;
	struct buffer *form; /* is wiped */
	bool secretly;
	const struct patience *wait;
};
bool oauth_send(const struct oauth_user *user,
	const struct oauth_request *request, struct oauth_answer *answer,
	struct error *err);

/*
 * Takes the tokens of an answer over into the record; a refresh token even if
 * there is no access token that can be used. Fails if there is none, with what
 * the answer says; secret: a token or code that must not be shown even if the
 * provider echoes it; or NULL.
 */
bool oauth_take(const struct oauth_user *user,
	const struct oauth_answer *answer, const char *secret,
	struct token_record *record, struct error *err);

#endif
