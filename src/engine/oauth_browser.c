/* SPDX-License-Identifier: ISC */
/* A login in a browser, with a code and PKCE (RFC 6749, 7636, 8252). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/xalloc.h"
#include "engine/oauth_login_internal.h"
#include "io/net/loopback.h"
#include "io/process/command.h"
#include "io/process/digest.h"
#include "io/process/privilege.h"

#define BROWSER                                                     \
	"if [ -n \"$BROWSER\" ]; then $BROWSER \"$KEEPMAIL_URL\"; " \
	"else xdg-open \"$KEEPMAIL_URL\"; fi >/dev/null 2>&1 &"

/* The URL that the login begins at, owned. */
static char *make_url(struct login *login)
{
	unsigned char sha256[DIGEST_LENGTH];
	char challenge[OAUTH_RANDOM_MAX];
	struct digest *digest = digest_new();
	struct buffer query;
	const char *url = login->endpoints.authorize;

	digest_update(digest, login->verifier, strlen(login->verifier));
	digest_finish(digest, sha256);
	digest_free(digest);
	oauth_base64url(sha256, sizeof sha256, challenge);
	buffer_init(&query, OAUTH_FORM_MAX);
	bool ok = oauth_add(&query, "response_type", "code") &&
		oauth_add(
			&query, "client_id", login->user->oauth->client.user) &&
		oauth_add(&query, "redirect_uri", login->redirect) &&
		(login->endpoints.scope == NULL ||
			oauth_add(&query, "scope", login->endpoints.scope)) &&
		oauth_add(&query, "state", login->state) &&
		oauth_add(&query, "code_challenge", challenge) &&
		oauth_add(&query, "code_challenge_method", "S256");

	/* Otherwise Google gives a refresh token with the first login only. */
	if (ok && login->user->oauth->provider == OAUTH_GOOGLE)
		ok = oauth_add(&query, "access_type", "offline") &&
			oauth_add(&query, "prompt", "consent");
	char *whole = !ok
		? NULL
		: xasprintf("%s%c%.*s", url,
			  strchr(url, '?') == NULL ? '?' : '&',
			  (int)buffer_length(&query), buffer_bytes(&query));

	buffer_release(&query);
	return whole;
}

/* Has this target or URL our state? Others are not from this login. */
static bool is_ours(void *data, const char *target)
{
	const struct login *login = data;
	char state[OAUTH_RANDOM_MAX];

	return oauth_find(target, "state", state, sizeof state) &&
		strcmp(state, login->state) == 0;
}

/* Changes the code for tokens (RFC 6749 section 4.1.3). */
static bool redeem(struct login *login, const char *code, struct error *err)
{
	struct oauth_answer answer;
	struct buffer form;

	buffer_init(&form, OAUTH_FORM_MAX);
	if (!oauth_add(&form, "grant_type", "authorization_code") ||
		!oauth_add(&form, "code", code) ||
		!oauth_add(&form, "redirect_uri", login->redirect) ||
		!oauth_add(&form, "code_verifier", login->verifier))
		return oauth_login_too_long(&form, err);
	if (!oauth_login_ask(
		    login, login->endpoints.token, &form, &answer, err))
		return false;
	bool ok = oauth_take(login->user, &answer, code, &login->record, err);

	oauth_answer_release(&answer);
	return ok;
}

/* Takes what the browser came back with. */
static bool come_back(
	struct login *login, const char *target, struct error *err)
{
	char *code = xmalloc(LOOPBACK_URL_MAX);
	char error[128];
	bool ok = false;

	if (oauth_find(target, "code", code, LOOPBACK_URL_MAX))
		ok = redeem(login, code, err);
	else if (oauth_find(target, "error", error, sizeof error))
		error_set_server(err, ERROR_LOGIN, error, strlen(error),
			"the login was declined in the browser: nothing was changed");
	else
		error_set(err, ERROR_LOGIN,
			"the browser came back without a code: run keepmail login again");
	explicit_bzero(code, LOOPBACK_URL_MAX);
	free(code);
	return ok;
}

/*
 * Microsoft takes any port of "localhost", Google and others any of 127.0.0.1
 * (RFC 8252 section 7.3).
 */
static void set_redirect(struct login *login, uint16_t port)
{
	const struct account_oauth *oauth = login->user->oauth;

	login->redirect = oauth->redirect_url != NULL
		? xstrdup(oauth->redirect_url)
		: xasprintf("http://%s:%u/",
			  oauth->provider == OAUTH_MICROSOFT ? "localhost"
							     : "127.0.0.1",
			  port);
}

static uint16_t redirect_port(const struct oauth_user *user)
{
	uint16_t port = 0;

	if (user->oauth->redirect_url != NULL)
		free(oauth_host(user->oauth->redirect_url, &port));
	return port;
}

/* Starts the browser, which may fail: the person can do it, too. */
static void show_page(const struct login *login, const char *url, bool opens)
{
	const struct command_variable variables[] = {{"KEEPMAIL_URL", url}};
	const struct command_plan plan = {.line = BROWSER,
		.clean = privilege_has_changed(),
		.variables = variables,
		.variable_count = 1};
	const struct patience wait = patience_begin(10, login->talk->stop);
	struct command command;
	char ignored[8];

	oauth_login_tell(login,
		opens ? "To log in, use the page that opens in the browser, or open it by hand:"
		      : "To log in, open this page in a browser:");
	oauth_login_tell(login, url);
	if (!opens || !command_start(&command, &plan))
		return;
	command_read(
		&command, ignored, sizeof ignored, COMMAND_REST_LAST, &wait);
	command_end(&command, &wait, 0);
}

bool oauth_login_by_browser(struct login *login, struct error *err)
{
	const struct patience wait =
		patience_begin(PERSON_SECONDS, login->talk->stop);
	const struct loopback_judge judge = {is_ours, login};
	uint16_t port = redirect_port(login->user);
	int fd = loopback_listen(&port, err);
	char *target = xmalloc(LOOPBACK_URL_MAX);

	set_redirect(login, port);
	char *url = fd < 0 ? NULL : make_url(login);
	bool ok = url != NULL;

	if (ok) {
		show_page(login, url, true);
		ok = loopback_await(fd, &wait, &judge, target, err) &&
			come_back(login, target, err);
	}
	if (fd >= 0)
		close(fd);
	free(url);
	explicit_bzero(target, LOOPBACK_URL_MAX);
	free(target);
	return ok;
}

bool oauth_login_by_paste(struct login *login, struct error *err)
{
	char *line = xmalloc(LOOPBACK_URL_MAX);
	uint16_t port = redirect_port(login->user);

	/* Nobody listens there: what counts is the URL in the address bar. */
	set_redirect(login, port == 0 ? 8097 : port);
	char *url = make_url(login);
	bool ok = url != NULL;

	if (ok) {
		show_page(login, url, false);
		oauth_login_tell(login,
			"At the end the browser shows an error, since the page is on this machine. Copy the URL from its address bar, and paste it here:");
		ok = login->talk->read(
			     login->talk->data, line, LOOPBACK_URL_MAX) ||
			error_set(err,
				*login->talk->stop ? ERROR_TEMPORARY
						   : ERROR_LOGIN,
				"no URL was pasted: nothing was changed");
	}
	if (ok && !is_ours(login, line))
		ok = error_set(err, ERROR_LOGIN,
			"this is not the URL that this login ends at: copy it as a whole, from http:// on. Nothing was changed");
	ok = ok && come_back(login, line, err);
	free(url);
	explicit_bzero(line, LOOPBACK_URL_MAX);
	free(line);
	return ok;
}
