/* SPDX-License-Identifier: ISC */
/* What libcurl is told before it connects. */
#include <curl/curl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/xalloc.h"
#include "io/net/connection_internal.h"

/* The login option for libcurl; NULL: session_login logs in. */
static const char *libcurl_login(enum auth_method auth)
{
	switch (auth) {
	case AUTH_AUTO:
	case AUTH_PLAIN:
	case AUTH_USER:
	case AUTH_LOGIN:
		return NULL;
	case AUTH_APOP:
		return "AUTH=+APOP";
	case AUTH_CRAM_MD5:
		return "AUTH=CRAM-MD5";
	case AUTH_DIGEST_MD5:
		return "AUTH=DIGEST-MD5";
	case AUTH_SCRAM_SHA_1:
		return "AUTH=SCRAM-SHA-1";
	case AUTH_SCRAM_SHA_256:
		return "AUTH=SCRAM-SHA-256";
	case AUTH_OAUTHBEARER:
		return "AUTH=OAUTHBEARER";
	case AUTH_XOAUTH2:
		return "AUTH=XOAUTH2";
	}
	return NULL;
}

/*
 * The system's certificates are in one file, and usually also in a directory of
 * single files. Reading all of them takes longer than the rest of a poll, so
 * the directory is used if libcurl knows it.
 */
static CURLcode set_system_ca(CURL *curl, bool bundled)
{
	struct stat st;
	char *file = NULL;
	char *path = NULL;

	if (curl_easy_getinfo(curl, CURLINFO_CAINFO, &file) != CURLE_OK ||
		curl_easy_getinfo(curl, CURLINFO_CAPATH, &path) != CURLE_OK ||
		path == NULL || stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return CURLE_OK;
	return curl_easy_setopt(
		curl, CURLOPT_CAINFO, bundled ? file : (char *)NULL);
}

CURLcode connection_set_tls(
	CURL *curl, const struct account_remote *to, bool bundled)
{
	struct stat st;
	CURLcode code = CURLE_OK;
	long min = to->tls->min == TLS_MIN_1_3 ? CURL_SSLVERSION_TLSv1_3
					       : CURL_SSLVERSION_TLSv1_2;

	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	code = curl_easy_setopt(curl, CURLOPT_SSLVERSION, min);
	/* TLS is required: there is no fallback to clear text. */
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_USE_SSL,
			to->tls->mode == TLS_OFF ? (long)CURLUSESSL_NONE
						 : (long)CURLUSESSL_ALL);
	/* Instead of the system's certificates, which are set as both. */
	if (code == CURLE_OK && to->tls->ca != NULL) {
		bool directory =
			stat(to->tls->ca, &st) == 0 && S_ISDIR(st.st_mode);

		curl_easy_setopt(
			curl, CURLOPT_CAPATH, directory ? to->tls->ca : NULL);
		code = curl_easy_setopt(
			curl, CURLOPT_CAINFO, directory ? NULL : to->tls->ca);
	}
	if (code == CURLE_OK && to->tls->ca == NULL)
		code = set_system_ca(curl, bundled);
	if (code == CURLE_OK && to->tls->pin != NULL)
		code = curl_easy_setopt(
			curl, CURLOPT_PINNEDPUBLICKEY, to->tls->pin);
	if (code == CURLE_OK && to->tls->cert != NULL)
		code = curl_easy_setopt(curl, CURLOPT_SSLCERT, to->tls->cert);
	if (code == CURLE_OK && to->tls->key != NULL)
		code = curl_easy_setopt(curl, CURLOPT_SSLKEY, to->tls->key);
	return code;
}

static CURLcode set_login(
	CURL *curl, const struct account_remote *to, const char *password)
{
	const char *options = libcurl_login(to->login->auth);
	bool bearer = to->login->auth == AUTH_OAUTHBEARER ||
		to->login->auth == AUTH_XOAUTH2;
	CURLcode code = CURLE_OK;

	if (!connection_logs_in(to) || password == NULL)
		return CURLE_OK;
	if (options != NULL)
		code = curl_easy_setopt(curl, CURLOPT_LOGIN_OPTIONS, options);
	if (code == CURLE_OK)
		code = curl_easy_setopt(
			curl, CURLOPT_USERNAME, to->login->user);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl,
			bearer ? CURLOPT_XOAUTH2_BEARER : CURLOPT_PASSWORD,
			password);
	if (code == CURLE_OK)
		/* Microsoft wants the token on a line of its own. */
		code = curl_easy_setopt(
			curl, CURLOPT_SASL_IR, bearer ? 0L : 1L);
	return code;
}

/*
 * Each connection has a handle of its own, which is never reused: several
 * security advisories of libcurl were about connections reused with other
 * options.
 */
CURLcode connection_set_options(
	struct connection *connection, const char *password)
{
	static const char *const schemes[] = {[PROTOCOL_POP3] = "pop3",
		[PROTOCOL_IMAP] = "imap",
		/* libcurl knows no LMTP: it makes the connection, with TLS. */
		[PROTOCOL_LMTP] = "http",
		[PROTOCOL_HTTPS] = "http"};
	const struct account_remote *to = &connection->to;
	CURL *curl = connection->curl;
	bool by_tls = to->tls->mode == TLS_IMPLICIT;
	bool bare = strchr(to->server->host, ':') != NULL &&
		to->server->host[0] != '[';
	char *url = xasprintf("%s%s://%s%s%s:%u/", schemes[to->protocol],
		by_tls ? "s" : "", bare ? "[" : "", to->server->host,
		bare ? "]" : "", to->server->port);
	long all = to->session->max_time < LONG_MAX
		? (long)to->session->max_time
		: LONG_MAX;
	long wait =
		to->session->timeout < all ? (long)to->session->timeout : all;
	CURLcode code = curl_easy_setopt(curl, CURLOPT_URL, url);

	free(url);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, connection->curl_says);
	curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	/* The most that curl_easy_recv returns. */
	curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, CONNECTION_BLOCK);
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, wait);
	curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, wait);
	curl_easy_setopt(
		curl, CURLOPT_TIMEOUT, wait < all / 2 ? 2 * wait : all);
	connection_listen(connection);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR,
			to->protocol == PROTOCOL_LMTP
				? "https"
				: "pop3,pop3s,imap,imaps");
	if (code == CURLE_OK && to->protocol == PROTOCOL_LMTP)
		code = curl_easy_setopt(curl, CURLOPT_SSL_ENABLE_ALPN, 0L);
	/* "" also disables a proxy from the environment. */
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_PROXY,
			to->server->proxy == NULL ? "" : to->server->proxy);
	curl_easy_setopt(curl, CURLOPT_HTTPPROXYTUNNEL, 1L);
	/* A proxy's answer is not a greeting. */
	curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	if (code == CURLE_OK)
		code = connection_set_tls(curl, to, connection->bundled);
	if (code == CURLE_OK)
		code = set_login(curl, to, password);
	return code;
}

bool connection_logs_in(const struct account_remote *to)
{
	return to->protocol == PROTOCOL_IMAP ||
		libcurl_login(to->login->auth) != NULL;
}
