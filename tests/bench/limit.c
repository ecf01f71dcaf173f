/* SPDX-License-Identifier: ISC */
/*
 * A lower bound for all fetchers: it keeps no state, trusts the server, and
 * requests everything at once.
 *
 *   limit -p PORT [-t CA-FILE] [-u USER] [-w PASSWORD] [-c COUNT] [-d]
 *         [TO PATH]
 *     poll (no TO)   login and UIDL in one burst; the listing is ignored
 *     maildir PATH   and all RETRs in the next, each message into PATH, as
 *                    durable as keepmail's: one syncfs for 256 (limit_mail.c)
 *     mbox PATH      or appended to a file, with one fdatasync at the end
 *     -d             then all DELEs and QUIT, whose answer is waited for
 *     -c COUNT       COUNT users at once, a thread each: their names are USER
 *                    followed by the number
 *
 * Prints how many messages it received (poll: how many are listed). QUIT is
 * sent when everything has arrived, because Dovecot 2.3 sometimes loses the end
 * of what it sends over TLS if QUIT comes earlier.
 */
#include "limit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define INPUT_SIZE (1u << 20)
#define NAME_MAX_ 64
#define SILENCE 60000

static struct {
	int port;
	const char *user;
	const char *password;
	bool deletes;
	const char *to; /* NULL: poll */
	SSL_CTX *context;
} set = {.user = "test", .password = "test"};

struct peer {
	pthread_t thread;
	char user[NAME_MAX_];
	int fd;
	SSL *ssl;
	char *out; /* data to be sent, from out_start on */
	size_t out_start;
	size_t out_length;
	size_t out_room;
	char *in;
	size_t in_start;
	size_t in_end;
	size_t got;
};

void limit_fail(const char *what)
{
	fprintf(stderr, "limit: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void say(struct peer *peer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct peer *peer, const char *format, ...)
{
	va_list args;

	if (peer->out_room - peer->out_length < 512) {
		peer->out_room = peer->out_room * 2 + 4096;
		peer->out = realloc(peer->out, peer->out_room);
		if (peer->out == NULL)
			abort();
	}
	va_start(args, format);
	peer->out_length += (size_t)vsnprintf(
		peer->out + peer->out_length, 512, format, args);
	va_end(args);
}

/* Returns the result, with errno for an operation that would block. */
static ssize_t tls_result(struct peer *peer, int result)
{
	int code = SSL_get_error(peer->ssl, result);

	if (result > 0)
		return result;
	errno = code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE
		? EAGAIN
		: ECONNRESET;
	return -1;
}

/* Sends what the connection accepts; true while there is more. */
static bool send_some(struct peer *peer)
{
	while (peer->out_start < peer->out_length) {
		const char *from = peer->out + peer->out_start;
		size_t left = peer->out_length - peer->out_start;
		ssize_t n = peer->ssl != NULL
			? tls_result(
				  peer, SSL_write(peer->ssl, from, (int)left))
			: send(peer->fd, from, left,
				  MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno != EAGAIN)
			limit_fail("send");
		if (n < 0)
			return true;
		peer->out_start += (size_t)n;
	}
	peer->out_start = peer->out_length = 0;
	return false;
}

static ssize_t receive(struct peer *peer)
{
	char *to = peer->in + peer->in_end;
	size_t room = INPUT_SIZE - peer->in_end;

	if (peer->ssl != NULL)
		return tls_result(peer, SSL_read(peer->ssl, to, (int)room));
	ssize_t n = recv(peer->fd, to, room, MSG_DONTWAIT);

	if (n == 0)
		errno = ECONNRESET;
	return n > 0 ? n : -1;
}

/* Sends and receives until something more has arrived. */
static void pump(struct peer *peer)
{
	size_t held = peer->in_end - peer->in_start;

	memmove(peer->in, peer->in + peer->in_start, held);
	peer->in_start = 0;
	peer->in_end = held;
	for (;;) {
		bool more = send_some(peer);
		ssize_t n = 0;

		while (peer->in_end < INPUT_SIZE && (n = receive(peer)) > 0)
			peer->in_end += (size_t)n;
		if (peer->in_end > held)
			return;
		if (errno != EAGAIN || held == INPUT_SIZE)
			limit_fail("the connection is over");
		struct pollfd wait = {.fd = peer->fd,
			.events = more ? POLLIN | POLLOUT : POLLIN};

		if (poll(&wait, 1, SILENCE) <= 0)
			limit_fail("silence");
	}
}

/* Returns the next line, including its end; *length in bytes. */
static char *next_line(struct peer *peer, size_t *length)
{
	size_t seen = 0;

	for (;;) {
		char *start = peer->in + peer->in_start;
		char *lf = memchr(start + seen, '\n',
			peer->in_end - peer->in_start - seen);

		if (lf != NULL) {
			*length = (size_t)(lf - start) + 1;
			peer->in_start += *length;
			return start;
		}
		seen = peer->in_end - peer->in_start;
		pump(peer);
	}
}

static void expect_ok(struct peer *peer)
{
	size_t length;
	const char *line = next_line(peer, &length);

	if (line[0] == '+')
		return;
	fprintf(stderr, "limit: %s: %.*s", peer->user, (int)length, line);
	exit(1);
}

static void start_tls(struct peer *peer)
{
	peer->ssl = SSL_new(set.context);
	SSL_set_tlsext_host_name(peer->ssl, "localhost");
	SSL_set1_host(peer->ssl, "localhost");
	SSL_set_mode(peer->ssl,
		SSL_MODE_ENABLE_PARTIAL_WRITE |
			SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_set_read_ahead(peer->ssl, 1);
	SSL_set_fd(peer->ssl, peer->fd);
	if (SSL_connect(peer->ssl) != 1)
		limit_fail("TLS");
	fcntl(peer->fd, F_SETFL, O_NONBLOCK);
}

static void connect_peer(struct peer *peer)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons((unsigned short)set.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int one = 1;

	peer->in = malloc(INPUT_SIZE);
	peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (peer->in == NULL || peer->fd < 0 ||
		connect(peer->fd, (struct sockaddr *)&address, sizeof address) <
			0)
		limit_fail("connect");
	setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (set.context != NULL)
		start_tls(peer);
}

static bool is_dot(const char *line, size_t length)
{
	return length == 3 && line[0] == '.' && line[1] == '\r';
}

/* Returns the number of messages. */
static size_t log_in(struct peer *peer)
{
	size_t length;
	size_t count = 0;

	expect_ok(peer);
	say(peer, "USER %s\r\nPASS %s\r\nUIDL\r\n", peer->user, set.password);
	for (int i = 0; i < 3; i++)
		expect_ok(peer);
	for (;;) {
		const char *line = next_line(peer, &length);

		if (is_dot(line, length))
			return count;
		count++;
	}
}

static void fetch_one(struct peer *peer, size_t number)
{
	expect_ok(peer);
	mail_begin(number);
	for (;;) {
		size_t length;
		char *line = next_line(peer, &length);

		if (is_dot(line, length))
			break;
		if (line[0] == '.') {
			line++;
			length--;
		}
		if (length >= 2 && line[length - 2] == '\r')
			line[--length - 1] = '\n';
		mail_line(line, length);
	}
	mail_end();
	peer->got++;
}

static void fetch_all(struct peer *peer, size_t count)
{
	for (size_t i = 1; i <= count; i++)
		say(peer, "RETR %zu\r\n", i);
	for (size_t i = 1; i <= count; i++)
		fetch_one(peer, i);
	mail_finish();
	for (size_t i = 1; set.deletes && i <= count; i++)
		say(peer, "DELE %zu\r\n", i);
}

static void *serve_user(void *argument)
{
	struct peer *peer = argument;

	connect_peer(peer);
	size_t count = log_in(peer);

	if (set.to != NULL)
		fetch_all(peer, count);
	else
		peer->got = count;
	say(peer, "QUIT\r\n");
	/* Nothing depends on its answer, unless messages are to be erased. */
	for (size_t i = 0; set.to != NULL && set.deletes && i <= count; i++)
		expect_ok(peer);
	send_some(peer);
	SSL_free(peer->ssl);
	close(peer->fd);
	free(peer->in);
	free(peer->out);
	return NULL;
}

static void prepare_tls(const char *ca)
{
	set.context = SSL_CTX_new(TLS_client_method());
	if (set.context == NULL ||
		SSL_CTX_load_verify_locations(set.context, ca, NULL) != 1)
		limit_fail(ca);
	SSL_CTX_set_verify(set.context, SSL_VERIFY_PEER, NULL);
}

static size_t serve_users(size_t count)
{
	struct peer *peers = calloc(count, sizeof peers[0]);
	size_t got = 0;

	if (peers == NULL)
		abort();
	for (size_t i = 0; i < count; i++) {
		if (count > 1)
			snprintf(peers[i].user, NAME_MAX_, "%s%zu", set.user,
				i + 1);
		else
			snprintf(peers[i].user, NAME_MAX_, "%s", set.user);
		if (pthread_create(
			    &peers[i].thread, NULL, serve_user, &peers[i]) != 0)
			limit_fail("thread");
	}
	for (size_t i = 0; i < count; i++) {
		pthread_join(peers[i].thread, NULL);
		got += peers[i].got;
	}
	free(peers);
	return got;
}

int main(int argc, char **argv)
{
	size_t count = 1;
	int option;

	while ((option = getopt(argc, argv, "p:t:u:w:c:d")) != -1) {
		if (option == 'p')
			set.port = (int)strtol(optarg, NULL, 10);
		else if (option == 't')
			prepare_tls(optarg);
		else if (option == 'u')
			set.user = optarg;
		else if (option == 'w')
			set.password = optarg;
		else if (option == 'c')
			count = strtoul(optarg, NULL, 10);
		else if (option == 'd')
			set.deletes = true;
		else
			return 2;
	}
	if (argc - optind == 2) {
		set.to = argv[optind];
		mail_open(strcmp(set.to, "mbox") == 0, argv[optind + 1]);
	}
	if (set.port == 0 || count == 0 || (set.to != NULL && count > 1)) {
		fprintf(stderr, "limit: see the head of limit.c\n");
		return 2;
	}
	printf("%zu\n", serve_users(count));
	return 0;
}
