/* SPDX-License-Identifier: ISC */
#include "core/provider.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/text.h"
#include "core/xalloc.h"

bool provider_is_host(const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || length >= PROVIDER_HOST_MAX - 8 || text[0] == '-' ||
		text[0] == '.')
		return false;
	for (const char *p = text; *p != '\0'; p++) {
		if (!isalnum((unsigned char)*p) && *p != '-' && *p != '.')
			return false;
	}
	return strstr(text, "..") == NULL;
}

const char *provider_domain(const char *address)
{
	const char *at = strrchr(address, '@');

	if (at == NULL || at == address || strchr(address, '@') != at)
		return NULL;
	for (const char *p = address; p < at; p++) {
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
			return NULL;
	}
	return provider_is_host(at + 1) ? at + 1 : NULL;
}

bool provider_is_within(const char *host, const char *domain)
{
	size_t n = strlen(host);
	size_t k = strlen(domain);

	return n >= k && strcasecmp(host + n - k, domain) == 0 &&
		(n == k || host[n - k - 1] == '.');
}

/* A piece of text that is not terminated. */
struct piece {
	const char *at;
	size_t length;
};

/* Takes the next word of a piece; its length is 0 at the end. */
static struct piece take_word(struct piece *from)
{
	struct piece word;

	while (from->length > 0 && from->at[0] == ' ') {
		from->at++;
		from->length--;
	}
	word = (struct piece){from->at, 0};
	while (word.length < from->length && from->at[word.length] != ' ')
		word.length++;
	from->at += word.length;
	from->length -= word.length;
	return word;
}

static bool is_word(struct piece word, const char *text)
{
	return strlen(text) == word.length &&
		strncasecmp(word.at, text, word.length) == 0;
}

/* Copies a piece; false: it is empty, or there is no room. */
static bool copy(struct piece from, char *room, size_t size)
{
	if (from.length == 0 || from.length >= size ||
		memchr(from.at, '\0', from.length) != NULL)
		return false;
	memcpy(room, from.at, from.length);
	room[from.length] = '\0';
	return true;
}

static bool names_domain(struct piece domains, const char *domain)
{
	for (;;) {
		struct piece word = take_word(&domains);

		if (word.length == 0)
			return false;
		if (is_word(word, domain))
			return true;
	}
}

/* What follows the domains. */
static bool take_server(struct piece rest, struct provider *found)
{
	static const char *const names[] = {
		[PROVIDER_PASSWORD] = "password",
		[PROVIDER_APP_PASSWORD] = "app-password",
		[PROVIDER_MICROSOFT] = "microsoft",
		[PROVIDER_GOOGLE] = "google",
		[PROVIDER_NONE] = "none",
	};
	struct piece host = take_word(&rest);
	struct piece login = take_word(&rest);
	size_t i = 0;

	*found = (struct provider){.port = 995, .tls = TLS_IMPLICIT};
	found->local_part = is_word(login, "local-password");
	if (found->local_part) {
		login.at += 6;
		login.length -= 6;
	}
	while (i < sizeof names / sizeof names[0] && !is_word(login, names[i]))
		i++;
	if (i == sizeof names / sizeof names[0] ||
		!copy(host, found->host, sizeof found->host))
		return false;
	found->login = (enum provider_login)i;
	while (rest.length > 0 && rest.at[0] == ' ') {
		rest.at++;
		rest.length--;
	}
	if (rest.length > 0 && !copy(rest, found->note, sizeof found->note))
		return false;
	return found->login == PROVIDER_NONE || provider_is_host(found->host);
}

bool provider_find(const char *table, size_t length, const char *domain,
	struct provider *found)
{
	for (size_t at = 0; at < length;) {
		const char *line = table + at;
		const char *end = memchr(line, '\n', length - at);
		size_t n = end == NULL ? length - at : (size_t)(end - line);
		const char *colon = memchr(line, ':', n);

		at += n + 1;
		if (n == 0 || line[0] == '#' || colon == NULL)
			continue;
		struct piece domains = {line, (size_t)(colon - line)};
		struct piece rest = {colon + 1, n - domains.length - 1};

		if (names_domain(domains, domain))
			return take_server(rest, found);
	}
	return false;
}

/* The text between "<NAME...>" and "</NAME>"; the attributes, too. */
struct element {
	struct piece attributes;
	struct piece text;
	const char *end; /* behind it */
};

static const char *find_text(struct piece in, const char *text)
{
	return in.length == 0 ? NULL
			      : memmem(in.at, in.length, text, strlen(text));
}

/* The first element with this name; false: there is none. */
static bool find_element(
	struct piece in, const char *name, struct element *element)
{
	char open[40];
	char close[40];
	const char *end = in.at + in.length;
	const char *at = in.at;

	snprintf(open, sizeof open, "<%s", name);
	snprintf(close, sizeof close, "</%s>", name);
	for (;;) {
		at = find_text((struct piece){at, (size_t)(end - at)}, open);
		if (at == NULL)
			return false;
		at += strlen(open);
		if (at < end && (*at == '>' || isspace((unsigned char)*at)))
			break;
	}
	const char *text = memchr(at, '>', (size_t)(end - at));

	if (text == NULL)
		return false;
	element->attributes = (struct piece){at, (size_t)(text - at)};
	text++;
	const char *last =
		find_text((struct piece){text, (size_t)(end - text)}, close);

	if (last == NULL)
		return false;
	element->text = (struct piece){text, (size_t)(last - text)};
	element->end = last + strlen(close);
	return true;
}

/* Copies the text of an element within another, without blanks around it. */
static bool take_text(
	struct piece in, const char *name, char *room, size_t size)
{
	struct element element;

	if (!find_element(in, name, &element))
		return false;
	struct piece text = element.text;

	while (text.length > 0 && isspace((unsigned char)text.at[0])) {
		text.at++;
		text.length--;
	}
	while (text.length > 0 &&
		isspace((unsigned char)text.at[text.length - 1]))
		text.length--;
	return copy(text, room, size);
}

/* Takes a server of a page; false: it is none that can be used. */
static bool take_incoming(const struct element *element, struct provider *found)
{
	char port[8];
	char socket[16];
	char user[64] = "";
	char login[32] = "";
	uint64_t number;

	*found = (struct provider){.login = PROVIDER_PASSWORD};
	if ((find_text(element->attributes, "\"pop3\"") == NULL &&
		    find_text(element->attributes, "'pop3'") == NULL) ||
		!take_text(element->text, "hostname", found->host,
			sizeof found->host) ||
		!provider_is_host(found->host) ||
		!take_text(element->text, "port", port, sizeof port) ||
		!text_parse_number(port, UINT16_MAX, &number) || number == 0 ||
		!take_text(element->text, "socketType", socket, sizeof socket))
		return false;
	found->port = (uint16_t)number;
	take_text(element->text, "username", user, sizeof user);
	found->local_part = strcmp(user, "%EMAILLOCALPART%") == 0;
	take_text(element->text, "authentication", login, sizeof login);
	if (strcasecmp(login, "OAuth2") == 0)
		found->login = provider_is_within(found->host, "office365.com")
			? PROVIDER_MICROSOFT
			: provider_is_within(found->host, "gmail.com")
			? PROVIDER_GOOGLE
			: PROVIDER_PASSWORD;
	found->tls =
		strcasecmp(socket, "SSL") == 0 ? TLS_IMPLICIT : TLS_STARTTLS;
	/* Without TLS no password is sent. */
	return found->tls == TLS_IMPLICIT ||
		strcasecmp(socket, "STARTTLS") == 0;
}

static bool find_server(const char *xml, size_t length, struct provider *found)
{
	struct piece rest = {xml, length};
	struct element element;
	struct provider server;
	bool any = false;

	/* The first one counts, but TLS from the start is preferred. */
	while (find_element(rest, "incomingServer", &element)) {
		rest.length -= (size_t)(element.end - rest.at);
		rest.at = element.end;
		if (!take_incoming(&element, &server) ||
			(any && server.tls != TLS_IMPLICIT))
			continue;
		*found = server;
		any = true;
		if (server.tls == TLS_IMPLICIT)
			return true;
	}
	return any;
}

/* Copies a page without its comments. */
static size_t leave_out_comments(const char *xml, size_t length, char *room)
{
	struct piece rest = {xml, length};
	size_t n = 0;
	const char *at;

	while ((at = find_text(rest, "<!--")) != NULL) {
		size_t before = (size_t)(at - rest.at);

		memcpy(room + n, rest.at, before);
		n += before;
		rest.length -= before;
		rest.at = at;
		at = find_text(rest, "-->");
		if (at == NULL)
			return n;
		rest.length -= (size_t)(at + 3 - rest.at);
		rest.at = at + 3;
	}
	memcpy(room + n, rest.at, rest.length);
	return n + rest.length;
}

bool provider_parse_page(const char *xml, size_t length, struct provider *found)
{
	char *text = xmalloc(length + 1);
	size_t n = leave_out_comments(xml, length, text);
	bool any = find_server(text, n, found);

	free(text);
	return any;
}
