/* SPDX-License-Identifier: ISC */
/* The settings about a login by OAuth. */
#include <string.h>

#include "core/oauth.h"
#include "core/setting_internal.h"

bool setting_set_oauth(struct account *account, const char *text)
{
	static const struct setting_choice choices[] = {
		{"microsoft", OAUTH_MICROSOFT},
		{"google", OAUTH_GOOGLE},
		{"other", OAUTH_OTHER},
	};
	int value;

	if (!SETTING_CHOOSE(choices, text, &value))
		return false;
	setting_clear_password(account);
	account->oauth.provider = (enum oauth_provider)value;
	return true;
}

bool setting_set_oauth_grant(struct account *account, const char *text)
{
	static const struct setting_choice choices[] = {
		{"user", false}, {"client", true}};
	int value;

	if (!SETTING_CHOOSE(choices, text, &value))
		return false;
	account->oauth.as_client = value != 0;
	return true;
}

bool setting_set_oauth_client_id(struct account *account, const char *text)
{
	return oauth_is_token(text) && strlen(text) < 1024 &&
		setting_replace(&account->oauth.client.user, text);
}

bool setting_set_oauth_client_secret(struct account *account, const char *text)
{
	struct account_login *client = &account->oauth.client;

	if (!setting_is_clean(text, 1024))
		return false;
	setting_clear_sources(client);
	return setting_replace(&client->password, text);
}

bool setting_set_oauth_client_secret_command(
	struct account *account, const char *text)
{
	struct account_login *client = &account->oauth.client;

	if (setting_is_blank(text))
		return false;
	setting_clear_sources(client);
	return setting_replace(&client->password_command, text);
}

bool setting_set_oauth_client_secret_file(
	struct account *account, const char *text)
{
	struct account_login *client = &account->oauth.client;

	setting_clear_sources(client);
	return setting_replace(&client->password_file, text);
}

/* It becomes a part of a URL's path. */
bool setting_set_oauth_tenant(struct account *account, const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-_";

	return text[0] != '\0' && strspn(text, allowed) == strlen(text) &&
		strlen(text) < 256 &&
		setting_replace(&account->oauth.tenant, text);
}

bool setting_set_oauth_scope(struct account *account, const char *text)
{
	return setting_is_clean(text, 2048) &&
		setting_replace(&account->oauth.scope, text);
}

bool setting_set_oauth_device_url(struct account *account, const char *text)
{
	return oauth_is_url(text) &&
		setting_replace(&account->oauth.device_url, text);
}

bool setting_set_oauth_auth_url(struct account *account, const char *text)
{
	return oauth_is_url(text) &&
		setting_replace(&account->oauth.auth_url, text);
}

bool setting_set_oauth_token_url(struct account *account, const char *text)
{
	return oauth_is_url(text) &&
		setting_replace(&account->oauth.token_url, text);
}

bool setting_set_oauth_redirect_url(struct account *account, const char *text)
{
	return oauth_is_redirect(text) &&
		setting_replace(&account->oauth.redirect_url, text);
}

bool setting_set_oauth_tls_ca(struct account *account, const char *text)
{
	return setting_replace(&account->oauth.tls.ca, text);
}

void setting_default_oauth(struct account *account)
{
	const char *host = account->oauth.provider == OAUTH_MICROSOFT
		? "outlook.office365.com"
		: account->oauth.provider == OAUTH_GOOGLE ? "pop.gmail.com"
							  : NULL;

	if (account->oauth.provider == OAUTH_NONE)
		return;
	if (account->server.host == NULL && host != NULL)
		setting_replace(&account->server.host, host);
	if (account->login.auth == AUTH_AUTO)
		account->login.auth = AUTH_XOAUTH2;
}

size_t setting_check_oauth(struct account *account,
	void (*report)(const struct account *account, const char *sentence))
{
	const struct account_oauth *oauth = &account->oauth;
	bool other = oauth->provider == OAUTH_OTHER;
	const char *sentence = NULL;

	if (oauth->provider == OAUTH_NONE)
		return 0;
	if (oauth->client.user == NULL)
		sentence =
			"oauth needs the id of a client too: add oauth-client-id = ID (see \"Microsoft, Google and others\" in keepmailrc(5))";
	else if (account->login.auth != AUTH_XOAUTH2 &&
		account->login.auth != AUTH_OAUTHBEARER)
		sentence = "oauth needs auth = xoauth2 or auth = oauthbearer";
	else if (other && oauth->token_url == NULL)
		sentence =
			"oauth = other needs the provider's addresses: add oauth-token-url, and oauth-device-url or oauth-auth-url";
	else if (other && !oauth->as_client && oauth->device_url == NULL &&
		oauth->auth_url == NULL)
		sentence =
			"oauth = other needs oauth-device-url or oauth-auth-url too, for the login";
	else if (oauth->as_client && oauth->provider == OAUTH_MICROSOFT &&
		oauth->tenant == NULL && oauth->token_url == NULL)
		sentence =
			"oauth-grant = client needs the id of the organisation too: add oauth-tenant = ID";
	else if (oauth->as_client && oauth->provider == OAUTH_GOOGLE)
		sentence =
			"Google lets no client fetch mail by itself: leave out oauth-grant = client";
	else if (oauth->as_client && oauth->client.password == NULL &&
		oauth->client.password_command == NULL &&
		oauth->client.password_file == NULL)
		sentence =
			"oauth-grant = client needs the client's secret too: add oauth-client-secret-file or oauth-client-secret-command";
	if (sentence != NULL)
		report(account, sentence);
	return sentence != NULL;
}
