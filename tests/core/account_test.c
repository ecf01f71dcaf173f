/* SPDX-License-Identifier: ISC */
#include "core/account.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

static void test_names(void)
{
	static const char *const good[] = {
		"work", "a", "me@example.com", "9to5", "a-b_c.d+e", "_x"};
	static const char *const bad[] = {"", ".", "..", ".hidden", "-f", "+x",
		"a/b", "a b", "a\nb", "\xc3\xa4",
		("12345678901234567890123456789012345678901234567890"
		 "123456789012345")};

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		ok(account_name_is_good(good[i]),
			"\"%s\" may name an account and its file", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ok(!account_name_is_good(bad[i]),
			"bad name %zu is refused as a file name", i);
}

static void test_loopback(void)
{
	static const struct {
		const char *server;
		bool loopback;
	} servers[] = {
		{"localhost", true},
		{"LOCALHOST", true},
		{"127.0.0.1", true},
		{"127.1.2.3", true},
		{"::1", true},
		{"[::1]", true},
		{"127.evil.example.org", false},
		{"localhost.example.org", false},
		{"pop.example.org", false},
		{"10.0.0.1", false},
	};

	for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++)
		ok(account_is_loopback(servers[i].server) ==
				servers[i].loopback,
			"%s is %s", servers[i].server,
			servers[i].loopback ? "this machine" : "elsewhere");
}

static void test_proxy_port(void)
{
	static const struct {
		const char *proxy;
		unsigned port;
	} proxies[] = {
		{"socks5h://localhost:9050", 9050},
		{"socks5h://localhost", 1080},
		{"http://proxy.example.org/", 1080},
		{"HTTPS://proxy.example.org", 443},
		{"http://me:p:w@proxy:3128/", 3128},
		{"http://me@home:pw@proxy:3128", 3128},
		{"socks5://[2001:db8::1]:1081", 1081},
		{"socks5://[2001:db8::1]", 1080},
		{"socks5://[2001:db8::1", 0},
		{"http://proxy:", 0},
		{"http://proxy:0", 0},
		{"http://proxy:65536", 0},
		{"http://proxy:99999999999", 0},
		{"http://proxy:x", 0},
		{"proxy:3128", 0},
	};

	for (size_t i = 0; i < sizeof proxies / sizeof proxies[0]; i++) {
		uint16_t port = 0;
		bool known = account_proxy_port(proxies[i].proxy, &port);

		ok(port == proxies[i].port && known == (port != 0),
			"the proxy %s has port %u", proxies[i].proxy,
			proxies[i].port);
	}
}

int main(void)
{
	struct account account;

	test_names();
	test_loopback();
	test_proxy_port();
	account_init(&account);
	ok(account.tls.mode == TLS_IMPLICIT &&
			account.policy.erase == ERASE_NEVER &&
			!account.login.cleartext_password && account.confine,
		"by default: TLS, nothing erased, no clear-text password, "
		"confined");
	account.login.password = strdup("secret");
	account_forget_password(&account);
	ok(account.login.password == NULL, "a password is forgotten");
	account.login.password = strdup("secret");
	account.login.user = strdup("me");
	account_release(&account);
	account_release(&account);
	ok(account.login.user == NULL, "an account can be released twice");
	ok(account_default_port(TLS_IMPLICIT) == 995 &&
			account_default_port(TLS_STARTTLS) == 110 &&
			account_default_port(TLS_OFF) == 110,
		"the port goes with TLS");
	return done();
}
