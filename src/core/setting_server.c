/* SPDX-License-Identifier: ISC */
/* The settings that say how the server is reached, and how to log in. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/setting_internal.h"
#include "core/text.h"

bool setting_set_server(struct account *account, const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-_:[]";
	size_t length = strlen(text);

	for (size_t i = 0; i < length; i++) {
		/* Not ASCII: an internationalised name, which libcurl
		 * converts. */
		if ((unsigned char)text[i] < 0x80 &&
			strchr(allowed, text[i]) == NULL)
			return false;
	}
	if (length == 0 || length > 255)
		return false;
	/* "host:995" is a port in the wrong place; "::1" is an address. */
	const char *colon = strchr(text, ':');

	if (colon != NULL && text[0] != '[' && strchr(colon + 1, ':') == NULL)
		return false;
	return setting_replace(&account->server.host, text);
}

bool setting_set_port(struct account *account, const char *text)
{
	uint64_t number;

	if (!text_parse_number(text, UINT16_MAX, &number) || number == 0)
		return false;
	account->server.port = (uint16_t)number;
	return true;
}

bool setting_set_tls(struct account *account, const char *text)
{
	static const struct setting_choice choices[] = {
		{"implicit", TLS_IMPLICIT},
		{"starttls", TLS_STARTTLS},
		{"off", TLS_OFF},
	};
	int value;

	if (!SETTING_CHOOSE(choices, text, &value))
		return false;
	account->tls.mode = (enum tls_mode)value;
	return true;
}

bool setting_set_tls_min(struct account *account, const char *text)
{
	static const struct setting_choice choices[] = {
		{"1.2", TLS_MIN_1_2},
		{"1.3", TLS_MIN_1_3},
	};
	int value;

	if (!SETTING_CHOOSE(choices, text, &value))
		return false;
	account->tls.min = (enum tls_version)value;
	return true;
}

bool setting_set_tls_ca(struct account *account, const char *text)
{
	return setting_replace(&account->tls.ca, text);
}

bool setting_set_tls_cert(struct account *account, const char *text)
{
	return setting_replace(&account->tls.cert, text);
}

bool setting_set_tls_key(struct account *account, const char *text)
{
	return setting_replace(&account->tls.key, text);
}

bool setting_is_pin(const char *text)
{
	static const char base64[] = "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789+/";
	const char *p = text;

	for (;;) {
		/* SHA-256 in base64: 43 digits and one '='. */
		if (strncmp(p, "sha256//", 8) != 0 ||
			strspn(p + 8, base64) != 43 || p[51] != '=')
			return false;
		p += 52;
		if (*p == '\0')
			return true;
		if (*p++ != ';')
			return false;
	}
}

bool setting_set_tls_pin(struct account *account, const char *text)
{
	return setting_is_pin(text) && setting_replace(&account->tls.pin, text);
}

bool setting_set_proxy(struct account *account, const char *text)
{
	static const char *const schemes[] = {"http://", "https://",
		"socks4://", "socks4a://", "socks5://", "socks5h://"};

	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		if (strncasecmp(text, schemes[i], strlen(schemes[i])) == 0 &&
			setting_is_clean(text, 1024))
			return setting_replace(&account->server.proxy, text);
	}
	return false;
}

bool setting_set_user(struct account *account, const char *text)
{
	return setting_is_clean(text, 1024) &&
		setting_replace(&account->login.user, text);
}

void setting_clear_password(struct account *account)
{
	struct account_login *login = &account->login;
	char **const sources[] = {&login->password_command,
		&login->password_file, &login->password_netrc,
		&login->password_credential};

	setting_forget(&login->password);
	for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
		free(*sources[i]);
		*sources[i] = NULL;
	}
	login->password_keyring = false;
	account->oauth.provider = OAUTH_NONE;
}

bool setting_set_password(struct account *account, const char *text)
{
	if (!setting_is_clean(text, 16384))
		return false;
	setting_clear_password(account);
	return setting_replace(&account->login.password, text);
}

bool setting_set_password_command(struct account *account, const char *text)
{
	if (text[0] == '\0')
		return false;
	setting_clear_password(account);
	return setting_replace(&account->login.password_command, text);
}

bool setting_set_password_file(struct account *account, const char *text)
{
	setting_clear_password(account);
	return setting_replace(&account->login.password_file, text);
}

bool setting_set_password_netrc(struct account *account, const char *text)
{
	setting_clear_password(account);
	return setting_replace(&account->login.password_netrc, text);
}

/* The name of a file: see systemd.exec(5), LoadCredential. */
bool setting_set_password_credential(struct account *account, const char *text)
{
	if (!setting_is_clean(text, 255) || strchr(text, '/') != NULL ||
		strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return false;
	setting_clear_password(account);
	return setting_replace(&account->login.password_credential, text);
}

bool setting_set_password_keyring(struct account *account, const char *text)
{
	bool value;

	if (!setting_choose_bool(text, &value) || !value)
		return false;
	setting_clear_password(account);
	account->login.password_keyring = true;
	return true;
}

bool setting_choose_auth(const char *text, enum auth_method *method)
{
	static const struct setting_choice choices[] = {
		{"auto", AUTH_AUTO},
		{"plain", AUTH_PLAIN},
		{"user", AUTH_USER},
		{"login", AUTH_LOGIN},
		{"apop", AUTH_APOP},
		{"cram-md5", AUTH_CRAM_MD5},
		{"digest-md5", AUTH_DIGEST_MD5},
		{"scram-sha-1", AUTH_SCRAM_SHA_1},
		{"scram-sha-256", AUTH_SCRAM_SHA_256},
		{"oauthbearer", AUTH_OAUTHBEARER},
		{"xoauth2", AUTH_XOAUTH2},
	};
	int value;

	if (!SETTING_CHOOSE(choices, text, &value))
		return false;
	*method = (enum auth_method)value;
	return true;
}

bool setting_set_auth(struct account *account, const char *text)
{
	return setting_choose_auth(text, &account->login.auth);
}

bool setting_set_cleartext_password(struct account *account, const char *text)
{
	return setting_choose_bool(text, &account->login.cleartext_password);
}

bool setting_set_pipelining(struct account *account, const char *text)
{
	return setting_choose_bool(text, &account->session.pipelining);
}

bool setting_set_timeout(struct account *account, const char *text)
{
	return setting_choose_limit(text, &account->session.timeout);
}

bool setting_set_max_time(struct account *account, const char *text)
{
	int64_t seconds;

	if (!text_parse_duration(text, 1, &seconds) || seconds < 1)
		return false;
	account->session.max_time = seconds;
	return true;
}

bool setting_set_sessions(struct account *account, const char *text)
{
	uint64_t sessions = 0;

	if (strcmp(text, "auto") != 0 &&
		(!text_parse_number(text, 1000, &sessions) || sessions == 0))
		return false;
	account->sessions = (uint32_t)sessions;
	return true;
}
