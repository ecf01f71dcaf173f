/* SPDX-License-Identifier: ISC */
#include "core/oauth.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/text.h"
#include "core/xalloc.h"

#define MICROSOFT "https://login.microsoftonline.com/"
/* With the tenant "common", both private and firms' accounts log in. */
#define MICROSOFT_TENANT "common"
/* offline_access: otherwise there is no refresh token. */
#define MICROSOFT_SCOPE \
	"https://outlook.office.com/POP.AccessAsUser.All offline_access"
#define MICROSOFT_CLIENT_SCOPE "https://outlook.office365.com/.default"
#define GOOGLE_AUTHORIZE "https://accounts.google.com/o/oauth2/v2/auth"
#define GOOGLE_TOKEN "https://oauth2.googleapis.com/token"
#define GOOGLE_SCOPE "https://mail.google.com/"

static struct oauth_endpoints microsoft(const struct account_oauth *oauth)
{
	const char *tenant =
		oauth->tenant != NULL ? oauth->tenant : MICROSOFT_TENANT;

	return (struct oauth_endpoints){
		.device = xasprintf(
			MICROSOFT "%s/oauth2/v2.0/devicecode", tenant),
		.authorize =
			xasprintf(MICROSOFT "%s/oauth2/v2.0/authorize", tenant),
		.token = xasprintf(MICROSOFT "%s/oauth2/v2.0/token", tenant),
		.scope = xstrdup(oauth->as_client ? MICROSOFT_CLIENT_SCOPE
						  : MICROSOFT_SCOPE),
	};
}

/* Google grants its scopes for mail to no device. */
static struct oauth_endpoints google(void)
{
	return (struct oauth_endpoints){
		.authorize = xstrdup(GOOGLE_AUTHORIZE),
		.token = xstrdup(GOOGLE_TOKEN),
		.scope = xstrdup(GOOGLE_SCOPE),
	};
}

static void override(char **field, const char *text)
{
	if (text == NULL)
		return;
	free(*field);
	*field = xstrdup(text);
}

struct oauth_endpoints oauth_endpoints(const struct account_oauth *oauth)
{
	struct oauth_endpoints endpoints = {.token = NULL};

	if (oauth->provider == OAUTH_MICROSOFT)
		endpoints = microsoft(oauth);
	else if (oauth->provider == OAUTH_GOOGLE)
		endpoints = google();
	override(&endpoints.device, oauth->device_url);
	override(&endpoints.authorize, oauth->auth_url);
	override(&endpoints.token, oauth->token_url);
	override(&endpoints.scope, oauth->scope);
	return endpoints;
}

void oauth_endpoints_release(struct oauth_endpoints *endpoints)
{
	free(endpoints->device);
	free(endpoints->authorize);
	free(endpoints->token);
	free(endpoints->scope);
	*endpoints = (struct oauth_endpoints){.token = NULL};
}

/* What is behind "https://" or "http://"; NULL: it begins otherwise. */
static const char *behind_scheme(const char *url, bool *tls)
{
	*tls = strncasecmp(url, "https://", 8) == 0;
	if (*tls)
		return url + 8;
	return strncasecmp(url, "http://", 7) == 0 ? url + 7 : NULL;
}

char *oauth_host(const char *url, uint16_t *port)
{
	bool tls;
	const char *host = behind_scheme(url, &tls);

	if (host == NULL)
		return NULL;
	size_t length = strcspn(host, ":/?#");
	uint64_t number = tls ? 443 : 80;

	if (host[length] == ':') {
		const char *digits = host + length + 1;
		char *text =
			xasprintf("%.*s", (int)strcspn(digits, "/?#"), digits);
		bool ok = text_parse_number(text, UINT16_MAX, &number);

		free(text);
		if (!ok || number == 0)
			return NULL;
	}
	if (length == 0)
		return NULL;
	*port = (uint16_t)number;
	return xasprintf("%.*s", (int)length, host);
}

/* Printable ASCII without blanks, and without a user name. */
static bool is_url(const char *text, bool *tls, bool *here)
{
	uint16_t port;
	char *host = oauth_host(text, &port);

	*tls = strncasecmp(text, "https://", 8) == 0;
	if (host == NULL)
		return false;
	*here = account_is_loopback(host);
	bool ok = oauth_is_token(text) && strlen(text) < 2048;

	for (const char *p = host; *p != '\0'; p++)
		ok = ok &&
			(isalnum((unsigned char)*p) || *p == '.' || *p == '-');
	free(host);
	return ok;
}

bool oauth_is_url(const char *text)
{
	bool tls;
	bool here;

	return is_url(text, &tls, &here) && (tls || here);
}

bool oauth_is_redirect(const char *text)
{
	bool tls;
	bool here;

	return is_url(text, &tls, &here) && !tls && here;
}

static bool add_encoded(struct buffer *form, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		const char code[3] = {'%', digits[c >> 4], digits[c & 15]};
		bool plain = c < 0x80 &&
			(isalnum(c) || strchr("-._~", (char)c) != NULL);

		if (!(plain ? buffer_append(form, text, 1)
			    : buffer_append(form, code, sizeof code)))
			return false;
	}
	return true;
}

bool oauth_add(struct buffer *form, const char *name, const char *value)
{
	return (buffer_length(form) == 0 || buffer_append(form, "&", 1)) &&
		add_encoded(form, name) && buffer_append(form, "=", 1) &&
		add_encoded(form, value);
}

static int hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at =
		c == '\0' ? NULL : strchr(digits, tolower((unsigned char)c));

	return at == NULL ? -1 : (int)(at - digits);
}

/* Decodes length bytes. False: no room, or a byte that no answer has. */
static bool decode(const char *text, size_t length, char *value, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < length; i++) {
		int high = i + 2 < length && text[i] == '%' ? hex(text[i + 1])
							    : -1;
		int low = high >= 0 ? hex(text[i + 2]) : -1;
		char c = text[i] == '+' ? ' ' : text[i];

		if (low >= 0) {
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (c == '\0' || n + 1 >= size)
			return false;
		value[n++] = c;
	}
	value[n] = '\0';
	return n > 0;
}

bool oauth_find(const char *text, const char *name, char *value, size_t size)
{
	const char *query = strchr(text, '?');
	size_t n = strlen(name);

	query = query == NULL ? text : query + 1;
	while (*query != '\0' && *query != '#') {
		size_t length = strcspn(query, "&# \r\n");

		if (length > n && strncmp(query, name, n) == 0 &&
			query[n] == '=')
			return decode(
				query + n + 1, length - n - 1, value, size);
		query += length;
		if (*query != '&')
			return false;
		query++;
	}
	return false;
}

void oauth_base64url(
	const unsigned char *bytes, size_t length, char room[OAUTH_RANDOM_MAX])
{
	text_base64(room, bytes, length);
	for (char *p = room; *p != '\0'; p++) {
		if (*p == '+')
			*p = '-';
		else if (*p == '/')
			*p = '_';
		else if (*p == '=')
			*p = '\0';
		if (*p == '\0')
			return;
	}
}

bool oauth_is_token(const char *text)
{
	if (*text == '\0')
		return false;
	for (; *text > ' ' && *text < 0x7f; text++)
		;
	return *text == '\0';
}
