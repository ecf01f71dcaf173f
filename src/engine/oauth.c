/* SPDX-License-Identifier: ISC */
#include "engine/oauth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "core/login.h"
#include "core/oauth.h"
#include "core/text.h"
#include "core/xalloc.h"
#include "io/net/web.h"
#include "io/process/log.h"
#include "io/process/now.h"
#include "io/process/privilege.h"
#include "io/process/secret.h"
#include "io/store/store_members.h"

/* An access token is renewed when less than this is left of it. */
#define MARGIN_SECONDS 300
/* Of one that does not say so (RFC 6749 section 5.1), and at most. */
#define LIFETIME_SECONDS 3600
#define LIFETIME_MAX (365 * 86400)
/* A login that the provider has ended is tried again after this time: some
 * answer so in error. */
#define REFUSED_SECONDS 86400
#define REQUIRED_SECONDS 3600
/* A token that was refused is not renewed so soon after it was issued. */
#define FRESH_SECONDS 600
/* How long a renewal may take, and another run that is at it. */
#define REQUEST_SECONDS 60
#define LOCK_SECONDS 90
/* How much of the provider's words is shown. */
#define WORDS_MAX 300

void oauth_answer_release(struct oauth_answer *answer)
{
	members_close(answer->members);
	free(answer->error);
	secret_free(answer->secret);
	*answer = (struct oauth_answer){.status = 0};
}

struct oauth_user oauth_source(const struct account *account)
{
	return (struct oauth_user){
		.account = account,
		.oauth = &account->oauth,
		.place = {account->state, account->name, TOKEN_SOURCE},
		.prefix = "oauth-",
		.where = "",
	};
}

struct oauth_user oauth_gmail(const struct account *account)
{
	return (struct oauth_user){
		.account = account,
		.oauth = &account->destination.gmail.oauth,
		.place = {account->state, account->name, TOKEN_GMAIL},
		.prefix = "gmail-oauth-",
		.where = " to Gmail",
	};
}

static bool add_client(const struct oauth_user *user,
	const struct oauth_request *request, const struct account_remote *to,
	char **secret, struct error *err)
{
	const struct account_login *client = &user->oauth->client;
	bool has = client->password != NULL ||
		client->password_command != NULL ||
		client->password_file != NULL;

	if (has && request->secretly &&
		!secret_get_within(to, privilege_has_changed(), request->wait,
			secret, err))
		return false;
	bool ok = oauth_add(request->form, "client_id", client->user) &&
		(*secret == NULL ||
			oauth_add(request->form, "client_secret", *secret)) &&
		buffer_append(request->form, "", 1);

	return ok ||
		error_set(err, ERROR_SOFTWARE,
			"the request for a token is too long");
}

/* Where the proxy that the account's server is reached by is used, too. */
static bool find_server(const struct oauth_user *user, const char *url,
	struct account_server *server, struct error *err)
{
	/* Without TLS, it is this machine, and nobody else may hear of it. */
	server->proxy = strncasecmp(url, "https:", 6) == 0
		? user->account->server.proxy
		: NULL;
	server->host = oauth_host(url, &server->port);
	return server->host != NULL ||
		error_set(err, ERROR_CONFIG, "%s is not a URL", url);
}

bool oauth_send(const struct oauth_user *user,
	const struct oauth_request *request, struct oauth_answer *answer,
	struct error *err)
{
	struct account_server server = {.host = NULL};
	const struct account_remote to =
		account_oauth(user->account, user->oauth, &server);
	struct web_answer *came = xcalloc(1, sizeof *came);
	struct web *web = NULL;

	*answer = (struct oauth_answer){.status = 0};
	bool ok = find_server(user, request->url, &server, err) &&
		add_client(user, request, &to, &answer->secret, err) &&
		(web = web_open(&to, err)) != NULL;

	if (ok) {
		const struct web_request sent = {
			.url = request->url,
			.form = buffer_bytes(request->form),
			.file = -1,
			.seconds = REQUEST_SECONDS,
			.wait = request->wait,
		};

		ok = web_send(web, &sent, came, err);
	}
	if (ok) {
		answer->status = came->status;
		if (!came->cut)
			answer->members =
				members_open(came->body, came->length);
		if (answer->members != NULL)
			answer->error = members_text(answer->members, "error");
	}
	/* As for a laptop that is not connected. */
	if (!ok && err->kind == ERROR_HOST)
		err->kind = ERROR_TEMPORARY;
	web_close(web);
	buffer_wipe(request->form);
	explicit_bzero(came, sizeof *came);
	free(came);
	free(server.host);
	return ok;
}

/* Is it an error that only another login can end? */
static bool is_over(const char *error)
{
	static const char *const names[] = {"invalid_grant",
		"interaction_required", "login_required", "consent_required"};

	for (size_t i = 0; error != NULL && i < sizeof names / sizeof names[0];
		i++) {
		if (strcmp(error, names[i]) == 0)
			return true;
	}
	return false;
}

bool oauth_is_temporary(const struct oauth_answer *answer)
{
	const char *error = answer->error;

	return answer->status == 429 || answer->status >= 500 ||
		(error != NULL &&
			(strcmp(error, "temporarily_unavailable") == 0 ||
				strcmp(error, "server_error") == 0 ||
				strcmp(error, "slow_down") == 0));
}

static void hide_text(char *words, const char *text, size_t length)
{
	for (char *at = words; length > 0 &&
		(at = memmem(at, strlen(at), text, length)) != NULL;
		at += length)
		memset(at, '*', length);
}

/* Overwrites a secret in the provider's words, also as it was sent. */
static void hide(char *words, const char *secret)
{
	struct buffer sent;

	if (secret == NULL || secret[0] == '\0')
		return;
	buffer_init(&sent, OAUTH_FORM_MAX);
	hide_text(words, secret, strlen(secret));
	/* Behind "x=". */
	if (oauth_add(&sent, "x", secret))
		hide_text(words, buffer_bytes(&sent) + 2,
			buffer_length(&sent) - 2);
	buffer_wipe(&sent);
}

/* The provider's own words, owned; its description, or the error alone. */
static char *words_of(const struct oauth_answer *answer, const char *secret)
{
	char *words = answer->members == NULL
		? NULL
		: members_text(answer->members, "error_description");

	if (words == NULL)
		words = xstrdup(answer->error == NULL ? "" : answer->error);
	hide(words, secret);
	hide(words, answer->secret);
	if (strlen(words) > WORDS_MAX)
		words[WORDS_MAX] = '\0';
	return words;
}

/* Only its owner can help. Always false. */
static bool over(
	const struct oauth_user *user, const char *words, struct error *err)
{
	const char *name = user->account->name;

	if (user->oauth->as_client)
		return error_set_server(err, ERROR_LOGIN, words, strlen(words),
			"the provider refuses the client %s: check oauth-client-id and its secret, and that it may read this mailbox",
			user->oauth->client.user);
	return error_set_server(err, ERROR_LOGIN, words, strlen(words),
		"the login%s of account %s is no longer valid: run keepmail login %s",
		user->where, name, name);
}

/* Says why an answer has no token. Always false. */
static bool refused(const struct oauth_user *user,
	const struct oauth_answer *answer, const char *secret,
	struct error *err)
{
	char *words = words_of(answer, secret);
	size_t length = strlen(words);

	if (oauth_is_temporary(answer))
		error_set_server(err, ERROR_TEMPORARY, words, length,
			"the provider of the login cannot answer now (HTTP status %ld): try again later",
			answer->status);
	else if (is_over(answer->error))
		over(user, words, err);
	else if (answer->error == NULL)
		error_set(err,
			answer->status / 100 == 2 ? ERROR_TEMPORARY
						  : ERROR_CONFIG,
			"the provider's answer has no token (HTTP status %ld): check %stoken-url",
			answer->status, user->prefix);
	else if (strcmp(answer->error, "invalid_client") == 0 ||
		strcmp(answer->error, "unauthorized_client") == 0)
		error_set_server(err, ERROR_LOGIN, words, length,
			"the provider does not accept the client (%s): check %sclient-id, its secret, and how the client is registered",
			answer->error, user->prefix);
	else if (strcmp(answer->error, "invalid_scope") == 0)
		error_set_server(err, ERROR_LOGIN, words, length,
			"the provider does not grant this scope to the client: check oauth-scope, and what the client is registered for");
	else
		error_set_server(err, ERROR_LOGIN, words, length,
			"the provider gave no token");
	free(words);
	return false;
}

/* It may be a new one, and the old one no longer be valid. */
static void take_refresh(
	const struct oauth_answer *answer, struct token_record *record)
{
	char *refresh = members_text(answer->members, "refresh_token");

	if (refresh != NULL && refresh[0] != '\0' &&
		strpbrk(refresh, "\r\n") == NULL)
		token_record_set(&record->refresh, refresh);
	secret_free(refresh);
}

bool oauth_take(const struct oauth_user *user,
	const struct oauth_answer *answer, const char *secret,
	struct token_record *record, struct error *err)
{
	bool good = answer->members != NULL && answer->status / 100 == 2;
	char *access =
		good ? members_text(answer->members, "access_token") : NULL;

	if (access == NULL || !oauth_is_token(access) ||
		strlen(access) > SECRET_MAX) {
		refused(user, answer, secret, err);
		if (good)
			take_refresh(answer, record);
		secret_free(access);
		return false;
	}
	int64_t lifetime =
		members_number(answer->members, "expires_in", LIFETIME_SECONDS);

	if (lifetime < 1 || lifetime > LIFETIME_MAX)
		lifetime = LIFETIME_SECONDS;
	take_refresh(answer, record);
	record->renewed = now_seconds();
	record->expires = record->renewed + lifetime;
	record->refused = 0;
	token_record_set(&record->access, access);
	secret_free(access);
	return true;
}

/* May the recorded access token be used, for at least these seconds? */
static bool is_good(
	const struct token_record *record, const char *stale, int64_t seconds)
{
	int64_t now = now_seconds();

	/* If the clock was set back, it is not known when it expires. */
	return record->access != NULL && record->expires > now + seconds &&
		record->renewed <= now &&
		(stale == NULL || strcmp(record->access, stale) != 0);
}

/* Is the record of a login by this client, at this provider? */
static bool is_ours(const struct oauth_user *user,
	const struct oauth_endpoints *endpoints,
	const struct token_record *record)
{
	const char *grant = user->oauth->as_client ? "client" : "user";

	return record->client != NULL && record->grant != NULL &&
		strcmp(record->grant, grant) == 0 &&
		strcmp(record->client, user->oauth->client.user) == 0 &&
		strcmp(record->token_url, endpoints->token) == 0;
}

/*
 * When the provider is not asked again before REFUSED_SECONDS have passed. What
 * a person must do (interaction_required) may depend on where this machine is.
 */
static int64_t refused_at(const char *error)
{
	return strcmp(error, "invalid_grant") == 0
		? now_seconds()
		: now_seconds() - REFUSED_SECONDS + REQUIRED_SECONDS;
}

/* Asks for an access token. */
static bool request(const struct oauth_user *user,
	const struct oauth_endpoints *endpoints, struct token_record *record,
	struct error *err)
{
	/* Not ended by a signal: the answer may be the only one that has the
	 * next refresh token. */
	const struct patience wait = patience_begin(REQUEST_SECONDS, NULL);
	bool as_client = user->oauth->as_client;
	struct oauth_answer answer;
	struct buffer form;

	buffer_init(&form, OAUTH_FORM_MAX);
	bool ok = oauth_add(&form, "grant_type",
			  as_client ? "client_credentials" : "refresh_token") &&
		(as_client ||
			oauth_add(&form, "refresh_token", record->refresh)) &&
		(!as_client || endpoints->scope == NULL ||
			oauth_add(&form, "scope", endpoints->scope));
	const struct oauth_request sent = {
		.url = endpoints->token,
		.form = &form,
		.secretly = true,
		.wait = &wait,
	};

	if (!ok) {
		buffer_wipe(&form);
		return error_set(err, ERROR_SOFTWARE,
			"the request for a token is too long");
	}
	if (!oauth_send(user, &sent, &answer, err))
		return false;
	ok = oauth_take(user, &answer, record->refresh, record, err);
	if (!ok && is_over(answer.error) && !oauth_is_temporary(&answer))
		record->refused = refused_at(answer.error);
	/* It was right when the owner logged in: somebody is in between. */
	if (!ok && err->kind == ERROR_CONFIG)
		err->kind = ERROR_TEMPORARY;
	oauth_answer_release(&answer);
	return ok;
}

/*
 * Renews what is recorded, and records it before it is used. With the lock
 * held.
 */
static bool renew(const struct oauth_user *user,
	const struct oauth_endpoints *endpoints, struct token_file *file,
	struct token_record *record, struct error *err)
{
	struct error unwritten = {.kind = ERROR_NONE};

	if (!token_file_prepare(file, err))
		return false;
	char *before =
		record->refresh == NULL ? NULL : xstrdup(record->refresh);
	bool ok = request(user, endpoints, record, err);
	/* The login itself is kept, even if the provider says that it ended. */
	bool changed = ok || record->refused != 0 ||
		(record->refresh != NULL &&
			(before == NULL ||
				strcmp(before, record->refresh) != 0));

	secret_free(before);
	if (!changed || token_file_write(file, record, &unwritten))
		return ok;
	/* The token is good, nevertheless; the next one may not be had. */
	if (ok)
		log_line(LOG_WARNINGS,
			"%s; if a later run reports that the login is no longer valid, run keepmail login %s",
			unwritten.text, user->account->name);
	return ok;
}

/* Fails if it makes no sense to ask the provider. */
static bool may_renew(const struct oauth_user *user,
	const struct oauth_endpoints *endpoints,
	const struct token_record *record, struct error *err)
{
	int64_t ago = now_seconds() - record->refused;
	const char *name = user->account->name;

	if (user->oauth->as_client)
		return true;
	if (record->client == NULL)
		return error_set(err, ERROR_LOGIN,
			"account %s is not logged in%s yet: run keepmail login %s",
			name, user->where, name);
	if (!is_ours(user, endpoints, record))
		return error_set(err, ERROR_LOGIN,
			"the login%s of account %s was made with another %sclient-id or provider: run keepmail login %s",
			user->where, name, user->prefix, name);
	if (record->refresh == NULL)
		return error_set(err, ERROR_LOGIN,
			"the login%s of account %s has expired, and the provider gave no refresh token: run keepmail login %s",
			user->where, name, name);
	if (record->refused != 0 && ago >= 0 && ago < REFUSED_SECONDS)
		return over(user, "", err);
	return true;
}

/* With the lock held. */
static bool get_locked(const struct oauth_user *user, const char *stale,
	struct token_file *file, struct token_record *record, struct error *err)
{
	struct oauth_endpoints endpoints = oauth_endpoints(user->oauth);
	struct error failure = {.kind = ERROR_NONE};
	bool ours = is_ours(user, &endpoints, record);
	int64_t age = now_seconds() - record->renewed;

	/* Another one would not please the server either. */
	if (age >= 0 && age < FRESH_SECONDS)
		stale = NULL;

	if (!ours && user->oauth->as_client) {
		token_record_release(record);
		token_record_set(&record->client, user->oauth->client.user);
		token_record_set(&record->token_url, endpoints.token);
		token_record_set(&record->grant, "client");
	}
	/* Another run may have renewed it while this one waited. */
	bool ok = ours && is_good(record, stale, MARGIN_SECONDS);

	if (!ok)
		ok = may_renew(user, &endpoints, record, &failure) &&
			renew(user, &endpoints, file, record, &failure);
	/* What is left of it may do, until the provider can be asked. */
	if (!ok && ours && is_good(record, stale, 0)) {
		log_line(LOG_MESSAGES, "the login was not renewed: %s",
			failure.text);
		ok = true;
	}
	if (!ok)
		*err = failure;
	oauth_endpoints_release(&endpoints);
	return ok;
}

bool oauth_get(const struct oauth_user *user, const char *stale,
	const volatile sig_atomic_t *stop, char **token, struct error *err)
{
	const struct patience wait = patience_begin(LOCK_SECONDS, stop);
	struct token_file file;
	struct token_record record;
	bool there;

	if (!token_file_open(&file, &user->place, &wait, err))
		return false;
	bool ok = token_file_read(&user->place, &there, &record, err) &&
		get_locked(user, stale, &file, &record, err);

	if (ok)
		*token = xstrdup(record.access);
	token_record_release(&record);
	token_file_close(&file);
	return ok;
}
