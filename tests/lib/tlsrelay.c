/* SPDX-License-Identifier: ISC */
/*
 * Adds TLS to a server of the tests.
 *
 *   tlsrelay CERTIFICATE KEY PORT TARGET
 *
 * PORT is a file that gets the number of the port, on loopback; TARGET is the
 * number of the server's.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "script.h"

static int connect_to(unsigned port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
		connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		_exit(1);
	return fd;
}

/* Passes on a piece from the client; false at the end. */
static bool inwards(SSL *ssl, int target)
{
	char bytes[16384];
	int n = SSL_read(ssl, bytes, sizeof bytes);

	return n > 0 && write(target, bytes, (size_t)n) == n;
}

static bool outwards(SSL *ssl, int target)
{
	char bytes[16384];
	ssize_t n = read(target, bytes, sizeof bytes);

	return n > 0 && SSL_write(ssl, bytes, (int)n) == n;
}

static void relay(SSL *ssl, int client, int target)
{
	struct pollfd waits[] = {
		{.fd = client, .events = POLLIN},
		{.fd = target, .events = POLLIN},
	};
	bool more = SSL_accept(ssl) == 1;

	while (more) {
		bool ready = SSL_pending(ssl) > 0;

		if (!ready && poll(waits, 2, -1) < 0)
			break;
		if (ready || waits[0].revents != 0)
			more = inwards(ssl, target);
		if (more && !ready && waits[1].revents != 0)
			more = outwards(ssl, target);
	}
	SSL_shutdown(ssl);
}

int main(int argc, char **argv)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (argc != 5 || context == NULL ||
		SSL_CTX_use_certificate_file(
			context, argv[1], SSL_FILETYPE_PEM) != 1 ||
		SSL_CTX_use_PrivateKey_file(
			context, argv[2], SSL_FILETYPE_PEM) != 1)
		return 64;
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	int fd = script_listen(argv[3]);

	for (;;) {
		int client = accept(fd, NULL, NULL);

		if (client >= 0 && fork() == 0) {
			SSL *ssl = SSL_new(context);
			int target = connect_to(
				(unsigned)strtoul(argv[4], NULL, 10));

			SSL_set_fd(ssl, client);
			relay(ssl, client, target);
			_exit(0);
		}
		if (client >= 0)
			close(client);
	}
}
