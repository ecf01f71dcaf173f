/* SPDX-License-Identifier: ISC */
/* The settings about the IMAP mailbox that mail goes to. */
#include <stdlib.h>

#include "core/imap.h"
#include "core/setting_internal.h"

bool setting_set_imap(struct account *account, const char *text)
{
	struct account_imap *imap = &account->destination.imap;
	struct imap_address address;

	if (!imap_parse_address(text, &address))
		return false;
	account->destination.kind = DESTINATION_IMAP;
	/* Without TLS nothing leaves this machine. */
	imap->tls.mode = address.tls		    ? TLS_IMPLICIT
		: account_is_loopback(address.host) ? TLS_OFF
						    : TLS_STARTTLS;
	imap->server.port = address.port;
	return setting_replace(&imap->server.host, address.host) &&
		setting_replace(&imap->login.user, address.user) &&
		setting_replace(&imap->folder, address.folder) &&
		setting_replace(&account->destination.path, text);
}

void setting_clear_sources(struct account_login *login)
{
	setting_forget(&login->password);
	free(login->password_command);
	free(login->password_file);
	login->password_command = NULL;
	login->password_file = NULL;
}

bool setting_set_imap_password_command(
	struct account *account, const char *text)
{
	struct account_login *login = &account->destination.imap.login;

	if (text[0] == '\0')
		return false;
	setting_clear_sources(login);
	return setting_replace(&login->password_command, text);
}

bool setting_set_imap_password_file(struct account *account, const char *text)
{
	struct account_login *login = &account->destination.imap.login;

	setting_clear_sources(login);
	return setting_replace(&login->password_file, text);
}

bool setting_set_imap_auth(struct account *account, const char *text)
{
	enum auth_method method;

	/* These two are POP3's own. */
	if (!setting_choose_auth(text, &method) || method == AUTH_USER ||
		method == AUTH_APOP)
		return false;
	account->destination.imap.login.auth = method;
	return true;
}

bool setting_set_imap_tls_ca(struct account *account, const char *text)
{
	return setting_replace(&account->destination.imap.tls.ca, text);
}

bool setting_set_imap_tls_pin(struct account *account, const char *text)
{
	return setting_is_pin(text) &&
		setting_replace(&account->destination.imap.tls.pin, text);
}
