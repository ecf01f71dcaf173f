/* SPDX-License-Identifier: ISC */
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/text.h"
#include "core/xalloc.h"
#include "io/net/connection_internal.h"
#include "io/net/web.h"

/* How much longer than timeout the answer to what was sent may take. */
#define THINKING_SECONDS 240

struct web {
	struct account_remote to;
	CURL *curl;
	char says[CURL_ERROR_SIZE];
	/* Of the request that is being sent: */
	const struct web_request *request;
	struct web_answer *answer;
	curl_off_t sent;
	bool closed; /* all was sent, and the connection was closed */
};

struct web *web_open(const struct account_remote *to, struct error *err)
{
	struct web *web = xcalloc(1, sizeof *web);

	web->to = *to;
	web->curl = curl_easy_init();
	if (web->curl != NULL)
		return web;
	error_set(err, ERROR_SOFTWARE, "libcurl cannot be used");
	free(web);
	return NULL;
}

void web_close(struct web *web)
{
	if (web == NULL)
		return;
	curl_easy_cleanup(web->curl);
	free(web);
}

static curl_off_t body_length(const struct web_request *request)
{
	return (curl_off_t)request->head_length + request->length +
		(curl_off_t)request->tail_length;
}

/* A part of the body: how much of it there is behind this offset. */
static size_t take_part(char *room, size_t size, curl_off_t at,
	const char *bytes, size_t length)
{
	if (at >= (curl_off_t)length)
		return 0;
	size_t n = length - (size_t)at;

	n = n < size ? n : size;
	memcpy(room, bytes + at, n);
	return n;
}

static size_t take_file(
	char *room, size_t size, curl_off_t at, const struct web_request *from)
{
	ssize_t n;

	if (at >= from->length)
		return 0;
	size_t rest = (size_t)(from->length - at);

	do
		n = pread(from->file, room, size < rest ? size : rest, at);
	while (n < 0 && errno == EINTR);
	return n > 0 ? (size_t)n : CURL_READFUNC_ABORT;
}

/* Gives libcurl the next piece of what is sent. */
static size_t give(char *room, size_t size, size_t count, void *data)
{
	struct web *web = data;
	const struct web_request *from = web->request;
	curl_off_t at = web->sent;
	size_t n = take_part(
		room, size * count, at, from->head, from->head_length);

	at -= (curl_off_t)from->head_length;
	if (n == 0)
		n = take_file(room, size * count, at, from);
	at -= from->length;
	if (n == 0)
		n = take_part(
			room, size * count, at, from->tail, from->tail_length);
	if (n != CURL_READFUNC_ABORT)
		web->sent += (curl_off_t)n;
	return n;
}

/*
 * libcurl sends it again if the connection that was kept is closed without an
 * answer. Not if all was sent: the server may have done what was asked.
 */
static int rewind_body(void *data, curl_off_t offset, int origin)
{
	struct web *web = data;

	web->closed = web->sent == body_length(web->request);
	if (origin != SEEK_SET || web->closed)
		return CURL_SEEKFUNC_FAIL;
	web->sent = offset;
	return CURL_SEEKFUNC_OK;
}

/* Takes as much of the answer as there is room for. */
static size_t take(char *bytes, size_t size, size_t count, void *data)
{
	struct web_answer *answer = ((struct web *)data)->answer;
	size_t room = sizeof answer->body - answer->length;
	size_t n = size * count;

	memcpy(answer->body + answer->length, bytes, n < room ? n : room);
	answer->length += n < room ? n : room;
	answer->cut = answer->cut || n > room;
	return n;
}

static int is_stopped(
	void *data, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct web *web = data;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return patience_is_over(web->request->wait);
}

static bool failed(const struct web *web, CURLcode code, struct error *err)
{
	const char *words =
		web->says[0] != '\0' ? web->says : curl_easy_strerror(code);
	const char *host = web->to.server->host;
	char shown[CURL_ERROR_SIZE * 4];

	text_printable(shown, sizeof shown, words, strlen(words));
	/* What is said of mail, not of a request for a token. */
	bool mail = web->request->token != NULL;

	if (patience_is_stopped(web->request->wait))
		return error_set(err, ERROR_TEMPORARY,
			"stopped while %s was waited for%s", host,
			mail ? ": the mail stays on the server" : "");
	if (web->closed)
		snprintf(shown, sizeof shown, "it closed the connection");
	if (code == CURLE_COULDNT_RESOLVE_HOST)
		return error_set(err, ERROR_HOST,
			"cannot find the host %s: %s. %s", host, shown,
			mail ? "No mail was lost"
			     : "Check its name and your network connection");
	if (code == CURLE_PEER_FAILED_VERIFICATION ||
		code == CURLE_SSL_CACERT_BADFILE)
		return error_set(err, ERROR_UNAVAILABLE,
			"the certificate of %s was not accepted, and nothing was sent: %s. Check %stls-ca, or install the system's certificates (ca-certificates)",
			host, shown, web->to.prefix);
	return error_set(err, ERROR_TEMPORARY, "no answer from %s: %s. %s",
		host, shown,
		mail ? "What it has not confirmed stays on the server, and the next run sends it"
		     : "Try again later");
}

static CURLcode set_body(struct web *web, const struct web_request *request)
{
	CURL *curl = web->curl;

	if (request->form != NULL) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE,
			(long)strlen(request->form));
		return curl_easy_setopt(
			curl, CURLOPT_POSTFIELDS, request->form);
	}
	if (request->file < 0)
		return curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(curl, CURLOPT_POST, 1L);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(curl, CURLOPT_READDATA, web);
	curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, rewind_body);
	curl_easy_setopt(curl, CURLOPT_SEEKDATA, web);
	return curl_easy_setopt(
		curl, CURLOPT_POSTFIELDSIZE_LARGE, body_length(request));
}

/* The connections are kept, the options are not. */
static CURLcode set_options(struct web *web, const struct web_request *request)
{
	CURL *curl = web->curl;

	curl_easy_reset(curl);
	CURLcode code = curl_easy_setopt(curl, CURLOPT_URL, request->url);

	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, web->says);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(
		curl, CURLOPT_CONNECTTIMEOUT, (long)web->to.session->timeout);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME,
		request->form != NULL ? (long)request->seconds
				      : (long)web->to.session->timeout +
				(request->file < 0 ? 0 : THINKING_SECONDS));
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)request->seconds);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, web);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, is_stopped);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, web);
	if (code == CURLE_OK)
		code = curl_easy_setopt(
			curl, CURLOPT_PROTOCOLS_STR, "https,http");
	if (code == CURLE_OK && request->follows) {
		curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
		curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 3L);
		code = curl_easy_setopt(
			curl, CURLOPT_REDIR_PROTOCOLS_STR, "https");
	}
	/* "" also disables a proxy from the environment. */
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_PROXY,
			web->to.server->proxy == NULL ? ""
						      : web->to.server->proxy);
	if (code == CURLE_OK)
		code = connection_set_tls(curl, &web->to, true);
	if (code == CURLE_OK && request->token != NULL)
		code = curl_easy_setopt(
			curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
	if (code == CURLE_OK && request->token != NULL)
		code = curl_easy_setopt(
			curl, CURLOPT_XOAUTH2_BEARER, request->token);
	return code == CURLE_OK ? set_body(web, request) : code;
}

/* Without Expect, which would cost a round trip for each message. */
static struct curl_slist *headers_of(const struct web_request *request)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Expect:");

	if (request->form != NULL)
		headers =
			curl_slist_append(headers, "Accept: application/json");
	if (request->file >= 0) {
		char *type = xasprintf("Content-Type: %s", request->type);

		headers = curl_slist_append(headers, type);
		free(type);
	}
	return headers;
}

bool web_send(struct web *web, const struct web_request *request,
	struct web_answer *answer, struct error *err)
{
	struct curl_slist *headers = headers_of(request);
	curl_off_t wait = -1;

	*answer = (struct web_answer){.status = 0};
	web->says[0] = '\0';
	web->request = request;
	web->answer = answer;
	web->sent = 0;
	web->closed = false;
	CURLcode code = set_options(web, request);

	curl_easy_setopt(web->curl, CURLOPT_HTTPHEADER, headers);
	if (code == CURLE_OK)
		code = curl_easy_perform(web->curl);
	curl_slist_free_all(headers);
	if (code != CURLE_OK)
		return failed(web, code, err);
	curl_easy_getinfo(web->curl, CURLINFO_RESPONSE_CODE, &answer->status);
	curl_easy_getinfo(web->curl, CURLINFO_RETRY_AFTER, &wait);
	answer->retry_after = wait > 0 ? (int64_t)wait : -1;
	return true;
}
