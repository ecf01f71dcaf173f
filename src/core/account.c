/* SPDX-License-Identifier: ISC */
#include "core/account.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void account_init(struct account *account)
{
	*account = (struct account){
		.tls.mode = TLS_IMPLICIT,
		.tls.min = TLS_MIN_1_2,
		.login.auth = AUTH_AUTO,
		.session.timeout = 60,
		.destination.mode = 0600,
		.destination.pipe_timeout = 600,
		.destination.rewrite.filter_timeout = 600,
		.oauth.tls = {.mode = TLS_IMPLICIT, .min = TLS_MIN_1_2},
		.destination.gmail.oauth.tls = {.mode = TLS_IMPLICIT,
			.min = TLS_MIN_1_2},
		.destination.imap = {.tls.min = TLS_MIN_1_2,
			.login.auth = AUTH_AUTO},
		.session.max_time = 12 * 3600,
		.confine = true,
		.session.pipelining = true,
		.policy = {.brake = 20},
	};
}

static void forget(char **secret)
{
	if (*secret != NULL)
		explicit_bzero(*secret, strlen(*secret));
	free(*secret);
	*secret = NULL;
}

void account_forget_password(struct account *account)
{
	forget(&account->login.password);
	forget(&account->oauth.client.password);
}

void account_forget_secrets(struct account *account)
{
	account_forget_password(account);
	forget(&account->destination.gmail.oauth.client.password);
}

static void release_server(struct account_server *server)
{
	free(server->host);
	free(server->proxy);
}

static void release_tls(struct account_tls *tls)
{
	free(tls->ca);
	free(tls->pin);
	free(tls->cert);
	free(tls->key);
}

/* All but the password. */
static void release_login(struct account_login *login)
{
	free(login->user);
	free(login->password_command);
	free(login->password_file);
	free(login->password_netrc);
	free(login->password_credential);
}

static void release_oauth(struct account_oauth *oauth)
{
	forget(&oauth->client.password);
	release_login(&oauth->client);
	release_tls(&oauth->tls);
	free(oauth->tenant);
	free(oauth->scope);
	free(oauth->device_url);
	free(oauth->auth_url);
	free(oauth->token_url);
	free(oauth->redirect_url);
}

static void release_destination(struct account_destination *destination)
{
	free(destination->path);
	free(destination->onward.path);
	free(destination->recipient);
	release_server(&destination->lmtp.server);
	release_tls(&destination->lmtp.tls);
	release_server(&destination->imap.server);
	release_tls(&destination->imap.tls);
	release_login(&destination->imap.login);
	free(destination->imap.folder);
	free(destination->gmail.url);
	release_server(&destination->gmail.server);
	release_tls(&destination->gmail.tls);
	release_login(&destination->gmail.login);
	release_oauth(&destination->gmail.oauth);
	free(destination->gmail.labels);
	free(destination->rewrite.filter);
	free(destination->rewrite.encrypt);
}

void account_release(struct account *account)
{
	account_forget_secrets(account);
	free(account->name);
	release_server(&account->server);
	release_tls(&account->tls);
	release_login(&account->login);
	release_oauth(&account->oauth);
	release_destination(&account->destination);
	free(account->state);
	free(account->copies.local);
	free(account->copies.trash);
	free(account->copies.elsewhere);
	free(account->copies.unrecorded);
	free(account->names);
	free(account->run_as);
	free(account->file);
	*account = (struct account){.line = 0};
}

struct account_remote account_source(const struct account *account)
{
	return (struct account_remote){
		.protocol = PROTOCOL_POP3,
		.name = account->name,
		.file = account->file,
		.server = &account->server,
		.tls = &account->tls,
		.login = &account->login,
		.session = &account->session,
		.prefix = "",
		.secret = "password",
		.oauth = account->oauth.provider != OAUTH_NONE,
	};
}

struct account_remote account_imap(const struct account *account)
{
	const struct account_imap *imap = &account->destination.imap;

	return (struct account_remote){
		.protocol = PROTOCOL_IMAP,
		.name = account->name,
		.file = account->file,
		.server = &imap->server,
		.tls = &imap->tls,
		.login = &imap->login,
		.session = &account->session,
		.prefix = "imap-",
		.secret = "password",
	};
}

struct account_remote account_lmtp(const struct account *account)
{
	const struct account_lmtp *lmtp = &account->destination.lmtp;

	return (struct account_remote){
		.protocol = PROTOCOL_LMTP,
		.name = account->name,
		.file = account->file,
		.server = &lmtp->server,
		.tls = &lmtp->tls,
		.login = &lmtp->login,
		.session = &account->session,
		.prefix = "lmtp-",
		.secret = "password",
	};
}

struct account_remote account_gmail(const struct account *account)
{
	const struct account_gmail *gmail = &account->destination.gmail;

	return (struct account_remote){
		.protocol = PROTOCOL_HTTPS,
		.name = account->name,
		.file = account->file,
		.server = &gmail->server,
		.tls = &gmail->tls,
		.login = &gmail->login,
		.session = &account->session,
		.prefix = "gmail-",
		.secret = "token",
	};
}

struct account_remote account_oauth(const struct account *account,
	const struct account_oauth *oauth, const struct account_server *server)
{
	return (struct account_remote){
		.protocol = PROTOCOL_HTTPS,
		.name = account->name,
		.file = account->file,
		.server = server,
		.tls = &oauth->tls,
		.login = &oauth->client,
		.session = &account->session,
		.prefix = oauth == &account->oauth ? "oauth-" : "gmail-oauth-",
		.secret = "client-secret",
	};
}

struct account_onward account_onward(const struct account *account)
{
	const struct account_destination *to = &account->destination;

	return to->onward.kind == DESTINATION_NONE &&
			!account_is_place(to->kind)
		? (struct account_onward){to->kind, to->path}
		: to->onward;
}

uint16_t account_default_port(enum tls_mode tls)
{
	return tls == TLS_IMPLICIT ? 995 : 110;
}

/* The number that text of this length is; 0: none, or no port. */
static uint16_t port_number(const char *text, size_t length)
{
	unsigned number = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9' || number > UINT16_MAX)
			return 0;
		number = number * 10 + (unsigned)(text[i] - '0');
	}
	return number > UINT16_MAX ? 0 : (uint16_t)number;
}

bool account_proxy_port(const char *proxy, uint16_t *port)
{
	const char *host = strstr(proxy, "://");

	if (host == NULL)
		return false;
	host += 3;
	const char *end = host + strcspn(host, "/?#");

	/* Behind the user's name and password, and an IPv6 address. */
	for (const char *p = host; p < end; p++) {
		if (*p == '@')
			host = p + 1;
	}
	if (*host == '[') {
		host += strcspn(host, "]");
		if (host >= end)
			return false;
	}
	size_t length = strcspn(host, ":");

	if (length >= (size_t)(end - host)) {
		*port = strncasecmp(proxy, "https:", 6) == 0 ? 443 : 1080;
		return true;
	}
	host += length + 1;
	uint16_t number = port_number(host, (size_t)(end - host));

	if (number > 0)
		*port = number;
	return number > 0;
}

bool account_name_is_good(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._@+-";
	size_t length = strlen(name);

	return length > 0 && length <= 64 && strchr(".-+", name[0]) == NULL &&
		strspn(name, allowed) == length;
}

/* Also stored in databases: table place. */
static const char *const kind_names[] = {
	[DESTINATION_NONE] = "",
	[DESTINATION_MAILDIR] = "maildir",
	[DESTINATION_MBOX] = "mbox",
	[DESTINATION_LMTP] = "lmtp",
	[DESTINATION_PIPE] = "pipe",
	[DESTINATION_IMAP] = "imap",
	[DESTINATION_GMAIL] = "gmail",
};

const char *account_kind_name(enum destination_kind kind)
{
	return kind_names[kind];
}

enum destination_kind account_kind_named(const char *name)
{
	for (size_t i = 1; i < sizeof kind_names / sizeof kind_names[0]; i++) {
		if (name != NULL && strcmp(name, kind_names[i]) == 0)
			return (enum destination_kind)i;
	}
	return DESTINATION_NONE;
}

bool account_is_place(enum destination_kind kind)
{
	switch (kind) {
	case DESTINATION_MAILDIR:
	case DESTINATION_MBOX:
		return true;
	case DESTINATION_NONE:
	case DESTINATION_LMTP:
	case DESTINATION_PIPE:
	case DESTINATION_IMAP:
	case DESTINATION_GMAIL:
		break;
	}
	return false;
}

bool account_is_loopback(const char *server)
{
	return strcasecmp(server, "localhost") == 0 ||
		strcmp(server, "::1") == 0 || strcmp(server, "[::1]") == 0 ||
		(strncmp(server, "127.", 4) == 0 &&
			strspn(server, "0123456789.") == strlen(server));
}
