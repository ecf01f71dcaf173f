/* SPDX-License-Identifier: ISC */
#include "core/setting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/text.h"
#include "core/xalloc.h"

static bool replace(char **field, const char *text)
{
	free(*field);
	*field = xstrdup(text);
	return true;
}

/* Text that goes to the server or libcurl: no line may be slipped in. */
static bool is_clean(const char *text, size_t max)
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

struct choice {
	const char *name;
	int value;
};

static bool choose(const struct choice *choices, size_t count, const char *text,
	int *value)
{
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(text, choices[i].name) == 0) {
			*value = choices[i].value;
			return true;
		}
	}
	return false;
}

#define CHOOSE(choices, text, value) \
	choose(choices, sizeof(choices) / sizeof((choices)[0]), text, value)

static bool set_server(struct account *account, const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-_:[]";
	size_t length = strlen(text);

	for (size_t i = 0; i < length; i++) {
		/* Above ASCII: an internationalised name, for libcurl. */
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
	return replace(&account->server, text);
}

static bool set_port(struct account *account, const char *text)
{
	uint64_t number;

	if (!text_parse_number(text, UINT16_MAX, &number) || number == 0)
		return false;
	account->port = (uint16_t)number;
	return true;
}

static bool set_tls(struct account *account, const char *text)
{
	static const struct choice choices[] = {
		{"implicit", TLS_IMPLICIT},
		{"starttls", TLS_STARTTLS},
		{"off", TLS_OFF},
	};
	int value;

	if (!CHOOSE(choices, text, &value))
		return false;
	account->tls = (enum tls_mode)value;
	return true;
}

static bool set_tls_min(struct account *account, const char *text)
{
	static const struct choice choices[] = {
		{"1.2", TLS_MIN_1_2},
		{"1.3", TLS_MIN_1_3},
	};
	int value;

	if (!CHOOSE(choices, text, &value))
		return false;
	account->tls_min = (enum tls_version)value;
	return true;
}

static bool set_tls_ca(struct account *account, const char *text)
{
	return replace(&account->tls_ca, text);
}

static bool set_tls_cert(struct account *account, const char *text)
{
	return replace(&account->tls_cert, text);
}

static bool set_tls_key(struct account *account, const char *text)
{
	return replace(&account->tls_key, text);
}

/* One or more pins with ';' between them, as libcurl takes them. */
static bool set_tls_pin(struct account *account, const char *text)
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
			return replace(&account->tls_pin, text);
		if (*p++ != ';')
			return false;
	}
}

static bool set_proxy(struct account *account, const char *text)
{
	static const char *const schemes[] = {"http://", "https://",
		"socks4://", "socks4a://", "socks5://", "socks5h://"};

	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		if (strncasecmp(text, schemes[i], strlen(schemes[i])) == 0 &&
			is_clean(text, 1024))
			return replace(&account->proxy, text);
	}
	return false;
}

static bool set_user(struct account *account, const char *text)
{
	return is_clean(text, 1024) && replace(&account->user, text);
}

/* The password comes from one place: the one named last. */
static void clear_password(struct account *account)
{
	account_forget_password(account);
	free(account->password_command);
	free(account->password_file);
	account->password_command = NULL;
	account->password_file = NULL;
}

static bool set_password(struct account *account, const char *text)
{
	if (!is_clean(text, 16384))
		return false;
	clear_password(account);
	return replace(&account->password, text);
}

static bool set_password_command(struct account *account, const char *text)
{
	if (text[0] == '\0')
		return false;
	clear_password(account);
	return replace(&account->password_command, text);
}

static bool set_password_file(struct account *account, const char *text)
{
	clear_password(account);
	return replace(&account->password_file, text);
}

static bool set_auth(struct account *account, const char *text)
{
	static const struct choice choices[] = {
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

	if (!CHOOSE(choices, text, &value))
		return false;
	account->auth = (enum auth_method)value;
	return true;
}

static bool set_truth(bool *field, const char *text)
{
	static const struct choice choices[] = {
		{"true", true},
		{"yes", true},
		{"on", true},
		{"false", false},
		{"no", false},
		{"off", false},
	};
	int value;

	if (!CHOOSE(choices, text, &value))
		return false;
	*field = value != 0;
	return true;
}

static bool set_cleartext_password(struct account *account, const char *text)
{
	return set_truth(&account->cleartext_password, text);
}

static bool set_run_as(struct account *account, const char *text)
{
	return is_clean(text, 255) && replace(&account->run_as, text);
}

static bool set_confine(struct account *account, const char *text)
{
	return set_truth(&account->confine, text);
}

static bool set_trust_filesystem(struct account *account, const char *text)
{
	return set_truth(&account->trust_filesystem, text);
}

static bool set_pipelining(struct account *account, const char *text)
{
	return set_truth(&account->pipelining, text);
}

static bool set_timeout(struct account *account, const char *text)
{
	int64_t seconds;

	if (!text_parse_duration(text, 1, &seconds) || seconds < 1 ||
		seconds > 86400)
		return false;
	account->timeout = seconds;
	return true;
}

static bool set_max_time(struct account *account, const char *text)
{
	int64_t seconds;

	if (!text_parse_duration(text, 1, &seconds) || seconds < 1)
		return false;
	account->max_time = seconds;
	return true;
}

static bool set_sessions(struct account *account, const char *text)
{
	uint64_t sessions = 0;

	if (strcmp(text, "auto") != 0 &&
		(!text_parse_number(text, 1000, &sessions) || sessions == 0))
		return false;
	account->sessions = (uint32_t)sessions;
	return true;
}

static bool set_maildir(struct account *account, const char *text)
{
	account->destination = DESTINATION_MAILDIR;
	return replace(&account->path, text);
}

static bool set_mbox(struct account *account, const char *text)
{
	account->destination = DESTINATION_MBOX;
	return replace(&account->path, text);
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
	static const struct choice choices[] = {
		{"skip", false}, {"keep", true}};
	int value;

	if (!CHOOSE(choices, text, &value))
		return false;
	account->keep_duplicates = value != 0;
	return true;
}

static bool set_on_uid_reset(struct account *account, const char *text)
{
	static const struct choice choices[] = {
		{"match", UID_RESET_MATCH},
		{"refetch", UID_RESET_REFETCH},
		{"stop", UID_RESET_STOP},
	};
	int value;

	if (!CHOOSE(choices, text, &value))
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
	static const struct choice choices[] = {
		{"stat", VERIFY_STAT},
		{"digest", VERIFY_DIGEST},
		{"off", VERIFY_OFF},
	};
	int value;

	if (!CHOOSE(choices, text, &value))
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
	return replace(&account->local, text);
}

static bool set_trash(struct account *account, const char *text)
{
	return replace(&account->trash, text);
}

static bool set_state(struct account *account, const char *text)
{
	return replace(&account->state, text);
}

#define PATH_EXPECTED "an absolute path, or one that begins with ~/"

const struct setting settings[] = {
	{"server", set_server,
		"a host name or address, and the port in a setting of its own",
		SETTING_ALONE, false},
	{"port", set_port, "a number from 1 to 65535", SETTING_ALONE, false},
	{"tls", set_tls, "implicit, starttls or off", SETTING_ALONE, false},
	{"tls-ca", set_tls_ca, PATH_EXPECTED, SETTING_ALONE, true},
	{"tls-pin", set_tls_pin,
		"\"sha256//\" and the base64 of the public key's SHA-256",
		SETTING_ALONE, false},
	{"tls-cert", set_tls_cert, PATH_EXPECTED, SETTING_ALONE, true},
	{"tls-key", set_tls_key, PATH_EXPECTED, SETTING_ALONE, true},
	{"tls-min", set_tls_min, "1.2 or 1.3", SETTING_ALONE, false},
	{"proxy", set_proxy,
		"a URL that begins with socks5h://, socks5://, socks4a://, "
		"socks4://, http:// or https://",
		SETTING_ALONE, false},
	{"user", set_user, "a name without control characters", SETTING_ALONE,
		false},
	{"password", set_password,
		"1 to 16384 bytes without control characters", SETTING_PASSWORD,
		false},
	{"password-command", set_password_command, "a shell command",
		SETTING_PASSWORD, false},
	{"password-file", set_password_file, PATH_EXPECTED, SETTING_PASSWORD,
		true},
	{"auth", set_auth,
		"auto, plain, user, login, apop, cram-md5, digest-md5, "
		"scram-sha-1, scram-sha-256, oauthbearer or xoauth2",
		SETTING_ALONE, false},
	{"cleartext-password", set_cleartext_password, "true or false",
		SETTING_ALONE, false},
	{"pipelining", set_pipelining, "true or false", SETTING_ALONE, false},
	{"timeout", set_timeout, "1 to 86400 seconds", SETTING_ALONE, false},
	{"max-time", set_max_time, "a time such as 2 hours", SETTING_ALONE,
		false},
	{"sessions", set_sessions, "auto, or a number from 1 to 1000",
		SETTING_ALONE, false},
	{"maildir", set_maildir, PATH_EXPECTED, SETTING_DESTINATION, true},
	{"mbox", set_mbox, PATH_EXPECTED, SETTING_DESTINATION, true},
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

size_t setting_check(struct account *account,
	void (*report)(const struct account *account, const char *sentence))
{
	size_t wrong = 0;

	if (account->port == 0)
		account->port = account_default_port(account->tls);
	if (account->server == NULL) {
		report(account, "no server is set: add server = HOST");
		wrong++;
	}
	if (account->user == NULL) {
		report(account, "no user is set: add user = NAME");
		wrong++;
	}
	if (account->destination == DESTINATION_NONE) {
		report(account,
			"no destination is set: add maildir = \"~/Mail/NAME\" or mbox = \"~/mail/NAME\"");
		wrong++;
	}
	if (account->tls == TLS_OFF && account->server != NULL &&
		(account->proxy != NULL ||
			!account_is_loopback(account->server)) &&
		!account->cleartext_password) {
		report(account,
			"tls = off would send its password in clear text: use "
			"tls = implicit or tls = starttls, or, if you must, "
			"say cleartext-password = true");
		wrong++;
	}
	if (account->tls_key != NULL && account->tls_cert == NULL) {
		report(account, "tls-key needs tls-cert too");
		wrong++;
	}
	return wrong;
}
