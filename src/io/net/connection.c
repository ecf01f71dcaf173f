/* SPDX-License-Identifier: ISC */
#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/imap.h"
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

const char *connection_library(void)
{
	static char name[64];

	snprintf(name, sizeof name, "libcurl %s",
		curl_version_info(CURLVERSION_NOW)->version);
	return name;
}

bool connection_has_scram(void)
{
	return (curl_version_info(CURLVERSION_NOW)->features &
		       CURL_VERSION_GSASL) != 0;
}

static void set_refusal(
	struct connection *connection, const char *words, size_t length)
{
	if (length > sizeof connection->refusal.words)
		length = sizeof connection->refusal.words;
	memcpy(connection->refusal.words, words, length);
	connection->refusal.length = length;
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

static void read_pop3(
	struct connection *connection, const char *line, size_t length)
{
	if (length >= 4 && memcmp(line, "-ERR", 4) == 0) {
		size_t skip = length > 4 ? 5 : 4;

		connection->refusal.came = true;
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

/* libcurl's tags are unlike ours, so the line is taken for an untagged one. */
static void read_imap(
	struct connection *connection, const char *line, size_t length)
{
	const char *blank = memchr(line, ' ', length);
	char room[1024];
	struct imap_response response;

	if (length > 2 && line[0] == '+' && line[1] == ' ') {
		keep_challenge(connection, line + 2, length - 2);
		return;
	}
	if (blank == NULL)
		return;
	int n = snprintf(room, sizeof room, "*%.*s\n",
		(int)(line + length - blank), blank);

	if (n >= (int)sizeof room || n < 0 ||
		imap_parse_response(room, (size_t)n, &response) !=
			IMAP_COMPLETE ||
		(response.status != IMAP_NO && response.status != IMAP_BAD &&
			response.status != IMAP_BYE))
		return;
	const char *words = memchr(room + 2, ' ', (size_t)n - 2);

	connection->refusal.came = true;
	connection->refusal.for_now =
		imap_refusal(&response) == IMAP_REFUSES_NOW;
	words = words == NULL ? room + n - 1 : words + 1;
	set_refusal(connection, words, (size_t)(room + n - 1 - words));
}

/* Evaluates a line that the server sent while libcurl was connecting. */
static void read_line(
	struct connection *connection, const char *line, size_t length)
{
	while (length > 0 && strchr("\r\n", line[length - 1]) != NULL)
		length--;
	connection->greeted = true;
	switch (connection->to.protocol) {
	case PROTOCOL_POP3:
		read_pop3(connection, line, length);
		break;
	case PROTOCOL_IMAP:
		read_imap(connection, line, length);
		break;
	case PROTOCOL_LMTP:
	case PROTOCOL_HTTPS:
		break;
	}
}

/*
 * Can this be a greeting? One of IMAP that says that the client is logged in
 * already (PREAUTH) does not say as whom.
 */
static bool can_greet(
	const struct connection *connection, const char *line, size_t length)
{
	static const char in[] = "* PREAUTH";

	if (connection->to.protocol == PROTOCOL_IMAP)
		return line[0] == '*' &&
			(length < sizeof in - 1 ||
				strncasecmp(line, in, sizeof in - 1) != 0);
	return line[0] == '+' || line[0] == '-';
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

	/* libcurl would wait for a greeting; this is another protocol. */
	if (!connection->greeted && !can_greet(connection, bytes, size * count))
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

/* How many bytes it has up to the first blank. */
static size_t word_length(const char *text, size_t length)
{
	size_t n = 0;

	while (n < length && text[n] > ' ' && text[n] < 0x7f)
		n++;
	return n;
}

/* Reads the TLS version from debug output: libcurl has no function for it. */
static int on_debug(
	CURL *curl, curl_infotype type, char *text, size_t length, void *data)
{
	static const char says[] = "SSL connection using ";
	struct connection *connection = data;
	(void)curl;
	if (type != CURLINFO_TEXT || length < sizeof says ||
		memcmp(text, says, sizeof says - 1) != 0)
		return 0;
	text += sizeof says - 1;
	length -= sizeof says - 1;
	size_t n = word_length(text, length);

	if (n >= sizeof connection->tls_version)
		n = sizeof connection->tls_version - 1;
	memcpy(connection->tls_version, text, n);
	connection->tls_version[n] = '\0';
	/* "TLSv1.3 / TLS_AES_256_GCM_SHA384", and from libcurl 8.6 on more. */
	text += n;
	length -= n;
	if (length > 3 && memcmp(text, " / ", 3) == 0)
		text_printable(connection->cipher, sizeof connection->cipher,
			text + 3, word_length(text + 3, length - 3));
	return 0;
}

/* With -vv: how it is secured, and what the server announced. */
static void show_connection(
	struct connection *connection, const struct login_mask *mask)
{
	const struct account_remote *to = &connection->to;
	const struct pop3_capabilities *has = &connection->capabilities;
	char words[512];

	if (!log_shows(LOG_WIRE))
		return;
	log_line(LOG_WIRE,
		"connected to %s:%u %s%s%s%s; the login is not shown",
		to->server->host, to->server->port,
		to->tls->mode == TLS_OFF ? "in clear text" : "by ",
		connection_tls(connection),
		connection->cipher[0] == '\0' ? "" : ", ", connection->cipher);
	if (to->protocol != PROTOCOL_POP3)
		return;
	if (!has->known) {
		log_line(LOG_WIRE, "it announces no capabilities");
		return;
	}
	snprintf(words, sizeof words, "%s%s%s%s%s%s%s%s",
		has->pipelining ? " PIPELINING" : "", has->uidl ? " UIDL" : "",
		has->top ? " TOP" : "", has->user ? " USER" : "",
		has->stls ? " STLS" : "", has->utf8 ? " UTF8" : "",
		has->sasl ? " SASL " : "", has->sasl ? has->mechanisms : "");
	/* A server may echo what it was sent. */
	login_redact(mask, words, strlen(words));
	log_line(LOG_WIRE, "it announces%s",
		words[0] == '\0' ? " nothing that keepmail uses" : words);
}

void connection_listen(struct connection *connection)
{
	CURL *curl = connection->curl;

	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, connection);
	curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, on_debug);
	curl_easy_setopt(curl, CURLOPT_DEBUGDATA, connection);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, connection);
}

static bool lost(
	const struct connection *connection, const char *why, struct error *err)
{
	return error_set(err, ERROR_TEMPORARY,
		"the connection to %s:%u was lost: %s",
		connection->to.server->host, connection->to.server->port, why);
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

/*
 * Without a greeting that libcurl would read: did the connection get TLS? Only
 * then has the handshake taken time.
 */
static bool shook_hands(const struct connection *connection)
{
	curl_off_t microseconds = 0;

	return curl_easy_getinfo(connection->curl, CURLINFO_APPCONNECT_TIME_T,
		       &microseconds) == CURLE_OK &&
		microseconds > 0;
}

static bool make_connection(struct connection *connection, const char *password,
	const struct login_mask *mask, struct error *err)
{
	const struct account_remote *to = &connection->to;
	CURLcode code = connection_set_options(connection, password);

	if (code == CURLE_OK)
		code = curl_easy_perform(connection->curl);
	/* The directory may lack certificates that are in the file. */
	if (code == CURLE_PEER_FAILED_VERIFICATION && to->tls->ca == NULL) {
		connection->bundled = true;
		connection->greeted = connection->refusal.came = false;
		code = connection_set_options(connection, password);
		if (code == CURLE_OK)
			code = curl_easy_perform(connection->curl);
	}
	if (code != CURLE_OK) {
		login_redact(mask, connection->refusal.words,
			connection->refusal.length);
		return connection_failed(connection, code, err);
	}
	if (to->protocol == PROTOCOL_LMTP)
		connection->tls = shook_hands(connection);
	if (to->tls->mode != TLS_OFF && !connection->tls)
		return error_set(err, ERROR_UNAVAILABLE,
			"libcurl connected to %s:%u without TLS: no password "
			"was sent",
			to->server->host, to->server->port);
	if (curl_easy_getinfo(connection->curl, CURLINFO_ACTIVESOCKET,
		    &connection->socket) != CURLE_OK ||
		connection->socket == CURL_SOCKET_BAD)
		return lost(connection, "it has no socket", err);
	/* From now on libcurl only transfers bytes. */
	curl_easy_setopt(connection->curl, CURLOPT_VERBOSE, 0L);
	/* RFC 2595 section 4: what was announced before TLS is void. */
	if (to->tls->mode != TLS_OFF && !connection->secured)
		memset(&connection->capabilities, 0,
			sizeof connection->capabilities);
	show_connection(connection, mask);
	return true;
}

struct connection *connection_open(const struct account_remote *to,
	const char *password, const struct login_mask *mask,
	const volatile sig_atomic_t *stop, struct error *err)
{
	struct connection *connection = xcalloc(1, sizeof *connection);

	connection->to = *to;
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
	if (connection->to.tls->mode == TLS_OFF)
		return "";
	return connection->tls_version[0] == '\0' ? "TLS"
						  : connection->tls_version;
}
