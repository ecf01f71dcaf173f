/* SPDX-License-Identifier: ISC */
/* What the files of the settings share. */
#ifndef CORE_SETTING_INTERNAL_H
#define CORE_SETTING_INTERNAL_H

#include "core/setting.h"

/* Frees *field and sets it to a copy of text. Returns true. */
bool setting_replace(char **field, const char *text);

/* Wipes and frees a secret; *field is NULL then. */
void setting_forget(char **field);

/*
 * Is text 1 to max bytes long and without control characters? What is sent to
 * the server or given to libcurl must be, so that it cannot contain a line end.
 */
bool setting_is_clean(const char *text, size_t max);

/*
 * As setting_check, for the settings about where mail goes, and what depends on
 * that.
 */
size_t setting_check_destination(struct account *account,
	void (*report)(const struct account *account, const char *sentence));

/* Is there nothing but blanks? */
bool setting_is_blank(const char *text);

struct setting_choice {
	const char *name;
	int value;
};

/*
 * Sets *value to that of the choice called text, in any case. False, *value
 * unchanged, when there is none.
 */
bool setting_choose(const struct setting_choice *choices, size_t count,
	const char *text, int *value);

#define SETTING_CHOOSE(choices, text, value) \
	setting_choose(                      \
		choices, sizeof(choices) / sizeof((choices)[0]), text, value)

/* As setting_choose, for a bool: true, yes or on; false, no or off. */
bool setting_choose_bool(const char *text, bool *value);

/* A time limit: 1 to 86400 seconds, or a duration of that length. */
bool setting_choose_limit(const char *text, int64_t *seconds);

/* The name of an enum auth_method. False, *method unchanged, if there is none.
 */
bool setting_choose_auth(const char *text, enum auth_method *method);

/* Are these pins, separated by ';', as in CURLOPT_PINNEDPUBLICKEY? */
bool setting_is_pin(const char *text);

/* In setting_server.c; what they do: struct setting, set. */
bool setting_set_server(struct account *account, const char *text);
bool setting_set_port(struct account *account, const char *text);
bool setting_set_tls(struct account *account, const char *text);
bool setting_set_tls_min(struct account *account, const char *text);
bool setting_set_tls_ca(struct account *account, const char *text);
bool setting_set_tls_cert(struct account *account, const char *text);
bool setting_set_tls_key(struct account *account, const char *text);
bool setting_set_tls_pin(struct account *account, const char *text);
bool setting_set_proxy(struct account *account, const char *text);
bool setting_set_user(struct account *account, const char *text);
bool setting_set_password(struct account *account, const char *text);
bool setting_set_password_command(struct account *account, const char *text);
bool setting_set_password_file(struct account *account, const char *text);
bool setting_set_password_netrc(struct account *account, const char *text);
bool setting_set_password_credential(struct account *account, const char *text);
bool setting_set_password_keyring(struct account *account, const char *text);
bool setting_set_auth(struct account *account, const char *text);
bool setting_set_cleartext_password(struct account *account, const char *text);
bool setting_set_pipelining(struct account *account, const char *text);
bool setting_set_timeout(struct account *account, const char *text);
bool setting_set_max_time(struct account *account, const char *text);
bool setting_set_sessions(struct account *account, const char *text);

/* Forgets every source of the password: that which is set last counts. */
void setting_clear_password(struct account *account);

/* In setting_destination.c. */
bool setting_set_lmtp(struct account *account, const char *text);
bool setting_set_lmtp_tls_ca(struct account *account, const char *text);
bool setting_set_lmtp_tls_pin(struct account *account, const char *text);
bool setting_set_also(struct account *account, const char *text);
bool setting_set_filter(struct account *account, const char *text);
bool setting_set_filter_timeout(struct account *account, const char *text);
bool setting_set_encrypt(struct account *account, const char *text);
bool setting_set_encrypt_cipher(struct account *account, const char *text);
bool setting_set_encrypt_subject(struct account *account, const char *text);

/* In setting_gmail.c. */
bool setting_set_gmail(struct account *account, const char *text);
bool setting_set_gmail_labels(struct account *account, const char *text);
bool setting_set_gmail_never_spam(struct account *account, const char *text);
bool setting_set_gmail_token_command(struct account *account, const char *text);
bool setting_set_gmail_token_file(struct account *account, const char *text);
bool setting_set_gmail_url(struct account *account, const char *text);
bool setting_set_gmail_tls_ca(struct account *account, const char *text);
bool setting_set_gmail_oauth_client_id(
	struct account *account, const char *text);
bool setting_set_gmail_oauth_client_secret(
	struct account *account, const char *text);
bool setting_set_gmail_oauth_client_secret_command(
	struct account *account, const char *text);
bool setting_set_gmail_oauth_client_secret_file(
	struct account *account, const char *text);
bool setting_set_gmail_oauth_auth_url(
	struct account *account, const char *text);
bool setting_set_gmail_oauth_token_url(
	struct account *account, const char *text);

/* In setting_imap.c. */
/* There is one source of the password: the one that is set last. */
void setting_clear_sources(struct account_login *login);
bool setting_set_imap(struct account *account, const char *text);
bool setting_set_imap_password_command(
	struct account *account, const char *text);
bool setting_set_imap_password_file(struct account *account, const char *text);
bool setting_set_imap_auth(struct account *account, const char *text);
bool setting_set_imap_tls_ca(struct account *account, const char *text);
bool setting_set_imap_tls_pin(struct account *account, const char *text);

/* In setting_oauth.c. */
bool setting_set_oauth(struct account *account, const char *text);
bool setting_set_oauth_grant(struct account *account, const char *text);
bool setting_set_oauth_client_id(struct account *account, const char *text);
bool setting_set_oauth_client_secret(struct account *account, const char *text);
bool setting_set_oauth_client_secret_command(
	struct account *account, const char *text);
bool setting_set_oauth_client_secret_file(
	struct account *account, const char *text);
bool setting_set_oauth_tenant(struct account *account, const char *text);
bool setting_set_oauth_scope(struct account *account, const char *text);
bool setting_set_oauth_device_url(struct account *account, const char *text);
bool setting_set_oauth_auth_url(struct account *account, const char *text);
bool setting_set_oauth_token_url(struct account *account, const char *text);
bool setting_set_oauth_redirect_url(struct account *account, const char *text);
bool setting_set_oauth_tls_ca(struct account *account, const char *text);
/* What the provider has, where nothing else is set. */
void setting_default_oauth(struct account *account);
/* As setting_check, for these settings. */
size_t setting_check_oauth(struct account *account,
	void (*report)(const struct account *account, const char *sentence));

#endif
