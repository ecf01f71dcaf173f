/* SPDX-License-Identifier: ISC */
#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/login.h"
#include "core/text.h"
#include "core/xalloc.h"
#include "io/net/connection_internal.h"
#include "io/process/log.h"

bool connection_global_init(struct error *err)
{
	const curl_version_info_data *info;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return error_set(err, ERROR_SOFTWARE,
			"libcurl cannot be initialised: check its installation");
	info = curl_version_info(CURLVERSION_NOW);
	/* As configure.ac. Before 7.79, answers could be injected before STLS.
	 */
	if (info->version_num < 0x075700)
		return error_set(err, ERROR_SOFTWARE,
			"libcurl %s is too old: 7.87 or newer is needed",
			info->version);
	return true;
}

void connection_global_release(void)
{
	curl_global_cleanup();
}

static void set_refusal(
	struct connection *connection, const char *words, size_t length)
{
	if (length > sizeof connection->refusal)
		length = sizeof connection->refusal;
	memcpy(connection->refusal, words, length);
	connection->refusal_length = length;
}

/* The reason that a server gives before it refuses a token. */
static void keep_challenge(
	struct connection *connection, const char *text, size_t length)
{
	if (length > sizeof connection->challenge)
		length = sizeof connection->challenge;
	memcpy(connection->challenge, text, length);
	connection->challenge_length = length;
}

/* Evaluates a line that the server sent while libcurl was connecting. */
static void read_line(
	struct connection *connection, const char *line, size_t length)
{
	while (length > 0 && strchr("\r\n", line[length - 1]) != NULL)
		length--;
	connection->greeted = true;
	if (length >= 4 && memcmp(line, "-ERR", 4) == 0) {
		size_t skip = length > 4 ? 5 : 4;

		connection->refused = true;
		set_refusal(connection, line + skip, length - skip);
	} else if (length >= 3 && memcmp(line, "+OK", 3) == 0) {
		memset(&connection->pending, 0, sizeof connection->pending);
		connection->pending_open = true;
	} else if (length > 2 && line[0] == '+' && line[1] == ' ') {
		keep_challenge(connection, line + 2, length - 2);
	} else if (length == 1 && line[0] == '.') {
		connection->capabilities = connection->pending;
		connection->capabilities.known = true;
		connection->secured = connection->tls;
		connection->pending_open = false;
	} else if (connection->pending_open) {
		pop3_capability(&connection->pending, line, length);
	}
}

/*
 * Is TLS on, whatever options were set? libcurl knows this only within a
 * callback.
 */
static bool has_tls(struct connection *connection)
{
	struct curl_tlssessioninfo *info = NULL;

	return curl_easy_getinfo(connection->curl, CURLINFO_TLS_SSL_PTR,
		       &info) == CURLE_OK &&
		info != NULL && info->internals != NULL;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *data)
{
	struct connection *connection = data;

	/* libcurl would wait for a greeting; this is not POP3. */
	if (!connection->greeted && bytes[0] != '+' && bytes[0] != '-')
		return 0;
	connection->tls = has_tls(connection);
	/* The certificate is known: send nothing to this server. */
	if (connection->looking && connection->tls)
		return 0;
	read_line(connection, bytes, size * count);
	return size * count;
}

/* Called by libcurl at least once a second; aborts when *stop is set. */
static int on_progress(void *data, curl_off_t total_down, curl_off_t down,
	curl_off_t total_up, curl_off_t up)
{
	const struct connection *connection = data;

	(void)total_down;
	(void)down;
	(void)total_up;
	(void)up;
	return *connection->stop != 0;
}

/* Reads the TLS version from debug output: libcurl has no function for it. */
static int on_debug(
	CURL *curl, curl_infotype type, char *text, size_t length, void *data)
{
	static const char says[] = "SSL connection using ";
	struct connection *connection = data;
	size_t n = 0;

	(void)curl;
	if (type != CURLINFO_TEXT || length < sizeof says ||
		memcmp(text, says, sizeof says - 1) != 0)
		return 0;
	text += sizeof says - 1;
	length -= sizeof says - 1;
	while (n < length && n < sizeof connection->tls_version - 1 &&
		text[n] > ' ' && text[n] < 0x7f)
		n++;
	memcpy(connection->tls_version, text, n);
	connection->tls_version[n] = '\0';
	return 0;
}

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

static CURLcode set_tls(CURL *curl, const struct account *account, bool bundled)
{
	struct stat st;
	CURLcode code = CURLE_OK;
	long min = account->tls.min == TLS_MIN_1_3 ? CURL_SSLVERSION_TLSv1_3
						   : CURL_SSLVERSION_TLSv1_2;

	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	code = curl_easy_setopt(curl, CURLOPT_SSLVERSION, min);
	/* TLS is required: there is no fallback to clear text. */
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_USE_SSL,
			account->tls.mode == TLS_OFF ? (long)CURLUSESSL_NONE
						     : (long)CURLUSESSL_ALL);
	/* Instead of the system's certificates, which are set as both. */
	if (code == CURLE_OK && account->tls.ca != NULL) {
		bool directory =
			stat(account->tls.ca, &st) == 0 && S_ISDIR(st.st_mode);

		curl_easy_setopt(curl, CURLOPT_CAPATH,
			directory ? account->tls.ca : NULL);
		code = curl_easy_setopt(curl, CURLOPT_CAINFO,
			directory ? NULL : account->tls.ca);
	}
	if (code == CURLE_OK && account->tls.ca == NULL)
		code = set_system_ca(curl, bundled);
	if (code == CURLE_OK && account->tls.pin != NULL)
		code = curl_easy_setopt(
			curl, CURLOPT_PINNEDPUBLICKEY, account->tls.pin);
	if (code == CURLE_OK && account->tls.cert != NULL)
		code = curl_easy_setopt(
			curl, CURLOPT_SSLCERT, account->tls.cert);
	if (code == CURLE_OK && account->tls.key != NULL)
		code = curl_easy_setopt(curl, CURLOPT_SSLKEY, account->tls.key);
	return code;
}

static CURLcode set_login(
	CURL *curl, const struct account *account, const char *password)
{
	const char *options = libcurl_login(account->login.auth);
	bool bearer = account->login.auth == AUTH_OAUTHBEARER ||
		account->login.auth == AUTH_XOAUTH2;

	if (options == NULL || password == NULL)
		return CURLE_OK;
	CURLcode code = curl_easy_setopt(curl, CURLOPT_LOGIN_OPTIONS, options);

	if (code == CURLE_OK)
		code = curl_easy_setopt(
			curl, CURLOPT_USERNAME, account->login.user);
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
	const struct account *account = connection->account;
	CURL *curl = connection->curl;
	const char *scheme =
		account->tls.mode == TLS_IMPLICIT ? "pop3s" : "pop3";
	bool bare = strchr(account->server.host, ':') != NULL &&
		account->server.host[0] != '[';
	char *url = xasprintf("%s://%s%s%s:%u/", scheme, bare ? "[" : "",
		account->server.host, bare ? "]" : "", account->server.port);
	long all = account->session.max_time < LONG_MAX
		? (long)account->session.max_time
		: LONG_MAX;
	long wait = account->session.timeout < all
		? (long)account->session.timeout
		: all;
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
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, connection);
	curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, on_debug);
	curl_easy_setopt(curl, CURLOPT_DEBUGDATA, connection);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, connection);
	if (code == CURLE_OK)
		code = curl_easy_setopt(
			curl, CURLOPT_PROTOCOLS_STR, "pop3,pop3s");
	/* "" also disables a proxy from the environment. */
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_PROXY,
			account->server.proxy == NULL ? ""
						      : account->server.proxy);
	curl_easy_setopt(curl, CURLOPT_HTTPPROXYTUNNEL, 1L);
	/* A proxy's answer is not a greeting. */
	curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	if (code == CURLE_OK)
		code = set_tls(curl, account, connection->bundled);
	if (code == CURLE_OK)
		code = set_login(curl, account, password);
	return code;
}

static bool lost(
	const struct connection *connection, const char *why, struct error *err)
{
	return error_set(err, ERROR_TEMPORARY,
		"the connection to %s:%u was lost: %s",
		connection->account->server.host,
		connection->account->server.port, why);
}

bool connection_send(
	struct connection *connection, struct buffer *out, struct error *err)
{
	while (buffer_length(out) > 0) {
		size_t sent = 0;
		CURLcode code = curl_easy_send(connection->curl,
			buffer_bytes(out), buffer_length(out), &sent);

		if (code == CURLE_AGAIN)
			return true;
		if (code != CURLE_OK)
			return lost(connection, curl_easy_strerror(code), err);
		buffer_consume(out, sent);
	}
	return true;
}

bool connection_receive(struct connection *connection, char *room, size_t size,
	size_t *received, struct error *err)
{
	size_t n = 0;

	*received = 0;
	if (connection->closed)
		return lost(connection, "the server closed it", err);
	CURLcode code = curl_easy_recv(connection->curl, room, size, &n);

	if (code == CURLE_AGAIN)
		return true;
	if (code != CURLE_OK)
		return lost(connection, curl_easy_strerror(code), err);
	connection->closed = n == 0;
	*received = n;
	return true;
}

bool connection_is_closed(const struct connection *connection)
{
	return connection->closed;
}

bool connection_wait(struct connection *connection, bool to_send,
	int milliseconds, struct error *err)
{
	struct pollfd wait = {
		.fd = connection->socket,
		.events = (short)(POLLIN | (to_send ? POLLOUT : 0)),
	};

	if (poll(&wait, 1, milliseconds) < 0 && errno != EINTR)
		return lost(connection, strerror(errno), err);
	return true;
}

static bool make_connection(struct connection *connection, const char *password,
	const struct login_mask *mask, struct error *err)
{
	const struct account *account = connection->account;
	CURLcode code = connection_set_options(connection, password);

	if (code == CURLE_OK)
		code = curl_easy_perform(connection->curl);
	/* The directory may lack certificates that are in the file. */
	if (code == CURLE_PEER_FAILED_VERIFICATION && account->tls.ca == NULL) {
		connection->bundled = true;
		connection->greeted = connection->refused = false;
		code = connection_set_options(connection, password);
		if (code == CURLE_OK)
			code = curl_easy_perform(connection->curl);
	}
	if (code != CURLE_OK) {
		login_redact(
			mask, connection->refusal, connection->refusal_length);
		return connection_failed(connection, code, err);
	}
	if (account->tls.mode != TLS_OFF && !connection->tls)
		return error_set(err, ERROR_UNAVAILABLE,
			"libcurl connected to %s:%u without TLS: no password "
			"was sent",
			account->server.host, account->server.port);
	if (curl_easy_getinfo(connection->curl, CURLINFO_ACTIVESOCKET,
		    &connection->socket) != CURLE_OK ||
		connection->socket == CURL_SOCKET_BAD)
		return lost(connection, "it has no socket", err);
	/* From now on libcurl only transfers bytes. */
	curl_easy_setopt(connection->curl, CURLOPT_VERBOSE, 0L);
	/* RFC 2595 section 4: what was announced before TLS is void. */
	if (account->tls.mode != TLS_OFF && !connection->secured)
		memset(&connection->capabilities, 0,
			sizeof connection->capabilities);
	log_line(LOG_WIRE, "connected to %s:%u%s; the login is not shown",
		account->server.host, account->server.port,
		account->tls.mode == TLS_OFF ? " in clear" : " with TLS");
	return true;
}

struct connection *connection_open(const struct account *account,
	const char *password, const struct login_mask *mask,
	const volatile sig_atomic_t *stop, struct error *err)
{
	struct connection *connection = xcalloc(1, sizeof *connection);

	connection->account = account;
	connection->stop = stop;
	connection->socket = CURL_SOCKET_BAD;
	connection->curl = curl_easy_init();
	if (connection->curl == NULL)
		error_set(
			err, ERROR_SOFTWARE, "libcurl cannot create a handle");
	else if (make_connection(connection, password, mask, err))
		return connection;
	connection_close(connection);
	return NULL;
}

void connection_close(struct connection *connection)
{
	if (connection == NULL)
		return;
	/* On a CONNECT_ONLY connection libcurl does not send QUIT. */
	curl_easy_cleanup(connection->curl);
	explicit_bzero(connection, sizeof *connection);
	free(connection);
}

const struct pop3_capabilities *connection_capabilities(
	const struct connection *connection)
{
	return &connection->capabilities;
}

const char *connection_tls(const struct connection *connection)
{
	if (connection->account->tls.mode == TLS_OFF)
		return "";
	return connection->tls_version[0] == '\0' ? "TLS"
						  : connection->tls_version;
}

bool connection_logs_in(const struct account *account)
{
	return libcurl_login(account->login.auth) != NULL;
}
