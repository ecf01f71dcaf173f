/* SPDX-License-Identifier: ISC */
#include "core/provider.h"

#include <string.h>

#include "tap.h"

static const char table[] = "# domains\n"
			    "a.example b.example: pop.a.example password\n"
			    "c.example: pop.c.example app-password Make one.\n"
			    "d.example: - none There is no POP3.\n"
			    "e.example: pop.e.example magic\n"
			    "f.example: po/p password\n"
			    "g.example: pop.g.example local-password\n"
			    "outlook.com: outlook.office365.com microsoft\n";

static void check_table(void)
{
	static const struct {
		const char *domain;
		const char *host; /* NULL: none */
		enum provider_login login;
		const char *note;
	} rows[] = {
		{"a.example", "pop.a.example", PROVIDER_PASSWORD, ""},
		{"B.Example", "pop.a.example", PROVIDER_PASSWORD, ""},
		{"c.example", "pop.c.example", PROVIDER_APP_PASSWORD,
			"Make one."},
		{"d.example", "-", PROVIDER_NONE, "There is no POP3."},
		{"e.example", NULL, 0, NULL},
		{"f.example", NULL, 0, NULL},
		{"g.example", "pop.g.example", PROVIDER_PASSWORD, ""},
		{"outlook.com", "outlook.office365.com", PROVIDER_MICROSOFT,
			""},
		{"example", NULL, 0, NULL},
		{"x.a.example", NULL, 0, NULL},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct provider found;
		bool is = provider_find(
			table, strlen(table), rows[i].domain, &found);

		ok(is == (rows[i].host != NULL) &&
				(!is ||
					(strcmp(found.host, rows[i].host) ==
							0 &&
						found.login == rows[i].login &&
						found.port == 995 &&
						strcmp(found.note,
							rows[i].note) == 0)),
			"the table: %s", rows[i].domain);
	}
}

#define SERVER(type, host, port, socket, user)                           \
	"<incomingServer type=\"" type "\">\n <hostname> " host          \
	" </hostname>\n<port>" port "</port><socketType>" socket         \
	"</socketType><username>" user                                   \
	"</username><authentication>password-cleartext</authentication>" \
	"</incomingServer>\n"
#define TLS_SERVER SERVER("pop3", "pop.x", "995", "SSL", "%EMAILADDRESS%")
#define IMAP_SERVER SERVER("imap", "imap.x", "993", "SSL", "%EMAILADDRESS%")
#define STLS_SERVER \
	SERVER("pop3", "stls.x", "110", "STARTTLS", "%EMAILLOCALPART%")
#define PLAIN_SERVER SERVER("pop3", "plain.x", "110", "plain", "u")

static void check_pages(void)
{
	static const struct {
		const char *name;
		const char *xml;
		const char *host; /* NULL: none */
		uint16_t port;
		enum tls_mode tls;
		bool local_part;
	} rows[] = {
		{"one server", "<x>" TLS_SERVER "</x>", "pop.x", 995,
			TLS_IMPLICIT, false},
		{"behind IMAP", IMAP_SERVER TLS_SERVER, "pop.x", 995,
			TLS_IMPLICIT, false},
		{"STLS, and only the name", STLS_SERVER, "stls.x", 110,
			TLS_STARTTLS, true},
		{"TLS is preferred", STLS_SERVER TLS_SERVER, "pop.x", 995,
			TLS_IMPLICIT, false},
		{"never without TLS", PLAIN_SERVER, NULL, 0, 0, false},
		{"without TLS, then with", PLAIN_SERVER STLS_SERVER, "stls.x",
			110, TLS_STARTTLS, true},
		{"only IMAP", IMAP_SERVER, NULL, 0, 0, false},
		{"a bad port", SERVER("pop3", "a", "99999", "SSL", "u"), NULL,
			0, 0, false},
		{"a bad host", SERVER("pop3", "a b", "995", "SSL", "u"), NULL,
			0, 0, false},
		{"half of it", "<incomingServer type=\"pop3\"><hostname>a",
			NULL, 0, 0, false},
		{"another element", "<incomingServers>" TLS_SERVER, "pop.x",
			995, TLS_IMPLICIT, false},
		{"nothing", "", NULL, 0, 0, false},
		{"a comment", "<!-- " TLS_SERVER " -->" STLS_SERVER, "stls.x",
			110, TLS_STARTTLS, true},
		{"an open comment", "<!-- " TLS_SERVER, NULL, 0, 0, false},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct provider found;
		bool is = provider_parse_page(
			rows[i].xml, strlen(rows[i].xml), &found);

		ok(is == (rows[i].host != NULL) &&
				(!is ||
					(strcmp(found.host, rows[i].host) ==
							0 &&
						found.port == rows[i].port &&
						found.tls == rows[i].tls &&
						found.local_part ==
							rows[i].local_part)),
			"a page: %s", rows[i].name);
	}
	/* Cut anywhere, it is read within its bounds. */
	for (size_t n = 0; n < sizeof STLS_SERVER TLS_SERVER; n++) {
		struct provider found;

		provider_parse_page(STLS_SERVER TLS_SERVER, n, &found);
	}
}

static void check_domain(const char *address, const char *domain)
{
	const char *found = provider_domain(address);

	ok(found == domain ||
			(found != NULL && domain != NULL &&
				strcmp(found, domain) == 0),
		"'%s' has the domain %s", address,
		domain == NULL ? "none" : domain);
}

int main(void)
{
	check_table();
	check_pages();
	check_domain("jane@example.org", "example.org");
	check_domain("jane", NULL);
	check_domain("@example.org", NULL);
	check_domain("jane@", NULL);
	check_domain("jane@a@b", NULL);
	check_domain("ja ne@example.org", NULL);
	check_domain("jane@exam/ple", NULL);
	check_domain("jane@-x", NULL);
	check_domain("jane@a..b", NULL);
	ok(provider_is_within("pop.example.org", "example.org") &&
			provider_is_within("example.org", "Example.org") &&
			!provider_is_within("badexample.org", "example.org") &&
			!provider_is_within("org", "example.org"),
		"a host is within its domain");
	return done();
}
