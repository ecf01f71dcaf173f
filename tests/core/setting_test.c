/* SPDX-License-Identifier: ISC */
#include "core/setting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define PIN "sha256//sWgdCFhMZAG+YHYl8ohuRoD1pxeyZ9rDtMfaGsATmi8="

static const struct {
	const char *name;
	const char *text;
	bool good;
} rows[] = {
	{"server", "pop.example.org", true},
	{"server", "192.0.2.1", true},
	{"server", "2001:db8::1", true},
	{"server", "[2001:db8::1]", true},
	{"server",
		"b\xc3\xbc"
		"cher.example",
		true},
	{"server", "pop.example.org:995", false},
	{"server", "pop.example.org/", false},
	{"server", "user@pop.example.org", false},
	{"server", "a b", false},
	{"server", "a%0d%0aDELE", false},
	{"server", "", false},
	{"port", "995", true},
	{"port", "0", false},
	{"port", "65536", false},
	{"port", "pop3s", false},
	{"tls", "implicit", true},
	{"tls", "STARTTLS", true},
	{"tls", "off", true},
	{"tls", "maybe", false},
	{"tls-min", "1.2", true},
	{"tls-min", "1.3", true},
	{"tls-min", "1.1", false},
	{"tls-ca", "/etc/ca.pem", true},
	{"tls-cert", "/etc/cert.pem", true},
	{"tls-key", "/etc/key.pem", true},
	{"tls-pin", PIN, true},
	{"tls-pin", PIN ";" PIN, true},
	{"tls-pin", PIN ";", false},
	{"tls-pin", PIN "," PIN, false},
	{"tls-pin", "sha256//short=", false},
	{"tls-pin", "md5//x", false},
	{"proxy", "socks5h://localhost:9050", true},
	{"proxy", "http://proxy:3128", true},
	{"proxy", "localhost:9050", false},
	{"proxy", "socks5h://a\nb", false},
	{"user", "me@example.org", true},
	{"user", "", false},
	{"user", "a\r\nDELE 1", false},
	{"user", "a\x7f", false},
	{"password", "geheim", true},
	{"password", "", false},
	{"password", "a\nb", false},
	{"password-command", "pass show x", true},
	{"password-command", "", false},
	{"password-file", "/home/me/.secret", true},
	{"auth", "auto", true},
	{"auth", "CRAM-MD5", true},
	{"auth", "ntlm", false},
	{"cleartext-password", "true", true},
	{"cleartext-password", "no", true},
	{"cleartext-password", "perhaps", false},
	{"pipelining", "false", true},
	{"pipelining", "512", false},
	{"sessions", "auto", true},
	{"sessions", "1", true},
	{"sessions", "1000", true},
	{"sessions", "0", false},
	{"sessions", "1001", false},
	{"sessions", "often", false},
	{"max-time", "2 hours", true},
	{"max-time", "0", false},
	{"timeout", "30", true},
	{"timeout", "2 minutes", true},
	{"timeout", "0", false},
	{"timeout", "2 days", false},
	{"timeout", "soon", false},
	{"maildir", "/home/me/Mail", true},
	{"mbox", "/home/me/mbox", true},
	{"mode", "0640", true},
	{"mode", "660", true},
	{"mode", "0666", false},
	{"mode", "0700", false},
	{"mode", "0400", false},
	{"mode", "u=rw", false},
	{"mode", "00640", false},
	{"maildir-size", "true", true},
	{"maildir-size", "10M", false},
	{"lmtp", "unix:/run/dovecot/lmtp", true},
	{"lmtp", "unix:dovecot/lmtp", false},
	{"lmtp", "localhost:24", true},
	{"lmtp", "[::1]:24", true},
	{"lmtp", "mail.example.org:24", false},
	{"lmtp", "localhost", false},
	{"pipe", "procmail -t", true},
	{"pipe", " \t", false},
	{"pipe", "", false},
	{"pipe-timeout", "5 minutes", true},
	{"pipe-timeout", "0", false},
	{"recipient", "jane", true},
	{"recipient", "jane@example.org", true},
	{"recipient", "jane@example.org> SIZE=1", false},
	{"recipient", "", false},
	{"delete", "after 30 days", true},
	{"delete", "after a while", false},
	{"delete", "when trashed", true},
	{"delete", "when purged", true},
	{"delete", "when bored", false},
	{"keep-larger-than", "1G", true},
	{"keep-larger-than", "much", false},
	{"delete-larger-than", "10M", true},
	{"delete-larger-than", "-1", false},
	{"max-server-size", "2G", true},
	{"max-server-size", "full", false},
	{"verify", "digest", true},
	{"verify", "stat", true},
	{"verify", "off", true},
	{"verify", "true", false},
	{"brake", "20", true},
	{"brake", "20%", true},
	{"brake", "100 %", true},
	{"brake", "101", false},
	{"brake", "%", false},
	{"brake", "000000000020", false},
	{"local", "/home/me/Mail", true},
	{"trash", "/home/me/Mail/.Trash", true},
	{"duplicates", "skip", true},
	{"duplicates", "keep", true},
	{"duplicates", "delete", false},
	{"on-uid-reset", "match", true},
	{"on-uid-reset", "refetch", true},
	{"on-uid-reset", "stop", true},
	{"on-uid-reset", "go", false},
	{"keep-newest", "100", true},
	{"keep-newest", "-1", false},
	{"keep-newest", "all", false},
	{"max-size", "20M", true},
	{"max-size", "large", false},
	{"start", "all", true},
	{"start", "NOW", true},
	{"start", "30 days", true},
	{"start", "30", false},
	{"start", "after 30 days", false},
	{"start", "yesterday", false},
	{"state", "/var/lib/keepmail", true},
	{"run-as", "mail", true},
	{"run-as", "", false},
	{"run-as", "a\033[m", false},
	{"trust-filesystem", "true", true},
	{"trust-filesystem", "no", true},
	{"trust-filesystem", "nfs", false},
	{"confine", "true", true},
	{"confine", "off", true},
	{"confine", "a little", false},
};

static unsigned reports;
static char last[400];

static void report(const struct account *account, const char *sentence)
{
	(void)account;
	reports++;
	snprintf(last, sizeof last, "%s", sentence);
}

static bool set(struct account *account, const char *name, const char *text)
{
	return settings[setting_find(name)].set(account, text);
}

static void test_groups(void)
{
	struct account account;

	account_init(&account);
	set(&account, "password", "x");
	set(&account, "password-file", "/f");
	ok(account.login.password == NULL &&
			account.login.password_file != NULL,
		"a password-file takes the place of a password");
	set(&account, "password-command", "c");
	ok(account.login.password_file == NULL &&
			account.login.password_command != NULL,
		"a password-command takes the place of a password-file");
	set(&account, "maildir", "/m");
	set(&account, "mbox", "/b");
	ok(account.destination.kind == DESTINATION_MBOX &&
			strcmp(account.destination.path, "/b") == 0,
		"an mbox takes the place of a maildir");
	account_release(&account);
}

static void test_check(void)
{
	struct account account;

	account_init(&account);
	ok(setting_check(&account, report) == 3 && reports == 3,
		"an account needs a server, a user and a place for mail");
	set(&account, "server", "pop.example.org");
	set(&account, "user", "me");
	set(&account, "maildir", "/m");
	ok(setting_check(&account, report) == 0 && account.server.port == 995,
		"with them it is complete, and has a port");
	set(&account, "lmtp", "localhost:24");
	ok(setting_check(&account, report) == 1 &&
			strstr(last, "recipient") != NULL,
		"lmtp needs a recipient");
	set(&account, "recipient", "me");
	set(&account, "delete", "when purged");
	ok(setting_check(&account, report) == 1 &&
			strstr(last, "when purged") != NULL,
		"and no rule that looks for copies");
	set(&account, "pipe", "procmail");
	ok(setting_check(&account, report) == 1 &&
			strstr(last, "pipe hands mail over") != NULL,
		"nor with a command, which is named");
	set(&account, "delete", "now");
	ok(setting_check(&account, report) == 0, "others are fine");
	set(&account, "maildir", "/m");
	set(&account, "delete", "never");
	account.server.port = 0;
	set(&account, "tls", "off");
	ok(setting_check(&account, report) == 1 &&
			strstr(last, "clear text") != NULL,
		"no password in clear to another machine");
	set(&account, "cleartext-password", "yes");
	ok(setting_check(&account, report) == 0, "unless it is said so");
	set(&account, "cleartext-password", "no");
	set(&account, "server", "localhost");
	ok(setting_check(&account, report) == 0, "or it is this machine");
	set(&account, "proxy", "socks5h://proxy.example.org");
	ok(setting_check(&account, report) == 1,
		"which it is not behind a proxy");
	free(account.server.proxy);
	account.server.proxy = NULL;
	set(&account, "tls-ca", "/ca");
	ok(setting_check(&account, report) == 0,
		"an account without TLS may have a default tls-ca");
	set(&account, "tls", "starttls");
	set(&account, "tls-key", "/key");
	ok(setting_check(&account, report) == 1 &&
			strstr(last, "tls-cert") != NULL,
		"a key needs its certificate");
	account_release(&account);
}

int main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct account account;

		account_init(&account);
		ok(set(&account, rows[i].name, rows[i].text) == rows[i].good,
			"%s, value %zu, is %s", rows[i].name, i,
			rows[i].good ? "taken" : "refused");
		account_release(&account);
	}
	ok(setting_find("sever") == setting_count,
		"an unknown setting is not found");
	for (size_t i = 0; i < setting_count; i++)
		ok(settings[i].expected[0] != '\0', "%s says what it expects",
			settings[i].name);
	test_groups();
	test_check();
	return done();
}
