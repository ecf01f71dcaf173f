/* SPDX-License-Identifier: ISC */
/*
 * Gmail for the tests: its import call, over HTTP, with one connection at a
 * time.
 *
 *   gmailserver [OPTION...] PORT DIRECTORY
 *
 * Options, PORT and DIRECTORY: script.h. Stages: profile, import. A reply is
 * STATUS BODY, or STATUS;SECONDS BODY with Retry-After, or +STATUS BODY after
 * the message was stored. The only token that is
 * valid is in DIRECTORY/token; DIRECTORY/parts gets what is before the message
 * in a request.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "script.h"

#define BODY_MAX (200 << 20)

struct request {
	bool post;
	bool allowed; /* its token is valid */
	size_t length;
	char boundary[128];
};

/* HTTP/1.1 STATUS BODY. False: close the connection. */
static bool answer(struct script *script, const char *stage, const char *usual)
{
	const char *text = script_reply(script, stage, usual);
	const char *body = strchr(text, ' ');
	char head[256];
	char *after;

	if (text[0] == '\0')
		return false;
	long status = strtol(text + (text[0] == '+'), &after, 10);

	body = body == NULL ? "" : body + 1;
	snprintf(head, sizeof head,
		"HTTP/1.1 %ld Status\r\nContent-Type: application/json\r\n"
		"%s%.*s%sContent-Length: %zu\r\n",
		status, *after == ';' ? "Retry-After: " : "",
		*after == ';' ? (int)strspn(after + 1, "0123456789") : 0,
		after + (*after == ';'), *after == ';' ? "\r\n" : "",
		strlen(body));
	return script_put(script, head) &&
		script_put_bytes(script, body, strlen(body));
}

static bool is_valid(const struct script *script, const char *token)
{
	char path[4096];
	char valid[256] = "";

	snprintf(path, sizeof path, "%s/token", script->directory);
	FILE *file = fopen(path, "r");

	if (file != NULL && fscanf(file, "%255s", valid) != 1)
		valid[0] = '\0';
	if (file != NULL)
		fclose(file);
	return valid[0] != '\0' && strcmp(token, valid) == 0;
}

/* Reads the header fields of a request, whose first line was read. */
static bool read_header(struct script *script, struct request *request)
{
	while (script_read_line(script)) {
		const char *line = script->line;
		const char *boundary = strstr(line, "boundary=");

		script->line[script->line_length] = '\0';
		if (script->line_length == 0)
			return true;
		if (script_is(script, "Content-Length:"))
			request->length = strtoul(line + 15, NULL, 10);
		if (script_is(script, "Content-Type:") && boundary != NULL)
			snprintf(request->boundary, sizeof request->boundary,
				"%s", boundary + 9);
		if (script_is(script, "Authorization: Bearer "))
			request->allowed = is_valid(script, line + 22);
	}
	return false;
}

static void write_parts(
	const struct script *script, const char *bytes, size_t length)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/parts", script->directory);
	FILE *file = fopen(path, "a");

	if (file == NULL || fwrite(bytes, 1, length, file) != length ||
		fclose(file) != 0)
		_exit(1);
}

/* Stores the message with LF line ends; false: the request is malformed. */
static bool store(const struct script *script, const struct request *request,
	const char *body, unsigned id)
{
	static const char begin[] = "Content-Type: message/rfc822\r\n\r\n";
	char end[256];
	char name[32];
	const char *text =
		memmem(body, request->length, begin, sizeof begin - 1);
	size_t tail = (size_t)snprintf(
		end, sizeof end, "\r\n--%s--\r\n", request->boundary);

	if (text == NULL || request->length < tail ||
		memcmp(body + request->length - tail, end, tail) != 0)
		return false;
	text += sizeof begin - 1;
	size_t length = request->length - tail - (size_t)(text - body);
	char *plain = malloc(length + 1);
	size_t n = 0;

	if (plain == NULL)
		_exit(1);
	for (size_t i = 0; i < length; i++) {
		if (text[i] != '\r' || i + 1 == length || text[i + 1] != '\n')
			plain[n++] = text[i];
	}
	write_parts(script, body, (size_t)(text - body));
	snprintf(name, sizeof name, "%x", id);
	script_store(script, name, plain, n);
	free(plain);
	return true;
}

static bool import(struct script *script, const struct request *request)
{
	static unsigned ids;
	char *body = malloc(request->length + 1);
	char taken[256];

	if (body == NULL || request->length > BODY_MAX ||
		fread(body, 1, request->length, script->in) !=
			request->length) {
		free(body);
		return false;
	}
	script->messages++;
	/* Another server has other ones. */
	if (ids == 0)
		ids = (unsigned)getpid() << 8;
	const char *reply = script_reply(script, "import", "200");
	const char *refused = script->refused;

	if (!request->allowed) {
		free(body);
		return answer(script, "token",
			"401 {\"error\": {\"code\": 401, \"message\": \"Invalid Credentials\"}}");
	}
	if (refused != NULL &&
		memmem(body, request->length, refused, strlen(refused)) !=
			NULL) {
		free(body);
		return answer(script, "refused",
			"400 {\"error\": {\"code\": 400, \"message\": \"Invalid attachment.\", \"errors\": [{\"reason\": \"invalidArgument\"}]}}");
	}
	bool ok = true;

	/* "+504": it was stored, nevertheless. */
	if (reply[0] == '\0' || reply[0] == '2' || reply[0] == '+')
		ok = store(script, request, body, ++ids);
	free(body);
	snprintf(taken, sizeof taken,
		"200 {\n  \"id\": \"%x\",\n  \"threadId\": \"1\"\n}", ids);
	usleep(script->delay * 1000);
	return answer(script, "import",
		ok ? taken
		   : "400 {\"error\": {\"message\": \"malformed request\"}}");
}

static bool obey(struct script *script)
{
	struct request request = {
		.post = script_is(script, "POST /upload/gmail/v1/users/")};

	if (!read_header(script, &request))
		return false;
	if (request.post)
		return import(script, &request);
	if (!request.allowed)
		return answer(script, "token",
			"401 {\"error\": {\"code\": 401, \"message\": \"Invalid Credentials\"}}");
	/* As for a token that may only import. */
	return answer(script, "profile",
		"403 {\"error\": {\"code\": 403, \"message\": \"Insufficient Permission\", \"errors\": [{\"reason\": \"insufficientPermissions\"}]}}");
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
