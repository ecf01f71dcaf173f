/* SPDX-License-Identifier: ISC */
#include "io/session.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/login.h"
#include "core/text.h"
#include "core/xalloc.h"
#include "io/log.h"

#define INPUT_SIZE (128 * 1024)

struct session {
	const struct account *account;	   /* borrowed */
	const volatile sig_atomic_t *stop; /* borrowed */
	CURL *curl;
	curl_socket_t socket;
	char curl_says[CURL_ERROR_SIZE];
	struct pipeline pipeline;
	struct pop3_capabilities capabilities;
	/* What libcurl hears while it connects. */
	struct pop3_capabilities pending;
	bool pending_open;     /* a multi-line answer may be under way */
	unsigned capa_answers; /* whole lists heard */
	bool greeted;
	bool tls;	   /* when the last line was heard */
	bool timestamp;	   /* the greeting offers APOP */
	char refusal[512]; /* the last -ERR */
	size_t refusal_length;
	bool quiet; /* the login: nothing of it is shown */
	bool closed_by_server;
	size_t in_start;
	size_t in_end;
	char in[INPUT_SIZE];
};

bool session_global_init(struct error *err)
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

void session_global_release(void)
{
	curl_global_cleanup();
}

static void set_refusal(
	struct session *session, const char *words, size_t length)
{
	if (length > sizeof session->refusal)
		length = sizeof session->refusal;
	memcpy(session->refusal, words, length);
	session->refusal_length = length;
}

/* One line that the server said while libcurl was connecting. */
static void hear(struct session *session, const char *line, size_t length)
{
	while (length > 0 && strchr("\r\n", line[length - 1]) != NULL)
		length--;
	if (!session->greeted) {
		session->greeted = true;
		session->timestamp = pop3_greeting_has_timestamp(line, length);
	}
	if (length >= 4 && memcmp(line, "-ERR", 4) == 0) {
		size_t skip = length > 4 ? 5 : 4;

		set_refusal(session, line + skip, length - skip);
	} else if (length >= 3 && memcmp(line, "+OK", 3) == 0) {
		memset(&session->pending, 0, sizeof session->pending);
		session->pending_open = true;
	} else if (length == 1 && line[0] == '.') {
		session->capabilities = session->pending;
		session->capabilities.known = true;
		session->capa_answers++;
		session->pending_open = false;
	} else if (session->pending_open) {
		pop3_capability(&session->pending, line, length);
	}
}

/*
 * Is the connection under TLS, whatever was asked of libcurl? It can tell only
 * while it is at work.
 */
static bool has_tls(struct session *session)
{
	struct curl_tlssessioninfo *info = NULL;

	return curl_easy_getinfo(session->curl, CURLINFO_TLS_SSL_PTR, &info) ==
		CURLE_OK &&
		info != NULL && info->internals != NULL;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *data)
{
	struct session *session = data;

	/* libcurl would wait for a line that looks like POP3. */
	if (!session->greeted && bytes[0] != '+' && bytes[0] != '-')
		return 0;
	session->tls = has_tls(session);
	hear(session, bytes, size * count);
	return size * count;
}

/* Called by libcurl at least once a second: ends a connect when asked to. */
static int on_progress(void *data, curl_off_t total_down, curl_off_t down,
	curl_off_t total_up, curl_off_t up)
{
	const struct session *session = data;

	(void)total_down;
	(void)down;
	(void)total_up;
	(void)up;
	return *session->stop != 0;
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

static CURLcode set_tls(CURL *curl, const struct account *account)
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
	if (code == CURLE_OK && account->tls_ca != NULL)
		code = curl_easy_setopt(curl,
			stat(account->tls_ca, &st) == 0 && S_ISDIR(st.st_mode)
				? CURLOPT_CAPATH
				: CURLOPT_CAINFO,
			account->tls_ca);
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

	if (options == NULL)
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
 * One handle for one session, never reused and never shared: several of
 * libcurl's advisories were about connections taken up again with other
 * settings.
 */
static CURLcode set_options(struct session *session, const char *password)
{
	const struct account *account = session->account;
	CURL *curl = session->curl;
	const char *scheme = account->tls == TLS_IMPLICIT ? "pop3s" : "pop3";
	bool bare = strchr(account->server, ':') != NULL &&
		account->server[0] != '[';
	char *url = xasprintf("%s://%s%s%s:%u/", scheme, bare ? "[" : "",
		account->server, bare ? "]" : "", account->port);
	long wait = (long)account->timeout;
	CURLcode code = curl_easy_setopt(curl, CURLOPT_URL, url);

	free(url);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, session->curl_says);
	curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, wait);
	curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, wait);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 2 * wait);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, session);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, session);
	if (code == CURLE_OK)
		code = curl_easy_setopt(
			curl, CURLOPT_PROTOCOLS_STR, "pop3,pop3s");
	/* "": no proxy from the environment either. */
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_PROXY,
			account->proxy == NULL ? "" : account->proxy);
	curl_easy_setopt(curl, CURLOPT_HTTPPROXYTUNNEL, 1L);
	if (code == CURLE_OK)
		code = set_tls(curl, account);
	if (code == CURLE_OK)
		code = set_login(curl, account, password);
	return code;
}

/* -ERR where a greeting, a login or a command was due. */
static bool refused(struct session *session, enum error_kind otherwise,
	const char *what, struct error *err)
{
	enum pop3_code code =
		pop3_response_code(session->refusal, session->refusal_length);
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
	return error_set_server(err, kind, session->refusal,
		session->refusal_length, "%s:%u refused %s%s",
		session->account->server, session->account->port, what, next);
}

/* What to do about a certificate that OpenSSL's verification refused. */
static const char *certificate_advice(struct session *session)
{
	long result = 0;

	curl_easy_getinfo(session->curl, CURLINFO_SSL_VERIFYRESULT, &result);
	switch (result) {
	case 0: /* it is valid, for another name; libcurl may leave it at 1 */
	case 1:
		return "Check that server is the name that the provider gives";
	case 9:	 /* X509_V_ERR_CERT_NOT_YET_VALID */
	case 10: /* X509_V_ERR_CERT_HAS_EXPIRED */
		return "Check this machine's clock, and tell the server's "
		       "owner to renew it";
	default:
		return "If it is your own server, name its certificate with "
		       "tls-ca; if not, someone may be in between";
	}
}

static bool tls_failed(
	struct session *session, CURLcode code, struct error *err)
{
	const struct account *account = session->account;
	const char *says = session->curl_says[0] != '\0'
		? session->curl_says
		: curl_easy_strerror(code);
	char shown[TEXT_SHOWN_MAX * 2];

	text_printable(shown, sizeof shown, says, strlen(says));
	switch ((int)code) {
	case CURLE_PEER_FAILED_VERIFICATION:
		return error_set(err, ERROR_UNAVAILABLE,
			"the certificate of %s:%u is not to be trusted, and "
			"no password was sent: %s. %s",
			account->server, account->port, shown,
			certificate_advice(session));
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		return error_set(err, ERROR_UNAVAILABLE,
			"the public key of %s:%u is not the one of tls-pin, "
			"and no password was sent: ask the server's owner "
			"whether the key was changed, then correct tls-pin",
			account->server, account->port);
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
		return error_set(err, ERROR_UNAVAILABLE,
			"no TLS with %s:%u: %s. Check port and tls: port 995 "
			"is for tls = implicit, 110 for starttls",
			account->server, account->port, shown);
	}
}

static bool connect_failed(
	struct session *session, CURLcode code, struct error *err)
{
	const struct account *account = session->account;
	const char *says = session->curl_says[0] != '\0'
		? session->curl_says
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
		curl_easy_getinfo(session->curl, CURLINFO_OS_ERRNO, &number);
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
		if (session->refusal_length > 0)
			return refused(session, ERROR_LOGIN, "the login", err);
		return error_set(err, ERROR_LOGIN,
			"%s:%u offers no login as auth asks for: %s. Its own "
			"are USER and PASS, and SASL %s; try auth = auto",
			account->server, account->port, shown,
			session->capabilities.sasl
				? session->capabilities.mechanisms
				: "none");
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_WRITE_ERROR:
		if (session->refusal_length > 0)
			return refused(session, ERROR_UNAVAILABLE,
				"to talk to us", err);
		if (session->greeted && account->tls == TLS_STARTTLS)
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
		return tls_failed(session, code, err);
	}
}

static bool lost(struct session *session, const char *why, struct error *err)
{
	return error_set(err, ERROR_TEMPORARY,
		"the connection to %s:%u was lost: %s",
		session->account->server, session->account->port, why);
}

/* Sends what is waiting as far as the connection takes it without blocking. */
static bool send_waiting(struct session *session, struct error *err)
{
	struct buffer *out = &session->pipeline.out;

	while (buffer_length(out) > 0) {
		size_t sent = 0;
		CURLcode code = curl_easy_send(session->curl, buffer_bytes(out),
			buffer_length(out), &sent);

		if (code == CURLE_AGAIN)
			return true;
		if (code != CURLE_OK)
			return lost(session, curl_easy_strerror(code), err);
		buffer_consume(out, sent);
	}
	return true;
}

/*
 * Fills the input if anything is there; *some says so. A connection that the
 * server closed is only noted: what it sent before is read first.
 */
static bool receive(struct session *session, bool *some, struct error *err)
{
	size_t n = 0;
	CURLcode code =
		curl_easy_recv(session->curl, session->in, INPUT_SIZE, &n);

	*some = false;
	if (code == CURLE_AGAIN)
		return true;
	if (code != CURLE_OK)
		return lost(session, curl_easy_strerror(code), err);
	if (n == 0) {
		session->closed_by_server = true;
		return true;
	}
	session->in_start = 0;
	session->in_end = n;
	*some = true;
	return true;
}

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until the connection can be read, or written if there is need. */
static bool wait_ready(struct session *session, struct error *err)
{
	const struct account *account = session->account;
	bool more = buffer_length(&session->pipeline.out) > 0;
	int64_t end = milliseconds() + account->timeout * 1000;

	for (;;) {
		struct pollfd wait = {
			.fd = session->socket,
			.events = (short)(POLLIN | (more ? POLLOUT : 0)),
		};
		int64_t left = end - milliseconds();

		if (*session->stop)
			return error_set(err, ERROR_TEMPORARY,
				"ended by a signal: what was kept is recorded, "
				"the rest is fetched next time");
		if (left <= 0)
			return error_set(err, ERROR_TEMPORARY,
				"%s:%u sent nothing for %lld seconds "
				"(timeout): try again later",
				account->server, account->port,
				(long long)account->timeout);
		/* At most a second, in case a signal came just before it. */
		int ready = poll(&wait, 1, left < 1000 ? (int)left : 1000);

		if (ready > 0)
			return true;
		if (ready < 0 && errno != EINTR)
			return lost(session, strerror(errno), err);
	}
}

static void trace(struct session *session, const struct pop3_event *answer)
{
	if (session->quiet || !log_shows(LOG_WIRE))
		return;
	switch (answer->type) {
	case POP3_STATUS:
		log_wire_status(answer->status == POP3_OK ? "+OK" : "-ERR",
			answer->text, answer->length);
		break;
	case POP3_LINE:
		log_wire('<', answer->text, answer->length);
		break;
	case POP3_TEXT:
		log_line(LOG_WIRE, "< (%zu octets of the message)",
			answer->length);
		break;
	case POP3_END:
		log_wire('<', ".", 1);
		break;
	case POP3_MORE:
	case POP3_BROKEN:
		break;
	}
}

bool session_next(struct session *session, struct pipeline_event *event,
	struct error *err)
{
	const struct account *account = session->account;
	bool some;

	for (;;) {
		if (*session->stop)
			return wait_ready(session, err);
		size_t length = session->in_end - session->in_start;

		session->in_start += pipeline_feed(&session->pipeline,
			session->in + session->in_start, length, event);
		trace(session, &event->answer);
		if (event->answer.type == POP3_BROKEN)
			return error_set(err, ERROR_PROTOCOL,
				"%s:%u does not speak POP3 as it should, the "
				"session was ended and nothing was erased: %s",
				account->server, account->port,
				session->quiet ? "it is not shown, since it "
						 "may hold the password"
					       : event->answer.text);
		if (event->answer.type != POP3_MORE)
			return true;
		if (session->closed_by_server)
			return lost(session, "the server closed it", err);
		if (!send_waiting(session, err) ||
			!receive(session, &some, err))
			return false;
		if (!some && !session->closed_by_server &&
			!wait_ready(session, err))
			return false;
	}
}

size_t session_room(const struct session *session)
{
	return pipeline_room(&session->pipeline);
}

bool session_pipelines(const struct session *session)
{
	return session->pipeline.window > 1;
}

void session_forgo_pipelining(struct session *session)
{
	session->pipeline.window = 1;
}

bool session_in_step(struct session *session, struct error *err)
{
	bool some = session->in_start < session->in_end;

	if (!some && !session->closed_by_server &&
		!receive(session, &some, err))
		return false;
	if (some)
		return error_set_server(err, ERROR_PROTOCOL,
			session->in + session->in_start,
			session->quiet ? 0
				       : session->in_end - session->in_start,
			"%s:%u spoke without being asked: the session was "
			"ended and nothing was erased",
			session->account->server, session->account->port);
	return true;
}

bool session_push(struct session *session, enum pop3_answer answer,
	uint32_t tag, const char *command, struct error *err)
{
	/* An answer ahead of its question would be taken for the answer. */
	if (session->pipeline.count == 0 && !session_in_step(session, err))
		return false;
	if (!pipeline_push(&session->pipeline, answer, tag, command))
		return error_set(err, ERROR_SOFTWARE,
			"a command is too long to be sent to %s",
			session->account->server);
	if (!session->quiet)
		log_wire('>', command, strlen(command));
	return true;
}

bool session_command(struct session *session, const char *command,
	struct pipeline_event *event, struct error *err)
{
	return session_push(session, POP3_SINGLE, 0, command, err) &&
		session_next(session, event, err);
}

/* SASL PLAIN, its response with the command where that is allowed and short. */
static bool login_plain(struct session *session, const char *password,
	struct pipeline_event *event, struct error *err)
{
	char encoded[LOGIN_ENCODED_MAX];
	char line[256];
	bool ok = false;

	if (!login_encode_plain(session->account->user, password, encoded))
		return error_set(err, ERROR_CONFIG,
			"user or password is longer than %d octets",
			LOGIN_SECRET_MAX);
	/* RFC 5034 section 4: only where SASL is announced, and in a line of at
	 * most 255 octets, CRLF included. */
	int n = snprintf(line, sizeof line, "AUTH PLAIN %s", encoded);

	if (session->capabilities.sasl_plain && n + 2 <= 255) {
		ok = session_command(session, line, event, err);
	} else if (session_command(session, "AUTH PLAIN", event, err)) {
		ok = event->answer.status != POP3_CONTINUE ||
			session_command(session, encoded, event, err);
	}
	explicit_bzero(encoded, sizeof encoded);
	explicit_bzero(line, sizeof line);
	return ok;
}

/* USER and PASS (RFC 1939 section 7). */
static bool login_user(struct session *session, const char *password,
	struct pipeline_event *event, struct error *err)
{
	char line[PIPELINE_COMMAND_MAX];
	bool ok;

	if (strlen(session->account->user) > sizeof line - 8 ||
		strlen(password) > sizeof line - 8)
		return error_set(err, ERROR_CONFIG,
			"user or password is too long for USER and PASS");
	if ((!login_is_ascii(session->account->user) ||
		    !login_is_ascii(password)) &&
		!session->capabilities.utf8_user)
		return error_set(err, ERROR_LOGIN,
			"user or password is not ASCII, which %s takes by "
			"SASL only: set auth = plain",
			session->account->server);
	snprintf(line, sizeof line, "USER %s", session->account->user);
	ok = session_command(session, line, event, err);
	if (ok && event->answer.status == POP3_OK) {
		snprintf(line, sizeof line, "PASS %s", password);
		ok = session_command(session, line, event, err);
	}
	explicit_bzero(line, sizeof line);
	return ok;
}

/*
 * The login is ours, not libcurl's, unless the account names a mechanism that
 * only libcurl has: a greeting with a timestamp makes libcurl insist on APOP,
 * and it knows no UTF8 command, which must come before the login.
 */
static bool login(
	struct session *session, const char *password, struct error *err)
{
	const struct account *account = session->account;
	const struct pop3_capabilities *capabilities = &session->capabilities;
	struct pipeline_event event;
	bool plain = account->auth == AUTH_PLAIN ||
		(account->auth == AUTH_AUTO && capabilities->sasl_plain);

	/* RFC 6856 section 2.1; refused, it changes nothing. */
	if (capabilities->utf8 &&
		!session_command(session, "UTF8", &event, err))
		return false;
	if (account->auth == AUTH_AUTO && !plain && capabilities->sasl &&
		!capabilities->user)
		log_line(LOG_MESSAGES,
			"the server announces only SASL %s, trying USER",
			capabilities->mechanisms);
	bool sent = plain ? login_plain(session, password, &event, err)
			  : login_user(session, password, &event, err);

	if (!sent)
		return false;
	if (event.answer.status == POP3_OK)
		return true;
	set_refusal(session, event.answer.text, event.answer.length);
	return false;
}

/* CAPA once more, since some servers announce PIPELINING after login only. */
static bool ask_capa(struct session *session, struct error *err)
{
	struct pipeline_event event = {.last = false};
	struct pop3_capabilities found = {.known = true};

	if (!session_push(session, POP3_LISTING, 0, "CAPA", err))
		return false;
	while (!event.last) {
		if (!session_next(session, &event, err))
			return false;
		if (event.answer.type == POP3_LINE)
			pop3_capability(
				&found, event.answer.text, event.answer.length);
	}
	if (event.answer.type == POP3_END)
		session->capabilities = found;
	return true;
}

static bool connect_and_login(
	struct session *session, const char *password, struct error *err)
{
	const struct account *account = session->account;
	CURLcode code = set_options(session, password);

	if (code == CURLE_OK)
		code = curl_easy_perform(session->curl);
	if (code != CURLE_OK) {
		login_redact(session->refusal, session->refusal_length,
			account->user, password);
		return connect_failed(session, code, err);
	}
	if (account->tls != TLS_OFF && !session->tls)
		return error_set(err, ERROR_UNAVAILABLE,
			"libcurl connected to %s:%u without TLS: no password "
			"was sent",
			account->server, account->port);
	if (curl_easy_getinfo(session->curl, CURLINFO_ACTIVESOCKET,
		    &session->socket) != CURLE_OK ||
		session->socket == CURL_SOCKET_BAD)
		return lost(session, "it has no socket", err);
	/* RFC 2595 section 4: what was announced before TLS is void. */
	if (account->tls == TLS_STARTTLS && session->capa_answers < 2)
		memset(&session->capabilities, 0, sizeof session->capabilities);
	session->refusal_length = 0;
	session->quiet = true;
	log_line(LOG_WIRE, "connected to %s:%u%s; the login is not shown",
		account->server, account->port,
		account->tls == TLS_OFF ? " in clear" : " with TLS");
	if (libcurl_login(account->auth) == NULL &&
		!login(session, password, err)) {
		login_redact(session->refusal, session->refusal_length,
			account->user, password);
		return err->kind == ERROR_NONE &&
			refused(session, ERROR_LOGIN, "the login", err);
	}
	session->quiet = false;
	if (session->capabilities.known && !session->capabilities.pipelining &&
		!ask_capa(session, err))
		return false;
	if (session->capabilities.pipelining && account->pipelining)
		session->pipeline.window = PIPELINE_WINDOW;
	return true;
}

struct session *session_open(const struct account *account,
	const char *password, const volatile sig_atomic_t *stop,
	struct error *err)
{
	struct session *session = xcalloc(1, sizeof *session);

	session->account = account;
	session->stop = stop;
	session->socket = CURL_SOCKET_BAD;
	pipeline_init(&session->pipeline, 1);
	session->curl = curl_easy_init();
	if (session->curl == NULL)
		error_set(err, ERROR_SOFTWARE, "libcurl gives no handle");
	else if (connect_and_login(session, password, err))
		return session;
	session_close(session);
	return NULL;
}

void session_close(struct session *session)
{
	if (session == NULL)
		return;
	/* libcurl sends no QUIT on a CONNECT_ONLY connection. */
	curl_easy_cleanup(session->curl);
	pipeline_release(&session->pipeline);
	explicit_bzero(session, sizeof *session);
	free(session);
}

const struct pop3_capabilities *session_capabilities(
	const struct session *session)
{
	return &session->capabilities;
}
