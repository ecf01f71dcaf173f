/* SPDX-License-Identifier: ISC */
#include "core/setting.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/lmtp.h"
#include "core/setting_internal.h"
#include "core/text.h"
#include "core/xalloc.h"

bool setting_replace(char **field, const char *text)
{
	free(*field);
	*field = xstrdup(text);
	return true;
}

void setting_forget(char **field)
{
	if (*field != NULL)
		explicit_bzero(*field, strlen(*field));
	free(*field);
	*field = NULL;
}

bool setting_is_clean(const char *text, size_t max)
{
	size_t length = strlen(text);

	if (length == 0 || length > max)
		return false;
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == 0x7f)
			return false;
	}
	return true;
}

bool setting_is_blank(const char *text)
{
	return text[strspn(text, " \t")] == '\0';
}

bool setting_choose(const struct setting_choice *choices, size_t count,
	const char *text, int *value)
{
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(text, choices[i].name) == 0) {
			*value = choices[i].value;
			return true;
		}
	}
	return false;
}

bool setting_choose_bool(const char *text, bool *value)
{
	static const struct setting_choice choices[] = {
		{"true", true},
		{"yes", true},
		{"on", true},
		{"false", false},
		{"no", false},
		{"off", false},
	};
	int choice;

	if (!SETTING_CHOOSE(choices, text, &choice))
		return false;
	*value = choice != 0;
	return true;
}

bool setting_choose_limit(const char *text, int64_t *seconds)
{
	int64_t value;

	if (!text_parse_duration(text, 1, &value) || value < 1 || value > 86400)
		return false;
	*seconds = value;
	return true;
}

static bool set_maildir(struct account *account, const char *text)
{
	account->destination.kind = DESTINATION_MAILDIR;
	return setting_replace(&account->destination.path, text);
}

/* Octal, as for chmod: readable and writable for its owner, not executable. */
static bool set_mode(struct account *account, const char *text)
{
	size_t length = strlen(text);
	uint32_t mode = 0;

	if (length < 3 || length > 4 || strspn(text, "01234567") != length)
		return false;
	for (; *text != '\0'; text++)
		mode = mode * 8 + (uint32_t)(*text - '0');
	if ((mode & 0600) != 0600 || (mode & ~(uint32_t)0664) != 0)
		return false;
	account->destination.mode = mode;
	return true;
}

static bool set_maildir_size(struct account *account, const char *text)
{
	return setting_choose_bool(text, &account->destination.maildir_size);
}

static bool set_mbox(struct account *account, const char *text)
{
	account->destination.kind = DESTINATION_MBOX;
	return setting_replace(&account->destination.path, text);
}

static bool set_pipe(struct account *account, const char *text)
{
	if (setting_is_blank(text))
		return false;
	account->destination.kind = DESTINATION_PIPE;
	return setting_replace(&account->destination.path, text);
}

static bool set_pipe_timeout(struct account *account, const char *text)
{
	return setting_choose_limit(text, &account->destination.pipe_timeout);
}

static bool set_recipient(struct account *account, const char *text)
{
	return lmtp_is_address(text) &&
		setting_replace(&account->destination.recipient, text);
}

static bool set_delete(struct account *account, const char *text)
{
	return policy_parse_delete(&account->policy, text);
}

static bool set_start(struct account *account, const char *text)
{
	return policy_parse_start(&account->policy, text);
}

static bool set_keep_newest(struct account *account, const char *text)
{
	return text_parse_number(text, INT32_MAX, &account->policy.keep_newest);
}

static bool set_max_size(struct account *account, const char *text)
{
	return text_parse_size(text, &account->policy.max_size);
}

static bool set_duplicates(struct account *account, const char *text)
{
	static const struct setting_choice choices[] = {
		{"skip", false}, {"keep", true}};
	int value;

	if (!SETTING_CHOOSE(choices, text, &value))
		return false;
	account->keep_duplicates = value != 0;
	return true;
}

static bool set_on_uid_reset(struct account *account, const char *text)
{
	static const struct setting_choice choices[] = {
		{"match", UID_RESET_MATCH},
		{"refetch", UID_RESET_REFETCH},
		{"stop", UID_RESET_STOP},
	};
	int value;

	if (!SETTING_CHOOSE(choices, text, &value))
		return false;
	account->uid_reset = (enum uid_reset)value;
	return true;
}

static bool set_keep_larger(struct account *account, const char *text)
{
	return text_parse_size(text, &account->policy.keep_larger);
}

static bool set_delete_larger(struct account *account, const char *text)
{
	return text_parse_size(text, &account->policy.delete_larger);
}

static bool set_max_server_size(struct account *account, const char *text)
{
	return text_parse_size(text, &account->policy.max_server_size);
}

static bool set_verify(struct account *account, const char *text)
{
	static const struct setting_choice choices[] = {
		{"stat", VERIFY_STAT},
		{"digest", VERIFY_DIGEST},
		{"off", VERIFY_OFF},
	};
	int value;

	if (!SETTING_CHOOSE(choices, text, &value))
		return false;
	account->policy.verify = (enum verify_rule)value;
	return true;
}

static bool set_brake(struct account *account, const char *text)
{
	size_t length = strlen(text);
	char digits[8];

	if (length > 0 && length < sizeof digits && text[length - 1] == '%')
		length--;
	if (length >= sizeof digits)
		return false;
	memcpy(digits, text, length);
	digits[length] = '\0';
	return text_parse_number(digits, 100, &account->policy.brake);
}

static bool set_local(struct account *account, const char *text)
{
	return setting_replace(&account->copies.local, text);
}

static bool set_trash(struct account *account, const char *text)
{
	return setting_replace(&account->copies.trash, text);
}

static bool set_state(struct account *account, const char *text)
{
	return setting_replace(&account->state, text);
}

static bool set_run_as(struct account *account, const char *text)
{
	return setting_is_clean(text, 255) &&
		setting_replace(&account->run_as, text);
}

static bool set_confine(struct account *account, const char *text)
{
	return setting_choose_bool(text, &account->confine);
}

static bool set_trust_filesystem(struct account *account, const char *text)
{
	return setting_choose_bool(text, &account->trust_filesystem);
}

#define SECRET_EXPECTED "1 to 1024 bytes without control characters"
#define PIN_EXPECTED "\"sha256//\" and the base64 of the public key's SHA-256"
#define URL_EXPECTED "a URL that begins with https://"
#define PATH_EXPECTED "an absolute path, or one that begins with ~/"

const struct setting settings[] = {
	{"server", setting_set_server,
		"a host name or address, and the port in a setting of its own",
		SETTING_ALONE, false},
	{"port", setting_set_port, "a number from 1 to 65535", SETTING_ALONE,
		false},
	{"tls", setting_set_tls, "implicit, starttls or off", SETTING_ALONE,
		false},
	{"tls-ca", setting_set_tls_ca, PATH_EXPECTED, SETTING_ALONE, true},
	{"tls-pin", setting_set_tls_pin, PIN_EXPECTED, SETTING_ALONE, false},
	{"tls-cert", setting_set_tls_cert, PATH_EXPECTED, SETTING_ALONE, true},
	{"tls-key", setting_set_tls_key, PATH_EXPECTED, SETTING_ALONE, true},
	{"tls-min", setting_set_tls_min, "1.2 or 1.3", SETTING_ALONE, false},
	{"proxy", setting_set_proxy,
		"a URL that begins with socks5h://, socks5://, socks4a://, "
		"socks4://, http:// or https://",
		SETTING_ALONE, false},
	{"user", setting_set_user, "a name without control characters",
		SETTING_ALONE, false},
	{"password", setting_set_password,
		"1 to 16384 bytes without control characters", SETTING_PASSWORD,
		false},
	{"password-command", setting_set_password_command, "a shell command",
		SETTING_PASSWORD, false},
	{"password-file", setting_set_password_file, PATH_EXPECTED,
		SETTING_PASSWORD, true},
	{"password-netrc", setting_set_password_netrc, PATH_EXPECTED,
		SETTING_PASSWORD, true},
	{"password-credential", setting_set_password_credential,
		"the name of a systemd credential", SETTING_PASSWORD, false},
	{"password-keyring", setting_set_password_keyring, "true",
		SETTING_PASSWORD, false},
	{"oauth", setting_set_oauth, "microsoft, google or other",
		SETTING_PASSWORD, false},
	{"oauth-client-id", setting_set_oauth_client_id,
		"the id that the provider gave the client", SETTING_ALONE,
		false},
	{"oauth-client-secret", setting_set_oauth_client_secret,
		SECRET_EXPECTED, SETTING_CLIENT_SECRET, false},
	{"oauth-client-secret-command", setting_set_oauth_client_secret_command,
		"a shell command", SETTING_CLIENT_SECRET, false},
	{"oauth-client-secret-file", setting_set_oauth_client_secret_file,
		PATH_EXPECTED, SETTING_CLIENT_SECRET, true},
	{"oauth-grant", setting_set_oauth_grant, "user or client",
		SETTING_ALONE, false},
	{"oauth-tenant", setting_set_oauth_tenant,
		"the id or domain of an organisation", SETTING_ALONE, false},
	{"oauth-scope", setting_set_oauth_scope, "scopes, separated by blanks",
		SETTING_ALONE, false},
	{"oauth-device-url", setting_set_oauth_device_url, URL_EXPECTED,
		SETTING_ALONE, false},
	{"oauth-auth-url", setting_set_oauth_auth_url, URL_EXPECTED,
		SETTING_ALONE, false},
	{"oauth-token-url", setting_set_oauth_token_url, URL_EXPECTED,
		SETTING_ALONE, false},
	{"oauth-redirect-url", setting_set_oauth_redirect_url,
		"a URL of this machine, such as \"http://localhost:8080/\"",
		SETTING_ALONE, false},
	{"oauth-tls-ca", setting_set_oauth_tls_ca, PATH_EXPECTED, SETTING_ALONE,
		true},
	{"auth", setting_set_auth,
		"auto, plain, user, login, apop, cram-md5, digest-md5, "
		"scram-sha-1, scram-sha-256, oauthbearer or xoauth2",
		SETTING_ALONE, false},
	{"cleartext-password", setting_set_cleartext_password, "true or false",
		SETTING_ALONE, false},
	{"pipelining", setting_set_pipelining, "true or false", SETTING_ALONE,
		false},
	{"timeout", setting_set_timeout, "1 to 86400 seconds", SETTING_ALONE,
		false},
	{"max-time", setting_set_max_time, "a time such as 2 hours",
		SETTING_ALONE, false},
	{"sessions", setting_set_sessions, "auto, or a number from 1 to 1000",
		SETTING_ALONE, false},
	{"maildir", set_maildir, PATH_EXPECTED, SETTING_DESTINATION, true},
	{"mode", set_mode, "a file mode such as 0600, 0640 or 0660",
		SETTING_ALONE, false},
	{"maildir-size", set_maildir_size, "true or false", SETTING_ALONE,
		false},
	{"mbox", set_mbox, PATH_EXPECTED, SETTING_DESTINATION, true},
	{"lmtp", setting_set_lmtp,
		"\"unix:/path\", a host and port of this machine such as "
		"localhost:24, or \"lmtps://HOST:PORT\"",
		SETTING_DESTINATION, false},
	{"lmtp-tls-ca", setting_set_lmtp_tls_ca, PATH_EXPECTED, SETTING_ALONE,
		true},
	{"lmtp-tls-pin", setting_set_lmtp_tls_pin, PIN_EXPECTED, SETTING_ALONE,
		false},
	{"also", setting_set_also,
		"\"maildir PATH\" or \"mbox PATH\", with an absolute path",
		SETTING_ALONE, true},
	{"pipe", set_pipe, "a shell command", SETTING_DESTINATION, false},
	{"pipe-timeout", set_pipe_timeout, "1 to 86400 seconds", SETTING_ALONE,
		false},
	{"imap", setting_set_imap,
		"a URL such as \"imaps://USER@HOST/FOLDER\", without a password",
		SETTING_DESTINATION, false},
	{"imap-password-command", setting_set_imap_password_command,
		"a shell command", SETTING_IMAP_PASSWORD, false},
	{"imap-password-file", setting_set_imap_password_file, PATH_EXPECTED,
		SETTING_IMAP_PASSWORD, true},
	{"imap-auth", setting_set_imap_auth,
		"auto, plain, login, cram-md5, digest-md5, scram-sha-1, "
		"scram-sha-256, oauthbearer or xoauth2",
		SETTING_ALONE, false},
	{"imap-tls-ca", setting_set_imap_tls_ca, PATH_EXPECTED, SETTING_ALONE,
		true},
	{"imap-tls-pin", setting_set_imap_tls_pin, PIN_EXPECTED, SETTING_ALONE,
		false},
	{"gmail", setting_set_gmail, "\"me\", or a mail address",
		SETTING_DESTINATION, false},
	{"gmail-labels", setting_set_gmail_labels,
		"ids of labels, such as \"INBOX UNREAD\"", SETTING_ALONE,
		false},
	{"gmail-never-spam", setting_set_gmail_never_spam, "true or false",
		SETTING_ALONE, false},
	{"gmail-token-command", setting_set_gmail_token_command,
		"a shell command", SETTING_GMAIL_TOKEN, false},
	{"gmail-token-file", setting_set_gmail_token_file, PATH_EXPECTED,
		SETTING_GMAIL_TOKEN, true},
	{"gmail-oauth-client-id", setting_set_gmail_oauth_client_id,
		"the id that Google gave the client", SETTING_GMAIL_TOKEN,
		false},
	{"gmail-oauth-client-secret", setting_set_gmail_oauth_client_secret,
		SECRET_EXPECTED, SETTING_GMAIL_SECRET, false},
	{"gmail-oauth-client-secret-command",
		setting_set_gmail_oauth_client_secret_command,
		"a shell command", SETTING_GMAIL_SECRET, false},
	{"gmail-oauth-client-secret-file",
		setting_set_gmail_oauth_client_secret_file, PATH_EXPECTED,
		SETTING_GMAIL_SECRET, true},
	{"gmail-oauth-auth-url", setting_set_gmail_oauth_auth_url, URL_EXPECTED,
		SETTING_ALONE, false},
	{"gmail-oauth-token-url", setting_set_gmail_oauth_token_url,
		URL_EXPECTED, SETTING_ALONE, false},
	{"gmail-url", setting_set_gmail_url,
		"\"https://HOST\" or \"https://HOST:PORT\"", SETTING_ALONE,
		false},
	{"gmail-tls-ca", setting_set_gmail_tls_ca, PATH_EXPECTED, SETTING_ALONE,
		true},
	{"filter", setting_set_filter, "a shell command", SETTING_ALONE, false},
	{"filter-timeout", setting_set_filter_timeout, "1 to 86400 seconds",
		SETTING_ALONE, false},
	{"encrypt", setting_set_encrypt, PATH_EXPECTED, SETTING_ALONE, true},
	{"encrypt-cipher", setting_set_encrypt_cipher,
		"aes-256-cbc or aes-256-gcm", SETTING_ALONE, false},
	{"encrypt-subject", setting_set_encrypt_subject, "true or false",
		SETTING_ALONE, false},
	{"recipient", set_recipient, "a mail address or user name",
		SETTING_ALONE, false},
	{"delete", set_delete,
		"never, now, \"after N days\" (or hours, or weeks), \"when "
		"trashed\" or \"when purged\"",
		SETTING_ALONE, false},
	{"keep-newest", set_keep_newest, "a number of messages", SETTING_ALONE,
		false},
	{"max-size", set_max_size, "a size such as 20M", SETTING_ALONE, false},
	{"start", set_start, "all, now, or \"30 days\" (or hours, or weeks)",
		SETTING_ALONE, false},
	{"keep-larger-than", set_keep_larger, "a size such as 20M",
		SETTING_ALONE, false},
	{"delete-larger-than", set_delete_larger, "a size such as 20M",
		SETTING_ALONE, false},
	{"max-server-size", set_max_server_size, "a size such as 500M",
		SETTING_ALONE, false},
	{"verify", set_verify, "stat, digest or off", SETTING_ALONE, false},
	{"brake", set_brake, "a percentage from 0 to 100", SETTING_ALONE,
		false},
	{"local", set_local, PATH_EXPECTED, SETTING_ALONE, true},
	{"trash", set_trash, PATH_EXPECTED, SETTING_ALONE, true},
	{"duplicates", set_duplicates, "skip or keep", SETTING_ALONE, false},
	{"on-uid-reset", set_on_uid_reset, "match, refetch or stop",
		SETTING_ALONE, false},
	{"state", set_state, PATH_EXPECTED, SETTING_ALONE, true},
	{"trust-filesystem", set_trust_filesystem, "true or false",
		SETTING_ALONE, false},
	{"run-as", set_run_as, "the name of a user of this system",
		SETTING_ALONE, false},
	{"confine", set_confine, "true or false", SETTING_ALONE, false},
};

const size_t setting_count = sizeof settings / sizeof settings[0];

size_t setting_find(const char *name)
{
	size_t i = 0;

	while (i < setting_count && strcmp(settings[i].name, name) != 0)
		i++;
	return i;
}

size_t setting_path_at(const struct setting *setting, const char *text)
{
	size_t kind =
		setting->set == setting_set_also ? strcspn(text, " \t") : 0;

	return kind + strspn(text + kind, kind > 0 ? " \t" : "");
}

size_t setting_check(struct account *account,
	void (*report)(const struct account *account, const char *sentence))
{
	size_t wrong = 0;

	if (account->server.port == 0)
		account->server.port = account_default_port(account->tls.mode);
	setting_default_oauth(account);
	if (account->server.host == NULL) {
		report(account, "no server is set: add server = HOST");
		wrong++;
	}
	if (account->login.user == NULL) {
		report(account, "no user is set: add user = NAME");
		wrong++;
	}
	wrong += setting_check_oauth(account, report);
	wrong += setting_check_destination(account, report);
	if (account->tls.mode == TLS_OFF && account->server.host != NULL &&
		(account->server.proxy != NULL ||
			!account_is_loopback(account->server.host)) &&
		!account->login.cleartext_password) {
		report(account,
			"tls = off would send its password in clear text: use "
			"tls = implicit or tls = starttls, or, if you must, "
			"say cleartext-password = true");
		wrong++;
	}
	if (account->tls.key != NULL && account->tls.cert == NULL) {
		report(account, "tls-key needs tls-cert too");
		wrong++;
	}
	return wrong;
}
