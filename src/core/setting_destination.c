/* SPDX-License-Identifier: ISC */
/* The settings about where mail goes, and what depends on that. */
#include <stdio.h>
#include <string.h>

#include "core/lmtp.h"
#include "core/setting_internal.h"

#define GMAIL_HOST "gmail.googleapis.com"

bool setting_set_lmtp(struct account *account, const char *text)
{
	struct account_lmtp *lmtp = &account->destination.lmtp;
	struct lmtp_server server;

	/* Mail leaves this machine by TLS only. */
	if (!lmtp_parse_server(text, &server) ||
		(server.path == NULL && !server.tls &&
			!account_is_loopback(server.host)))
		return false;
	account->destination.kind = DESTINATION_LMTP;
	lmtp->tls.mode = server.tls ? TLS_IMPLICIT : TLS_OFF;
	lmtp->server.port = server.port;
	return setting_replace(&lmtp->server.host, server.host) &&
		setting_replace(&account->destination.path, text);
}

bool setting_set_lmtp_tls_ca(struct account *account, const char *text)
{
	return setting_replace(&account->destination.lmtp.tls.ca, text);
}

bool setting_set_lmtp_tls_pin(struct account *account, const char *text)
{
	return setting_is_pin(text) &&
		setting_replace(&account->destination.lmtp.tls.pin, text);
}

bool setting_set_also(struct account *account, const char *text)
{
	size_t word = strcspn(text, " \t");
	const char *path = text + word + strspn(text + word, " \t");
	char kind[16];

	if (word >= sizeof kind || path[0] == '\0' ||
		strchr(" \t", path[strlen(path) - 1]) != NULL)
		return false;
	memcpy(kind, text, word);
	kind[word] = '\0';
	if (!account_is_place(account_kind_named(kind)))
		return false;
	/* place_copy puts it where it belongs, once all settings are known. */
	account->destination.onward.kind = account_kind_named(kind);
	return setting_replace(&account->destination.onward.path, path);
}

bool setting_set_filter(struct account *account, const char *text)
{
	return !setting_is_blank(text) &&
		setting_replace(&account->destination.rewrite.filter, text);
}

bool setting_set_filter_timeout(struct account *account, const char *text)
{
	return setting_choose_limit(
		text, &account->destination.rewrite.filter_timeout);
}

bool setting_set_encrypt(struct account *account, const char *text)
{
	return setting_replace(&account->destination.rewrite.encrypt, text);
}

bool setting_set_encrypt_cipher(struct account *account, const char *text)
{
	static const struct setting_choice choices[] = {
		{"aes-256-cbc", ENCRYPT_AES_256_CBC},
		{"aes-256-gcm", ENCRYPT_AES_256_GCM},
	};
	int value;

	if (!SETTING_CHOOSE(choices, text, &value))
		return false;
	account->destination.rewrite.cipher = (enum encrypt_cipher)value;
	return true;
}

bool setting_set_encrypt_subject(struct account *account, const char *text)
{
	return setting_choose_bool(
		text, &account->destination.rewrite.encrypt_subject);
}

/* Does the policy look at the copies of messages? */
static const char *find_copy_rule(const struct account *account)
{
	switch (account->policy.erase) {
	case ERASE_WHEN_TRASHED:
		return "delete = \"when trashed\" needs";
	case ERASE_WHEN_PURGED:
		return "delete = \"when purged\" needs";
	case ERASE_NEVER:
	case ERASE_NOW:
	case ERASE_AFTER:
		break;
	}
	switch (account->policy.verify) {
	case VERIFY_STAT:
		return "verify = stat needs";
	case VERIFY_DIGEST:
		return "verify = digest needs";
	case VERIFY_DEFAULT:
	case VERIFY_OFF:
		break;
	}
	return NULL;
}

/*
 * With the setting also, what is stored is the copy. Returns false if there is
 * nothing that it could be a copy of.
 */
static bool place_copy(struct account *account)
{
	struct account_destination *to = &account->destination;
	const struct account_onward copy = to->onward;

	if (!account_is_place(copy.kind))
		return true;
	if (account_is_place(to->kind))
		return false;
	to->onward = (struct account_onward){to->kind, to->path};
	to->kind = copy.kind;
	to->path = copy.path;
	return true;
}

static void default_gmail(struct account_gmail *gmail)
{
	if (gmail->url == NULL) {
		setting_replace(&gmail->url, "https://" GMAIL_HOST);
		setting_replace(&gmail->server.host, GMAIL_HOST);
	}
	/* Otherwise it would be archived, and read. */
	if (gmail->labels == NULL)
		setting_replace(&gmail->labels, "INBOX UNREAD");
}

static bool has_token(const struct account_gmail *gmail)
{
	return gmail->oauth.provider != OAUTH_NONE ||
		gmail->login.password_command != NULL ||
		gmail->login.password_file != NULL;
}

size_t setting_check_destination(struct account *account,
	void (*report)(const struct account *account, const char *sentence))
{
	size_t wrong = 0;

	if (account->destination.kind == DESTINATION_NONE) {
		report(account,
			"no destination is set: add maildir = \"~/Mail/NAME\", mbox = \"~/mail/NAME\", lmtp = \"unix:/path\", imap = \"imaps://USER@HOST/FOLDER\", gmail = me or pipe = \"COMMAND\"");
		return 1;
	}
	if (account->destination.kind == DESTINATION_LMTP &&
		account->destination.recipient == NULL) {
		report(account,
			"lmtp needs a recipient too: add recipient = USER or ADDRESS");
		wrong++;
	}
	if (account->destination.kind == DESTINATION_IMAP &&
		account->destination.imap.login.password_command == NULL &&
		account->destination.imap.login.password_file == NULL) {
		report(account,
			"imap needs a password too: add imap-password-command or imap-password-file");
		wrong++;
	}
	default_gmail(&account->destination.gmail);
	if (account->destination.kind == DESTINATION_GMAIL &&
		!has_token(&account->destination.gmail)) {
		report(account,
			"gmail needs a login too: add gmail-oauth-client-id, gmail-token-command or gmail-token-file");
		wrong++;
	}
	if (account->destination.rewrite.encrypt == NULL &&
		(account->destination.rewrite.encrypt_subject ||
			account->destination.rewrite.cipher !=
				ENCRYPT_AES_256_CBC)) {
		report(account,
			"encrypt-cipher and encrypt-subject need encrypt too: without it, mail is stored in clear text");
		wrong++;
	}
	if (!place_copy(account)) {
		report(account,
			"also stores a copy of mail that is handed over, and this account stores it: leave out also, or use lmtp, imap, gmail or pipe in the place of maildir or mbox");
		wrong++;
	}
	if (account_is_place(account->destination.kind))
		return wrong;
	const char *rule = find_copy_rule(account);
	char sentence[200];

	if (rule != NULL) {
		snprintf(sentence, sizeof sentence,
			"%s copies that can be found, and %s hands mail over: use another value, or store a copy: also = \"maildir PATH\" or \"mbox PATH\"",
			rule, account_kind_name(account->destination.kind));
		report(account, sentence);
		wrong++;
	}
	return wrong;
}
