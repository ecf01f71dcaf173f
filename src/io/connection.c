/* SPDX-License-Identifier: ISC */
#include "io/connection.h"

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
#include "io/digest.h"
#include "io/log.h"

struct connection {
	const struct account *account;	   /* borrowed */
	const volatile sig_atomic_t *stop; /* borrowed */
	CURL *curl;
	curl_socket_t socket;
	char curl_says[CURL_ERROR_SIZE];
	/* What libcurl hears while it connects. */
	struct pop3_capabilities capabilities;
	struct pop3_capabilities pending;
	bool pending_open; /* a multi-line answer may be under way */
	bool greeted;
	bool tls;     /* when the last line was heard */
	bool secured; /* capabilities were heard under TLS */
	bool refused;
	char refusal[512]; /* the last -ERR */
	size_t refusal_length;
	bool looking; /* at its certificate, and no more */
	bool bundled; /* the system's certificates are read all at once */
	bool closed;  /* by the server */
};

bool connection_global_init(struct error *err)
{
	const curl_version_info_data *info;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return error_set(err, ERROR_SOFTWARE,
			"libcurl cannot be initialised: check its installation");
	info = curl_version_info(CURLVERSION_NOW);
	/* Before 7.79 answers could be slipped in ahead of STLS. */
	if (info->version_num < 0x074f00)
		return error_set(err, ERROR_SOFTWARE,
			"libcurl %s is too old to be safe: 7.87 or newer is "
			"needed",
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

/* One line that the server said while libcurl was connecting. */
static void hear(struct connection *connection, const char *line, size_t length)
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
 * Is the connection under TLS, whatever was asked of libcurl? It can tell only
 * while it is at work.
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

	/* libcurl would wait for a line that looks like POP3. */
	if (!connection->greeted && bytes[0] != '+' && bytes[0] != '-')
		return 0;
	connection->tls = has_tls(connection);
	/* Seen what there is to see: not a word to this server. */
	if (connection->looking && connection->tls)
		return 0;
	hear(connection, bytes, size * count);
	return size * count;
}

/* Called by libcurl at least once a second: ends a connect when asked to. */
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

/* The mechanisms that libcurl logs in with; NULL: we do it ourselves. */
static const char *libcurl_login(enum auth_method auth)
{
	switch (auth) {
	case AUTH_AUTO:
	case AUTH_PLAIN:
	case AUTH_USER:
		return NULL;
	case AUTH_LOGIN:
		return "AUTH=LOGIN";
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
 * The system's certificates: a file of all, or a directory where they lie one
 * by one. To read all of them takes longer than the rest of a poll, so they are
 * looked up as they are needed, where libcurl knows that directory.
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
	long min = account->tls_min == TLS_MIN_1_3 ? CURL_SSLVERSION_TLSv1_3
						   : CURL_SSLVERSION_TLSv1_2;

	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	code = curl_easy_setopt(curl, CURLOPT_SSLVERSION, min);
	/* Required, not tried: no fallback to clear text. */
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_USE_SSL,
			account->tls == TLS_OFF ? (long)CURLUSESSL_NONE
						: (long)CURLUSESSL_ALL);
	/* In the place of the system's certificates, which are both. */
	if (code == CURLE_OK && account->tls_ca != NULL) {
		bool directory =
			stat(account->tls_ca, &st) == 0 && S_ISDIR(st.st_mode);

		curl_easy_setopt(curl, CURLOPT_CAPATH,
			directory ? account->tls_ca : NULL);
		code = curl_easy_setopt(curl, CURLOPT_CAINFO,
			directory ? NULL : account->tls_ca);
	}
	if (code == CURLE_OK && account->tls_ca == NULL)
		code = set_system_ca(curl, bundled);
	if (code == CURLE_OK && account->tls_pin != NULL)
		code = curl_easy_setopt(
			curl, CURLOPT_PINNEDPUBLICKEY, account->tls_pin);
	if (code == CURLE_OK && account->tls_cert != NULL)
		code = curl_easy_setopt(
			curl, CURLOPT_SSLCERT, account->tls_cert);
	if (code == CURLE_OK && account->tls_key != NULL)
		code = curl_easy_setopt(curl, CURLOPT_SSLKEY, account->tls_key);
	return code;
}

static CURLcode set_login(
	CURL *curl, const struct account *account, const char *password)
{
	const char *options = libcurl_login(account->auth);
	bool bearer = account->auth == AUTH_OAUTHBEARER ||
		account->auth == AUTH_XOAUTH2;

	if (options == NULL || password == NULL)
		return CURLE_OK;
	CURLcode code = curl_easy_setopt(curl, CURLOPT_LOGIN_OPTIONS, options);

	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_USERNAME, account->user);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl,
			bearer ? CURLOPT_XOAUTH2_BEARER : CURLOPT_PASSWORD,
			password);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_SASL_IR, 1L);
	return code;
}

/*
 * One handle for one connection, never reused and never shared: several of
 * libcurl's advisories were about connections taken up again with other
 * settings. password NULL: for a connection without a login.
 */
static CURLcode set_options(struct connection *connection, const char *password)
{
	const struct account *account = connection->account;
	CURL *curl = connection->curl;
	const char *scheme = account->tls == TLS_IMPLICIT ? "pop3s" : "pop3";
	bool bare = strchr(account->server, ':') != NULL &&
		account->server[0] != '[';
	char *url = xasprintf("%s://%s%s%s:%u/", scheme, bare ? "[" : "",
		account->server, bare ? "]" : "", account->port);
	long all = account->max_time < LONG_MAX ? (long)account->max_time
						: LONG_MAX;
	long wait = account->timeout < all ? (long)account->timeout : all;
	CURLcode code = curl_easy_setopt(curl, CURLOPT_URL, url);

	free(url);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, connection->curl_says);
	curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	/* curl_easy_recv reads no more than this at once. */
	curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, CONNECTION_BLOCK);
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, wait);
	curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, wait);
	curl_easy_setopt(
		curl, CURLOPT_TIMEOUT, wait < all / 2 ? 2 * wait : all);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, connection);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, connection);
	if (code == CURLE_OK)
		code = curl_easy_setopt(
			curl, CURLOPT_PROTOCOLS_STR, "pop3,pop3s");
	/* "": no proxy from the environment either. */
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_PROXY,
			account->proxy == NULL ? "" : account->proxy);
	curl_easy_setopt(curl, CURLOPT_HTTPPROXYTUNNEL, 1L);
	/* What a proxy says is no greeting. */
	curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	if (code == CURLE_OK)
		code = set_tls(curl, account, connection->bundled);
	if (code == CURLE_OK)
		code = set_login(curl, account, password);
	return code;
}

bool connection_refused(const struct connection *connection,
	enum error_kind otherwise, const char *what, const char *words,
	size_t length, struct error *err)
{
	enum pop3_code code = pop3_response_code(words, length);
	enum error_kind kind = pop3_code_kind(code, otherwise);
	const char *next = "";

	if (code == POP3_CODE_IN_USE)
		next = ": the mailbox is in use by another session, try again "
		       "later";
	else if (code == POP3_CODE_LOGIN_DELAY)
		next = ": it wants more time between logins, try again later";
	else if (kind == ERROR_TEMPORARY)
		next = ": it has a passing trouble, try again later";
	else if (code == POP3_CODE_SYS_PERM)
		next = ": it has a trouble that someone must mend there";
	else if (kind == ERROR_LOGIN)
		next = ": check user and password, and whether the provider "
		       "wants POP3 enabled or an app password";
	return error_set_server(err, kind, words, length, "%s:%u refused %s%s",
		connection->account->server, connection->account->port, what,
		next);
}

/* ---- why there is no connection ------------------------------------------ */

/* A certificate, as far as a person can judge by it. */
struct certificate {
	char subject[160];
	char issuer[160];
	char from[40];
	char until[40];
	char pin[DIGEST_PIN_LENGTH + 1]; /* "" when it cannot be told */
};

/* Takes a line "NAME:VALUE" of what libcurl says of a certificate. */
static void take_fact(struct certificate *certificate, const char *line)
{
	const struct {
		const char *name;
		char *room;
		size_t size;
	} facts[] = {
		{"Subject:", certificate->subject, sizeof certificate->subject},
		{"Issuer:", certificate->issuer, sizeof certificate->issuer},
		{"Start date:", certificate->from, sizeof certificate->from},
		{"Expire date:", certificate->until, sizeof certificate->until},
	};

	for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
		size_t n = strlen(facts[i].name);

		if (strncmp(line, facts[i].name, n) == 0)
			text_printable(facts[i].room, facts[i].size, line + n,
				strlen(line + n));
	}
	if (strncmp(line, "Cert:", 5) == 0)
		digest_pin(line + 5, certificate->pin);
}

/*
 * What certificate does the server show? libcurl tells only of those that it
 * let through, so this connects once more, lets any through, says nothing, and
 * closes: no login, no password.
 */
static bool look_at_certificate(const struct connection *failed,
	const struct account *account, struct certificate *certificate)
{
	struct connection look = {
		.account = account,
		.stop = failed->stop,
		.curl = curl_easy_init(),
		.looking = true,
	};
	struct curl_certinfo *info = NULL;

	memset(certificate, 0, sizeof *certificate);
	if (look.curl == NULL)
		return false;
	bool ok = set_options(&look, NULL) == CURLE_OK;

	curl_easy_setopt(look.curl, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(look.curl, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(look.curl, CURLOPT_PINNEDPUBLICKEY, NULL);
	curl_easy_setopt(look.curl, CURLOPT_CERTINFO, 1L);
	curl_easy_setopt(look.curl, CURLOPT_CONNECTTIMEOUT, 10L);
	curl_easy_setopt(look.curl, CURLOPT_TIMEOUT, 10L);
	if (ok)
		curl_easy_perform(look.curl);
	ok = ok &&
		curl_easy_getinfo(look.curl, CURLINFO_CERTINFO, &info) ==
			CURLE_OK &&
		info != NULL && info->num_of_certs > 0;
	/* The first is the server's own. */
	for (const struct curl_slist *line = ok ? info->certinfo[0] : NULL;
		line != NULL; line = line->next)
		take_fact(certificate, line->data);
	curl_easy_cleanup(look.curl);
	return ok && certificate->subject[0] != '\0';
}

/* The facts of the server's certificate as a sentence, or "". */
static char *describe_certificate(
	const struct connection *connection, char *room, size_t size)
{
	struct certificate seen;

	room[0] = '\0';
	if (look_at_certificate(connection, connection->account, &seen))
		snprintf(room, size,
			" It shows a certificate for %s, issued by %s, valid "
			"from %s to %s%s%s.",
			seen.subject, seen.issuer, seen.from, seen.until,
			seen.pin[0] == '\0' ? "" : ", tls-pin = ", seen.pin);
	return room;
}

/* What to do about a certificate that OpenSSL's verification refused. */
static const char *certificate_advice(const struct connection *connection)
{
	long result = 0;

	curl_easy_getinfo(connection->curl, CURLINFO_SSL_VERIFYRESULT, &result);
	switch (result) {
	case 0: /* it is valid, for another name; libcurl may leave it at 1 */
	case 1:
		return "Check that server is the name that the provider gives";
	case 9:	 /* X509_V_ERR_CERT_NOT_YET_VALID */
	case 10: /* X509_V_ERR_CERT_HAS_EXPIRED */
		return "Check this machine's clock, and tell the server's "
		       "owner to renew it";
	default:
		return "If it is your own server, and what it shows is its "
		       "own, name a file with its certificate in tls-ca; if "
		       "not, someone may be in between";
	}
}

static bool certificate_failed(const struct connection *connection,
	CURLcode code, const char *shown, struct error *err)
{
	const struct account *account = connection->account;
	char seen[640];

	describe_certificate(connection, seen, sizeof seen);
	if (code == CURLE_SSL_PINNEDPUBKEYNOTMATCH)
		return error_set(err, ERROR_UNAVAILABLE,
			"the public key of %s:%u is not the one of tls-pin, "
			"and no password was sent.%s Ask the server's owner "
			"whether the key was changed, then correct tls-pin",
			account->server, account->port, seen);
	return error_set(err, ERROR_UNAVAILABLE,
		"the certificate of %s:%u is not to be trusted, and no "
		"password was sent: %s.%s %s",
		account->server, account->port, shown, seen,
		certificate_advice(connection));
}

/* Is it that both sides know no version of TLS that they both take? */
static bool is_about_version(const char *says)
{
	return strstr(says, "protocol version") != NULL ||
		strstr(says, "unsupported protocol") != NULL ||
		strstr(says, "no protocols available") != NULL;
}

static bool tls_failed(
	struct connection *connection, CURLcode code, struct error *err)
{
	const struct account *account = connection->account;
	const char *says = connection->curl_says[0] != '\0'
		? connection->curl_says
		: curl_easy_strerror(code);
	char shown[TEXT_SHOWN_MAX * 2];

	text_printable(shown, sizeof shown, says, strlen(says));
	switch ((int)code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		return certificate_failed(connection, code, shown, err);
	case CURLE_USE_SSL_FAILED:
		return error_set(err, ERROR_UNAVAILABLE,
			"%s:%u offers no STLS, which tls = starttls asks for, "
			"and no password was sent: most servers have TLS on "
			"port 995 (tls = implicit)",
			account->server, account->port);
	case CURLE_SSL_CACERT_BADFILE:
		return error_set(err, ERROR_UNAVAILABLE,
			"cannot use the certificates of %s: %s. Check tls-ca, "
			"or install the system's (ca-certificates)",
			account->tls_ca == NULL ? "the system"
						: account->tls_ca,
			shown);
	case CURLE_SSL_CERTPROBLEM:
		return error_set(err, ERROR_UNAVAILABLE,
			"cannot use tls-cert and tls-key: %s", shown);
	default:
		if (is_about_version(says))
			return error_set(err, ERROR_UNAVAILABLE,
				"%s:%u offers no TLS as new as %s, which is "
				"the oldest that is safe (tls-min), and no "
				"password was sent: %s. Ask its owner to "
				"bring it up to date",
				account->server, account->port,
				account->tls_min == TLS_MIN_1_3 ? "1.3" : "1.2",
				shown);
		return error_set(err, ERROR_UNAVAILABLE,
			"no TLS with %s:%u: %s. Check port and tls: port 995 "
			"is for tls = implicit, 110 for starttls",
			account->server, account->port, shown);
	}
}

static bool connect_failed(
	struct connection *connection, CURLcode code, struct error *err)
{
	const struct account *account = connection->account;
	const char *says = connection->curl_says[0] != '\0'
		? connection->curl_says
		: curl_easy_strerror(code);
	long number = 0;
	char shown[TEXT_SHOWN_MAX * 2];

	text_printable(shown, sizeof shown, says, strlen(says));
	switch ((int)code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return error_set(err, ERROR_HOST,
			"there is no host named %s%s: check it in %s, and "
			"that you are online",
			account->server,
			account->proxy == NULL ? "" : ", or as in proxy",
			account->file);
	case CURLE_COULDNT_RESOLVE_PROXY:
		return error_set(err, ERROR_HOST,
			"there is no host named as in proxy: check it in %s",
			account->file);
	case CURLE_COULDNT_CONNECT:
	case CURLE_PROXY:
		curl_easy_getinfo(connection->curl, CURLINFO_OS_ERRNO, &number);
		return error_set(err, ERROR_TEMPORARY,
			"cannot connect to %s:%u%s: %s. Check server and port, "
			"and that you are online",
			account->server, account->port,
			account->proxy == NULL ? "" : " (through the proxy)",
			number != 0 ? strerror((int)number) : shown);
	case CURLE_OPERATION_TIMEDOUT:
		return error_set(err, ERROR_TEMPORARY,
			"%s:%u did not answer in time (timeout = %lld): %s",
			account->server, account->port,
			(long long)account->timeout, shown);
	case CURLE_ABORTED_BY_CALLBACK:
		return error_set(err, ERROR_TEMPORARY,
			"ended by a signal before the login");
	case CURLE_LOGIN_DENIED:
	case CURLE_AUTH_ERROR:
		if (connection->refused)
			return connection_refused(connection, ERROR_LOGIN,
				"the login", connection->refusal,
				connection->refusal_length, err);
		return error_set(err, ERROR_LOGIN,
			"%s:%u offers no login as auth asks for: %s. Its own "
			"are USER and PASS, and SASL %s; try auth = auto",
			account->server, account->port, shown,
			connection->capabilities.sasl
				? connection->capabilities.mechanisms
				: "none");
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_WRITE_ERROR:
		if (connection->refused)
			return connection_refused(connection, ERROR_UNAVAILABLE,
				"to talk to us", connection->refusal,
				connection->refusal_length, err);
		if (connection->greeted && account->tls == TLS_STARTTLS)
			return error_set(err, ERROR_PROTOCOL,
				"%s:%u sent octets where TLS was due after "
				"STLS, as when someone tampers with the "
				"connection: no password was sent",
				account->server, account->port);
		return error_set(err, ERROR_PROTOCOL,
			"%s:%u is no POP3 server, or not with tls as it is "
			"set: check server, port and tls",
			account->server, account->port);
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_GOT_NOTHING:
		return error_set(err, ERROR_TEMPORARY,
			"the connection to %s:%u was lost before the login: %s",
			account->server, account->port, shown);
	case CURLE_NOT_BUILT_IN:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_UNKNOWN_OPTION:
		return error_set(err, ERROR_SOFTWARE,
			"this libcurl cannot do what account %s asks for: %s",
			account->name, shown);
	default:
		return tls_failed(connection, code, err);
	}
}

/* ---- what passes ----------------------------------------------------------
 */

static bool lost(
	const struct connection *connection, const char *why, struct error *err)
{
	return error_set(err, ERROR_TEMPORARY,
		"the connection to %s:%u was lost: %s",
		connection->account->server, connection->account->port, why);
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

/* ---- from nothing to a connection
 * -------------------------------------------- */

static bool make_connection(struct connection *connection, const char *password,
	const struct login_mask *mask, struct error *err)
{
	const struct account *account = connection->account;
	CURLcode code = set_options(connection, password);

	if (code == CURLE_OK)
		code = curl_easy_perform(connection->curl);
	/* Maybe the directory lacks some of what the file has. */
	if (code == CURLE_PEER_FAILED_VERIFICATION && account->tls_ca == NULL) {
		connection->bundled = true;
		connection->greeted = connection->refused = false;
		code = set_options(connection, password);
		if (code == CURLE_OK)
			code = curl_easy_perform(connection->curl);
	}
	if (code != CURLE_OK) {
		login_redact(
			mask, connection->refusal, connection->refusal_length);
		return connect_failed(connection, code, err);
	}
	if (account->tls != TLS_OFF && !connection->tls)
		return error_set(err, ERROR_UNAVAILABLE,
			"libcurl connected to %s:%u without TLS: no password "
			"was sent",
			account->server, account->port);
	if (curl_easy_getinfo(connection->curl, CURLINFO_ACTIVESOCKET,
		    &connection->socket) != CURLE_OK ||
		connection->socket == CURL_SOCKET_BAD)
		return lost(connection, "it has no socket", err);
	/* RFC 2595 section 4: what was announced before TLS is void. */
	if (account->tls != TLS_OFF && !connection->secured)
		memset(&connection->capabilities, 0,
			sizeof connection->capabilities);
	log_line(LOG_WIRE, "connected to %s:%u%s; the login is not shown",
		account->server, account->port,
		account->tls == TLS_OFF ? " in clear" : " with TLS");
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
		error_set(err, ERROR_SOFTWARE, "libcurl gives no handle");
	else if (make_connection(connection, password, mask, err))
		return connection;
	connection_close(connection);
	return NULL;
}

void connection_close(struct connection *connection)
{
	if (connection == NULL)
		return;
	/* libcurl sends no QUIT on a CONNECT_ONLY connection. */
	curl_easy_cleanup(connection->curl);
	explicit_bzero(connection, sizeof *connection);
	free(connection);
}

const struct pop3_capabilities *connection_capabilities(
	const struct connection *connection)
{
	return &connection->capabilities;
}

bool connection_logs_in(const struct account *account)
{
	return libcurl_login(account->auth) != NULL;
}
