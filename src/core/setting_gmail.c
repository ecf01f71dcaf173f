/* SPDX-License-Identifier: ISC */
/* The settings about the Gmail mailbox that mail goes to. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/gmail.h"
#include "core/oauth.h"
#include "core/setting_internal.h"
#include "core/xalloc.h"

bool setting_set_gmail(struct account *account, const char *text)
{
	struct account_destination *destination = &account->destination;

	if (!gmail_is_user(text))
		return false;
	destination->kind = DESTINATION_GMAIL;
	free(destination->path);
	destination->path = xasprintf("Gmail (%s)", text);
	return setting_replace(&destination->gmail.login.user, text);
}

bool setting_set_gmail_labels(struct account *account, const char *text)
{
	return gmail_are_labels(text) &&
		setting_replace(&account->destination.gmail.labels, text);
}

bool setting_set_gmail_never_spam(struct account *account, const char *text)
{
	return setting_choose_bool(
		text, &account->destination.gmail.never_spam);
}

/* There is one source of the token: the one that is set last. */
static void clear_token(struct account_gmail *gmail)
{
	setting_clear_sources(&gmail->login);
	gmail->oauth.provider = OAUTH_NONE;
}

bool setting_set_gmail_token_command(struct account *account, const char *text)
{
	if (setting_is_blank(text))
		return false;
	clear_token(&account->destination.gmail);
	return setting_replace(
		&account->destination.gmail.login.password_command, text);
}

bool setting_set_gmail_token_file(struct account *account, const char *text)
{
	clear_token(&account->destination.gmail);
	return setting_replace(
		&account->destination.gmail.login.password_file, text);
}

bool setting_set_gmail_url(struct account *account, const char *text)
{
	struct account_gmail *gmail = &account->destination.gmail;

	if (!gmail_is_server(text))
		return false;
	gmail->tls.mode =
		strncasecmp(text, "https:", 6) == 0 ? TLS_IMPLICIT : TLS_OFF;
	return setting_replace(&gmail->url, text) &&
		setting_replace(&gmail->server.host, strstr(text, "//") + 2);
}

bool setting_set_gmail_tls_ca(struct account *account, const char *text)
{
	return setting_replace(&account->destination.gmail.tls.ca, text);
}

bool setting_set_gmail_oauth_client_id(
	struct account *account, const char *text)
{
	struct account_gmail *gmail = &account->destination.gmail;

	if (!oauth_is_token(text) || strlen(text) >= 1024)
		return false;
	clear_token(gmail);
	gmail->oauth.provider = OAUTH_GOOGLE;
	/* No more than what importing needs. */
	return setting_replace(&gmail->oauth.scope, GMAIL_OAUTH_SCOPE) &&
		setting_replace(&gmail->oauth.client.user, text);
}

bool setting_set_gmail_oauth_client_secret(
	struct account *account, const char *text)
{
	struct account_login *client = &account->destination.gmail.oauth.client;

	if (!setting_is_clean(text, 1024))
		return false;
	setting_clear_sources(client);
	return setting_replace(&client->password, text);
}

bool setting_set_gmail_oauth_client_secret_command(
	struct account *account, const char *text)
{
	struct account_login *client = &account->destination.gmail.oauth.client;

	if (setting_is_blank(text))
		return false;
	setting_clear_sources(client);
	return setting_replace(&client->password_command, text);
}

bool setting_set_gmail_oauth_client_secret_file(
	struct account *account, const char *text)
{
	struct account_login *client = &account->destination.gmail.oauth.client;

	setting_clear_sources(client);
	return setting_replace(&client->password_file, text);
}

bool setting_set_gmail_oauth_auth_url(struct account *account, const char *text)
{
	return oauth_is_url(text) &&
		setting_replace(
			&account->destination.gmail.oauth.auth_url, text);
}

bool setting_set_gmail_oauth_token_url(
	struct account *account, const char *text)
{
	return oauth_is_url(text) &&
		setting_replace(
			&account->destination.gmail.oauth.token_url, text);
}
