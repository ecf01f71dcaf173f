/* SPDX-License-Identifier: ISC */
/*
 * A provider of logins by OAuth 2.0 for the tests, over HTTP.
 *
 *   tokenserver [OPTION...] PORT DIRECTORY
 *
 * Options, PORT and DIRECTORY: script.h; commands gets the bodies, too. Stages,
 * where N counts requests for tokens: device, device-token, code-token,
 * refresh, client. A reply is STATUS BODY; "" closes the connection after the
 * tokens were issued, and "~" sends half of an answer that has them.
 *
 * DIRECTORY/refresh has the refresh tokens that are valid, one in a line: as
 * soon as one is used, those before it end. DIRECTORY/access has the access
 * tokens. DIRECTORY/page is the page of the provider's servers for mail
 * programs. DIRECTORY/rotate, if there, makes each renewal issue a new one.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "script.h"

#define BODY_MAX 65536

/* HTTP/1.1 STATUS BODY, and the end of the connection. */
static bool put(struct script *script, const char *text, bool half)
{
	const char *body = strchr(text, ' ');
	char head[256];
	size_t length;

	body = body == NULL ? "" : body + 1;
	length = strlen(body);
	snprintf(head, sizeof head,
		"HTTP/1.1 %ld Status\r\nContent-Type: application/json\r\n"
		"Connection: close\r\nContent-Length: %zu\r\n",
		strtol(text, NULL, 10), length);
	script_put(script, head);
	script_put_bytes(script, body, half ? length / 2 : length);
	return false;
}

static char *path_of(const struct script *script, const char *name)
{
	static char path[4096];

	snprintf(path, sizeof path, "%s/%s", script->directory, name);
	return path;
}

static void add_line(
	const struct script *script, const char *name, const char *line)
{
	FILE *file = fopen(path_of(script, name), "a");

	if (file == NULL || fprintf(file, "%s\n", line) < 0 ||
		fclose(file) != 0)
		_exit(1);
}

/* Is it one of the file's lines? Those before it end then. */
static bool use_line(
	const struct script *script, const char *name, const char *line)
{
	char lines[64][256];
	size_t count = 0;
	size_t at = 64;
	FILE *file = fopen(path_of(script, name), "r");

	while (file != NULL && count < 64 &&
		fscanf(file, "%255s", lines[count]) == 1) {
		if (strcmp(lines[count], line) == 0)
			at = count;
		count++;
	}
	if (file != NULL)
		fclose(file);
	if (at == 64)
		return false;
	file = fopen(path_of(script, name), "w");
	for (size_t i = at; file != NULL && i < count; i++)
		fprintf(file, "%s\n", lines[i]);
	return file != NULL && fclose(file) == 0;
}

/* The value of a parameter, which needs no decoding here. */
static bool find(const char *body, const char *name, char *value, size_t size)
{
	char key[64];

	snprintf(key, sizeof key, "%s=", name);
	for (const char *p = body; p != NULL; p = strchr(p, '&')) {
		p += *p == '&';
		if (strncmp(p, key, strlen(key)) != 0)
			continue;
		snprintf(value, size, "%.*s",
			(int)strcspn(p + strlen(key), "&"), p + strlen(key));
		return true;
	}
	return false;
}

/* Issues tokens: answers with them, or as the stage says. */
static bool issue(struct script *script, const char *stage, bool refreshes)
{
	static unsigned issued;
	const char *reply = script_reply(script, stage, "200");
	char token[64];
	char refresh[64];
	char text[512];

	if (reply[0] != '2' && reply[0] != '\0' && reply[0] != '~')
		return put(script, reply, false);
	/* Another server has other ones. */
	if (issued == 0)
		issued = (unsigned)getpid() * 1000;
	issued++;
	snprintf(token, sizeof token, "access-%u", issued);
	snprintf(refresh, sizeof refresh, "refresh/%u", issued);
	add_line(script, "access", token);
	if (refreshes)
		add_line(script, "refresh", refresh);
	if (reply[0] == '2' && reply[3] == ' ')
		return put(script, reply, false);
	snprintf(text, sizeof text,
		"200 {\"token_type\": \"Bearer\", \"expires_in\": %s, "
		"\"access_token\": \"%s\"%s%.*s%s}",
		access(path_of(script, "short"), F_OK) == 0 ? "100" : "3600",
		token, refreshes ? ", \"refresh_token\": \"refresh\\/" : "",
		refreshes ? (int)strlen(refresh) - 8 : 0, refresh + 8,
		refreshes ? "\"" : "");
	usleep(script->delay * 1000);
	return reply[0] != '\0' && put(script, text, reply[0] == '~');
}

static bool token(struct script *script, const char *body)
{
	char grant[128] = "";
	char value[256] = "";

	script->messages++;
	find(body, "grant_type", grant, sizeof grant);
	if (strcmp(grant, "client_credentials") == 0)
		return issue(script, "client", false);
	if (strcmp(grant, "authorization_code") == 0) {
		find(body, "code", value, sizeof value);
		return strcmp(value, "good-code") == 0
			? issue(script, "code-token", true)
			: put(script, "400 {\"error\": \"invalid_grant\"}",
				  false);
	}
	if (strcmp(grant, "refresh_token") == 0) {
		find(body, "refresh_token", value, sizeof value);
		/* "refresh%2F1" */
		char *slash = strstr(value, "%2F");

		if (slash != NULL) {
			*slash = '/';
			memmove(slash + 1, slash + 3, strlen(slash + 3) + 1);
		}
		if (!use_line(script, "refresh", value))
			return put(script,
				"400 {\"error\": \"invalid_grant\", \"error_description\": \"AADSTS70008: The refresh token has expired.\"}",
				false);
		return issue(script, "refresh",
			access(path_of(script, "rotate"), F_OK) == 0);
	}
	return issue(script, "device-token", true);
}

/* For Dovecot: whose token is it? */
static bool introspect(struct script *script, const char *token)
{
	char copy[256];
	char text[512];

	snprintf(copy, sizeof copy, "%s", token);
	snprintf(text, sizeof text,
		use_line(script, "access", copy)
			? "200 {\"active\": true, \"user\": \"u\"}"
			: "200 {\"active\": false}");
	return put(script, text, false);
}

/* What mail programs are told of the servers. */
static bool put_page(struct script *script)
{
	char page[8192] = "200 ";
	FILE *file = fopen(path_of(script, "page"), "r");
	size_t n = file == NULL ? 0 : fread(page + 4, 1, sizeof page - 5, file);

	if (file != NULL)
		fclose(file);
	return put(script, n > 0 ? page : "404 no page", false);
}

static bool obey(struct script *script)
{
	char *body = calloc(1, BODY_MAX);
	char bearer[256] = "";
	size_t length = 0;
	bool asks_token = strstr(script->line, " /token ") != NULL;
	bool asks_device = strstr(script->line, " /device ") != NULL;
	bool asks_page = strstr(script->line, "/config-v1.1.xml") != NULL;
	bool asks_who = strstr(script->line, " /introspect") != NULL;

	if (body == NULL)
		_exit(1);
	while (script_read_line(script) && script->line_length > 0) {
		script->line[script->line_length] = '\0';
		if (script_is(script, "Content-Length:"))
			length = strtoul(script->line + 15, NULL, 10);
		if (script_is(script, "Authorization: Bearer "))
			snprintf(
				bearer, sizeof bearer, "%s", script->line + 22);
	}
	if (length >= BODY_MAX ||
		fread(body, 1, length, script->in) != length) {
		free(body);
		return false;
	}
	if (!asks_who) {
		fprintf(script->commands, "%s\n", body);
		fflush(script->commands);
	}
	bool more = asks_token ? token(script, body)
		: asks_device
		? put(script,
			  script_reply(script, "device",
				  "200 {\"device_code\": \"dc-1\", \"user_code\": \"ABCD-EFGH\", \"verification_uri\": \"https://example.com/device\", \"expires_in\": 900, \"interval\": 1}"),
			  false)
		: asks_who  ? introspect(script, bearer)
		: asks_page ? put_page(script)
			    : put(script, "404 no such page", false);

	free(body);
	return more;
}

static bool greet(struct script *script)
{
	(void)script;
	return true;
}

int main(int argc, char **argv)
{
	struct script script = {.allowed = -1};

	script_begin(&script, argc, argv);
	script_serve(&script, script_listen(argv[argc - 2]), greet, obey);
}
