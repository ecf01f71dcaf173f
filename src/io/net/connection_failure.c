/* SPDX-License-Identifier: ISC */
/* Errors that explain why a connection or login failed, and what to do. */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/member.h"
#include "core/text.h"
#include "io/net/connection_internal.h"
#include "io/process/digest.h"

/* Microsoft says the same of all of these. */
#define TOKEN_ADVICE                                                           \
	": check oauth-scope, that user is the address of the mailbox, that "  \
	"the provider allows POP3 for it, and that the login was made as its " \
	"owner"

/* Do the server's words contain this one, in any case? */
static bool mentions(const char *words, size_t length, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= length; i++) {
		if (strncasecmp(words + i, word, n) == 0)
			return true;
	}
	return false;
}

/* Do they say that the server does not know a command or a mechanism? */
static bool is_unknown(const char *words, size_t length)
{
	return !mentions(words, length, "user") &&
		(mentions(words, length, "unknown") ||
			mentions(words, length, "unrecognized") ||
			mentions(words, length, "unsupported") ||
			mentions(words, length, "not supported") ||
			mentions(words, length, "not implemented"));
}

/* What a user calls the server's protocol, and where the rc file names it. */
static const struct {
	const char *protocol;
	const char *tls; /* the settings for how it is secured */
	const char *address;
	const char *reach;
} names[] = {
	[PROTOCOL_POP3] = {"POP3",
		"port and tls: port 995 is for tls = implicit, 110 for starttls",
		"server, port and tls", "server and port"},
	[PROTOCOL_LMTP] = {"LMTP", "lmtp: lmtps:// is for TLS from the start",
		"lmtp", "lmtp"},
	[PROTOCOL_IMAP] = {"IMAP",
		"imap: port 993 is for imaps://, 143 for imap://", "imap",
		"imap"},
};

bool connection_refused(const struct connection *connection,
	const struct connection_refusal *refusal, struct error *err)
{
	const char *words = refusal->words;
	size_t length = refusal->length;
	enum pop3_code code = pop3_response_code(words, length);
	enum error_kind kind = connection->refusal.for_now
		? ERROR_TEMPORARY
		: pop3_code_kind(code, refusal->otherwise);
	bool imap = connection->to.protocol == PROTOCOL_IMAP;
	const char *next = "";

	if (code == POP3_CODE_IN_USE)
		next = ": the mailbox is in use by another session, try again "
		       "later";
	else if (code == POP3_CODE_LOGIN_DELAY)
		next = ": it wants more time between logins, try again later";
	else if (kind == ERROR_TEMPORARY)
		next = ": it has a temporary problem, try again later";
	else if (code == POP3_CODE_SYS_PERM)
		next = ": it has a problem that its operator must fix";
	else if (kind == ERROR_LOGIN && connection->to.oauth)
		next = TOKEN_ADVICE;
	else if (kind == ERROR_LOGIN && !imap &&
		mentions(words, length, "basic auth"))
		next = ": it takes no passwords, see oauth in keepmailrc(5), and then run keepmail login";
	else if (kind == ERROR_LOGIN && connection->to.tls->mode == TLS_OFF &&
		mentions(words, length, "plaintext"))
		next = imap
			? ": it accepts no password in clear text, use imaps://"
			: ": it accepts no password in clear text, set tls = starttls or implicit";
	else if (kind == ERROR_LOGIN && !imap && is_unknown(words, length))
		next = ": it does not know this kind of login, set auth = user";
	else if (kind == ERROR_LOGIN)
		next = imap
			? ": check the user name and password, and whether the provider requires IMAP to be enabled or an app password"
			: ": check the user name and password, and whether the provider requires POP3 to be enabled or an app password";
	return error_set_server(err, kind, words, length, "%s:%u refused %s%s",
		connection->to.server->host, connection->to.server->port,
		refusal->what, next);
}

/* What a user must know about a certificate to judge it. */
struct certificate {
	char subject[160];
	char issuer[160];
	char from[40];
	char until[40];
	char pin[DIGEST_PIN_LENGTH + 1]; /* "" if unknown */
};

/* Evaluates a line "NAME:VALUE" of libcurl's data about a certificate. */
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
 * Reads the server's certificate. libcurl returns only those that it accepted,
 * so this connects again, accepts any, sends nothing, and closes: there is no
 * login and no password.
 */
static bool look_at_certificate(const struct connection *failed,
	const struct account_remote *to, struct certificate *certificate)
{
	struct connection look = {
		.to = *to,
		.stop = failed->stop,
		.curl = curl_easy_init(),
		.looking = true,
	};
	struct curl_certinfo *info = NULL;

	memset(certificate, 0, sizeof *certificate);
	if (look.curl == NULL)
		return false;
	bool ok = connection_set_options(&look, NULL) == CURLE_OK;

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
	if (look_at_certificate(connection, &connection->to, &seen))
		snprintf(room, size,
			" It shows a certificate for %s, issued by %s, valid "
			"from %s to %s%s%s%s%s.",
			seen.subject, seen.issuer, seen.from, seen.until,
			seen.pin[0] == '\0' ? "" : ", ",
			seen.pin[0] == '\0' ? "" : connection->to.prefix,
			seen.pin[0] == '\0' ? "" : "tls-pin = ", seen.pin);
	return room;
}

/* What to do about a certificate that OpenSSL's verification refused. */
static void advise(const struct connection *connection, char *room, size_t size)
{
	bool imap = connection->to.protocol == PROTOCOL_IMAP;
	long result = 0;

	curl_easy_getinfo(connection->curl, CURLINFO_SSL_VERIFYRESULT, &result);
	switch (result) {
	case 0: /* valid, but for another name; libcurl may return 1 */
	case 1:
		snprintf(room, size,
			"Check that %s is the name that the provider gives",
			imap ? "the host in imap" : "server");
		return;
	case 9:	 /* X509_V_ERR_CERT_NOT_YET_VALID */
	case 10: /* X509_V_ERR_CERT_HAS_EXPIRED */
		snprintf(room, size,
			"Check this machine's clock, and ask the server's operator to renew it");
		return;
	default:
		snprintf(room, size,
			"If it is your own server, and what it shows is its own, name a file with its certificate in %stls-ca; if not, someone may be in between",
			connection->to.prefix);
	}
}

static bool certificate_failed(const struct connection *connection,
	CURLcode code, const char *shown, struct error *err)
{
	const struct account_remote *to = &connection->to;
	char seen[640];
	char advice[200];

	describe_certificate(connection, seen, sizeof seen);
	if (code == CURLE_SSL_PINNEDPUBKEYNOTMATCH)
		return error_set(err, ERROR_UNAVAILABLE,
			"the public key of %s:%u is not the one of %stls-pin, and no password was sent.%s Ask the server's operator whether the key was changed, then correct %stls-pin",
			to->server->host, to->server->port, to->prefix, seen,
			to->prefix);
	advise(connection, advice, sizeof advice);
	return error_set(err, ERROR_UNAVAILABLE,
		"the certificate of %s:%u is not trusted, and no password was sent: %s.%s %s",
		to->server->host, to->server->port, shown, seen, advice);
}

/* Is it about versions of TLS, none of which both sides accept? */
static bool is_about_version(const char *says)
{
	return strstr(says, "protocol version") != NULL ||
		strstr(says, "unsupported protocol") != NULL ||
		strstr(says, "no protocols available") != NULL;
}

/* says: libcurl's words; shown: the same, made printable. */
static bool tls_failed(const struct connection *connection, CURLcode code,
	const char *says, const char *shown, struct error *err)
{
	const struct account_remote *to = &connection->to;
	bool imap = to->protocol == PROTOCOL_IMAP;

	switch ((int)code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		return certificate_failed(connection, code, shown, err);
	case CURLE_USE_SSL_FAILED:
		return error_set(err, ERROR_UNAVAILABLE,
			"%s:%u does not support %s, and no password was sent: most servers have TLS on port %s)",
			to->server->host, to->server->port,
			imap ? "STARTTLS, which imap:// requires"
			     : "STLS, which tls = starttls requires",
			imap ? "993 (imaps://" : "995 (tls = implicit");
	case CURLE_SSL_CACERT_BADFILE:
		return error_set(err, ERROR_UNAVAILABLE,
			"cannot use the certificates of %s: %s. Check %stls-ca, or install the system's (ca-certificates)",
			to->tls->ca == NULL ? "the system" : to->tls->ca, shown,
			to->prefix);
	case CURLE_SSL_CERTPROBLEM:
		return error_set(err, ERROR_UNAVAILABLE,
			"cannot use tls-cert and tls-key: %s", shown);
	default:
		if (is_about_version(says))
			return error_set(err, ERROR_UNAVAILABLE,
				"%s:%u does not support TLS %s or newer, which %s requires, and no password was sent: %s. Ask the server's operator to update it",
				to->server->host, to->server->port,
				to->tls->min == TLS_MIN_1_3 ? "1.3" : "1.2",
				imap ? "keepmail" : "tls-min", shown);
		return error_set(err, ERROR_UNAVAILABLE,
			"cannot set up TLS with %s:%u: %s. Check %s",
			to->server->host, to->server->port, shown,
			names[to->protocol].tls);
	}
}

/* libcurl's description of this failure, or else of the code. */
static const char *words_of(const struct connection *connection, CURLcode code)
{
	return connection->curl_says[0] != '\0' ? connection->curl_says
						: curl_easy_strerror(code);
}

/*
 * Google and others send a challenge in JSON before they refuse a token, which
 * libcurl does not report:
 * {"status":"400","schemes":"Bearer","scope":"https://mail..."}.
 */
static bool token_refused(struct connection *connection, struct error *err)
{
	const struct account_remote *to = &connection->to;
	bool bearer = to->login->auth == AUTH_XOAUTH2 ||
		to->login->auth == AUTH_OAUTHBEARER;
	char text[sizeof connection->challenge];
	char status[16] = "";
	size_t n = 0;

	if (!bearer || connection->challenge_length == 0 ||
		!login_decode_base64(connection->challenge,
			connection->challenge_length, text, sizeof text, &n))
		return false;
	member_find_word(text, n, "status", status, sizeof status);
	/* Only the status, since the server may echo the token. */
	if (to->oauth)
		return !error_set(err, ERROR_LOGIN,
			"%s:%u refused the token (status %s)" TOKEN_ADVICE,
			to->server->host, to->server->port,
			status[0] == '\0' ? "unknown" : status);
	error_set(err, ERROR_LOGIN,
		"%s:%u refused the token (status %s): it may have expired, or "
		"be for another service. Get a new one, and see that "
		"%spassword-command prints nothing else",
		to->server->host, to->server->port,
		status[0] == '\0' ? "unknown" : status, to->prefix);
	return true;
}

/* The server answered -ERR to libcurl. */
static bool refused(const struct connection *connection, const char *what,
	enum error_kind otherwise, struct error *err)
{
	const struct connection_refusal refusal = {
		.what = what,
		.otherwise = otherwise,
		.words = connection->refusal.words,
		.length = connection->refusal.length,
	};

	return connection_refused(connection, &refusal, err);
}

/* The login by libcurl failed. */
static bool login_failed(
	struct connection *connection, const char *shown, struct error *err)
{
	const struct pop3_capabilities *has = &connection->capabilities;

	if (token_refused(connection, err))
		return false;
	if (connection->refusal.came)
		return refused(connection, "the login", ERROR_LOGIN, err);
	if (connection->to.protocol == PROTOCOL_IMAP)
		return error_set(err, ERROR_LOGIN,
			"%s:%u does not support the login that imap-auth requires: %s. Try imap-auth = auto",
			connection->to.server->host,
			connection->to.server->port, shown);
	return error_set(err, ERROR_LOGIN,
		"%s:%u does not support the login that auth requires: %s. It supports USER and PASS, and SASL %s; try auth = auto",
		connection->to.server->host, connection->to.server->port, shown,
		has->sasl ? has->mechanisms : "none");
}

/* What the server sent is not a greeting of POP3. */
static bool greeting_failed(struct connection *connection, struct error *err)
{
	const struct account_remote *to = &connection->to;

	if (connection->refusal.came)
		return refused(connection, "the connection",
			to->protocol == PROTOCOL_IMAP ? ERROR_TEMPORARY
						      : ERROR_UNAVAILABLE,
			err);
	if (connection->greeted && to->tls->mode == TLS_STARTTLS &&
		to->protocol == PROTOCOL_POP3)
		return error_set(err, ERROR_PROTOCOL,
			"%s:%u sent data before TLS was set up after STLS, as when someone tampers with the connection: no password was sent",
			to->server->host, to->server->port);
	return error_set(err, ERROR_PROTOCOL,
		"%s:%u is not a%s %s server, or not with this tls setting: check %s",
		to->server->host, to->server->port,
		to->protocol == PROTOCOL_IMAP ? "n" : "",
		names[to->protocol].protocol, names[to->protocol].address);
}

/* The server does not exist, or cannot be reached. */
static bool reach_failed(struct connection *connection, CURLcode code,
	const char *shown, struct error *err)
{
	const struct account_remote *to = &connection->to;
	const char *by =
		to->server->proxy == NULL ? "" : " (through the proxy)";
	long number = 0;

	switch ((int)code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return error_set(err, ERROR_HOST,
			"no host named %s was found%s: check its name in %s and your network connection",
			to->server->host,
			to->server->proxy == NULL ? "" : ", or as in proxy",
			to->file);
	case CURLE_COULDNT_RESOLVE_PROXY:
		return error_set(err, ERROR_HOST,
			"the host of the proxy was not found: check its name in %s and your network connection",
			to->file);
	case CURLE_OPERATION_TIMEDOUT:
		return error_set(err, ERROR_TEMPORARY,
			"%s:%u did not answer in time (timeout = %lld): %s",
			to->server->host, to->server->port,
			(long long)to->session->timeout, shown);
	default:
		curl_easy_getinfo(connection->curl, CURLINFO_OS_ERRNO, &number);
		return error_set(err, ERROR_TEMPORARY,
			"cannot connect to %s:%u%s: %s. Check %s, and your network connection",
			to->server->host, to->server->port, by,
			number != 0 ? strerror((int)number) : shown,
			names[to->protocol].reach);
	}
}

/* RFC 8446 section 6.2; TLS 1.2 has no specific alert for this. */
static bool wants_certificate(const char *says)
{
	return strstr(says, "certificate required") != NULL ||
		strstr(says, "alert bad certificate") != NULL;
}

bool connection_failed(
	struct connection *connection, CURLcode code, struct error *err)
{
	const struct account_remote *to = &connection->to;
	const char *says = words_of(connection, code);
	char shown[TEXT_SHOWN_MAX * 2];

	text_printable(shown, sizeof shown, says, strlen(says));
	if (to->protocol == PROTOCOL_POP3 && to->tls->mode != TLS_OFF &&
		wants_certificate(says))
		return error_set(err, ERROR_UNAVAILABLE,
			"%s:%u requires a client certificate, and no password was sent: %s. Name %s with tls-cert and tls-key",
			to->server->host, to->server->port, shown,
			to->tls->cert == NULL ? "it" : "the right one");
	switch ((int)code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_PROXY:
	case CURLE_OPERATION_TIMEDOUT:
		return reach_failed(connection, code, shown, err);
	case CURLE_ABORTED_BY_CALLBACK:
		return error_set(err, ERROR_TEMPORARY,
			"stopped by a signal before the login");
	case CURLE_LOGIN_DENIED:
	case CURLE_AUTH_ERROR:
		return login_failed(connection, shown, err);
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_WRITE_ERROR:
		return greeting_failed(connection, err);
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_GOT_NOTHING:
		if (to->protocol == PROTOCOL_IMAP && connection->refusal.came)
			return refused(connection, "the connection",
				ERROR_TEMPORARY, err);
		return error_set(err, ERROR_TEMPORARY,
			"the connection to %s:%u was lost before the login: %s",
			to->server->host, to->server->port, shown);
	case CURLE_NOT_BUILT_IN:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_UNKNOWN_OPTION:
		return error_set(err, ERROR_SOFTWARE,
			"this libcurl cannot do what account %s asks for: %s",
			to->name, shown);
	default:
		return tls_failed(connection, code, says, shown, err);
	}
}
