/* SPDX-License-Identifier: ISC */
#include "core/oauth.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

static void check_parameters(void)
{
	static const struct {
		const char *name;
		const char *text;
		const char *value; /* NULL: none */
	} rows[] = {
		{"alone", "code=1", "1"},
		{"behind another", "state=2&code=1", "1"},
		{"behind the path", "/?state=2&code=1", "1"},
		{"in a whole URL", "http://localhost:80/x?code=1#end", "1"},
		{"decoded", "code=4%2F0Ab+c%3D", "4/0Ab c="},
		{"up to a line end", "code=1\r\n", "1"},
		{"of another name", "xcode=1&codex=2", NULL},
		{"empty", "code=&state=2", NULL},
		{"with a NUL byte", "code=a%00b", NULL},
		{"that is not decodable", "code=100%", "100%"},
		{"with half a code", "code=a%2", "a%2"},
		{"too long", "code=0123456789abcdef", NULL},
		{"nothing", "", NULL},
		{"behind the fragment", "#code=1", NULL},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char value[16] = "";
		bool found =
			oauth_find(rows[i].text, "code", value, sizeof value);

		ok(found == (rows[i].value != NULL) &&
				(!found || strcmp(value, rows[i].value) == 0),
			"a parameter: %s", rows[i].name);
	}
}

static void check_form(void)
{
	struct buffer form;

	buffer_init(&form, 64);
	ok(oauth_add(&form, "a", "x y&z") &&
			oauth_add(&form, "b", "\xc3\xa4-._~/") &&
			buffer_length(&form) == 27 &&
			memcmp(buffer_bytes(&form),
				"a=x%20y%26z&b=%C3%A4-._~%2F", 27) == 0,
		"a form is percent-encoded");
	ok(!oauth_add(&form, "c", "0123456789012345678901234567890123456789"),
		"a form that is too long is refused");
	buffer_release(&form);
}

static void check_urls(void)
{
	static const struct {
		const char *url;
		bool good;
		bool redirect;
	} rows[] = {
		{"https://login.example.com/token", true, false},
		{"https://login.example.com:8443/token?a=b", true, false},
		{"HTTPS://login.example.com", true, false},
		{"http://login.example.com/token", false, false},
		{"http://localhost:8080/", true, true},
		{"http://127.0.0.1/", true, true},
		{"http://localhost@example.com/", false, false},
		{"https://me@example.com/", false, false},
		{"https://", false, false},
		{"https:///x", false, false},
		{"https://a b/", false, false},
		{"https://a/\r\nx", false, false},
		{"https://a:0/", false, false},
		{"https://a:99999/", false, false},
		{"ftp://a/", false, false},
		{"", false, false},
	};
	uint16_t port = 0;
	char *host = oauth_host("https://login.example.com:8443/x", &port);

	ok(host != NULL && strcmp(host, "login.example.com") == 0 &&
			port == 8443,
		"a URL has a host and a port");
	free(host);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		ok(oauth_is_url(rows[i].url) == rows[i].good &&
				oauth_is_redirect(rows[i].url) ==
					rows[i].redirect,
			"'%zu: %s' is %sa URL for OAuth", i,
			i == 11 ? "with a line end" : rows[i].url,
			rows[i].good ? "" : "not ");
}

static void check_endpoints(void)
{
	struct account_oauth oauth = {.provider = OAUTH_MICROSOFT};
	struct oauth_endpoints found = oauth_endpoints(&oauth);

	ok(strcmp(found.token,
		   "https://login.microsoftonline.com/common/oauth2/v2.0/token") ==
				0 &&
			strcmp(found.scope,
				"https://outlook.office.com/POP.AccessAsUser.All offline_access") ==
				0,
		"Microsoft's addresses");
	oauth_endpoints_release(&found);
	oauth.tenant = (char[]){"contoso.com"};
	oauth.as_client = true;
	found = oauth_endpoints(&oauth);
	ok(strstr(found.token, ".com/contoso.com/oauth2") != NULL &&
			strcmp(found.scope,
				"https://outlook.office365.com/.default") == 0,
		"Microsoft's addresses of an organisation's client");
	oauth_endpoints_release(&found);
	oauth = (struct account_oauth){
		.provider = OAUTH_GOOGLE, .scope = (char[]){"x"}};
	found = oauth_endpoints(&oauth);
	ok(found.device == NULL && strcmp(found.scope, "x") == 0,
		"Google has no login by device; a scope that is set counts");
	oauth_endpoints_release(&found);
}

int main(void)
{
	/* RFC 7636, appendix A. */
	static const unsigned char octets[] = {116, 24, 223, 180, 151, 153, 224,
		37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105,
		214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121};
	char room[OAUTH_RANDOM_MAX];

	check_parameters();
	check_form();
	check_urls();
	check_endpoints();
	oauth_base64url(octets, sizeof octets, room);
	ok(strcmp(room, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == 0,
		"base64url has no padding");
	ok(oauth_is_token("ya29.a0~-_+/=") && !oauth_is_token("a b") &&
			!oauth_is_token("") && !oauth_is_token("a\n"),
		"a token is printable, without blanks");
	return done();
}
