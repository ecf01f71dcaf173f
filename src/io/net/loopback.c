/* SPDX-License-Identifier: ISC */
#include "io/net/loopback.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/process/now.h"

/* How long a browser has to send a request, in milliseconds. */
#define REQUEST_MILLISECONDS 1000

static const char page[] =
	"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
	"Cache-Control: no-store\r\nConnection: close\r\n\r\n"
	"<!doctype html><title>keepmail</title>"
	"<p>keepmail has what it needs. You can close this page, and go on in "
	"the terminal.</p>\n";
static const char not_found[] =
	"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: "
	"close\r\n\r\n";

int loopback_listen(uint16_t *port, struct error *err)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(*port),
	};
	socklen_t size = sizeof address;
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 &&
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) ==
			0 &&
		bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
		listen(fd, 8) == 0 &&
		getsockname(fd, (struct sockaddr *)&address, &size) == 0) {
		*port = ntohs(address.sin_port);
		return fd;
	}
	error_set(err, ERROR_TEMPORARY,
		"cannot listen on port %u of this machine for the browser: %s",
		*port, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Waits until fd can be read; false: not in time. */
static bool can_read(int fd, int64_t end, const struct patience *wait)
{
	while (now_milliseconds() < end && !patience_is_over(wait)) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};

		if (poll(&ready, 1, 100) > 0)
			return true;
	}
	return false;
}

/* Reads a request to the end of its header, and terminates it. */
static bool read_request(
	int fd, const struct patience *wait, char *room, size_t size)
{
	int64_t end = now_milliseconds() + REQUEST_MILLISECONDS;
	size_t length = 0;

	while (length + 1 < size && can_read(fd, end, wait)) {
		ssize_t n = recv(fd, room + length, size - 1 - length, 0);

		if (n <= 0)
			return false;
		length += (size_t)n;
		room[length] = '\0';
		if (strstr(room, "\r\n\r\n") != NULL)
			return true;
	}
	return false;
}

/* Cuts the target out of "GET TARGET HTTP/1.1"; NULL: it is another request. */
static char *target_of(char *request)
{
	if (strncmp(request, "GET /", 5) != 0)
		return NULL;
	char *target = request + 4;
	size_t length = strcspn(target, " \r\n");

	if (target[length] != ' ' || length >= LOOPBACK_URL_MAX)
		return NULL;
	target[length] = '\0';
	return target;
}

static void reply(int fd, const char *text, size_t length)
{
	/* It is only a courtesy, and fits into the socket's buffer. */
	ssize_t n = send(fd, text, length, MSG_NOSIGNAL);

	(void)n;
	shutdown(fd, SHUT_WR);
}

bool loopback_await(int fd, const struct patience *wait,
	const struct loopback_judge *judge, char target[LOOPBACK_URL_MAX],
	struct error *err)
{
	char request[LOOPBACK_URL_MAX + 8192];
	bool came = false;

	while (!came && can_read(fd, INT64_MAX, wait)) {
		int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		char *found;

		if (client < 0)
			continue;
		found = read_request(client, wait, request, sizeof request)
			? target_of(request)
			: NULL;
		came = found != NULL && judge->is_expected(judge->data, found);
		if (came) {
			memcpy(target, found, strlen(found) + 1);
			reply(client, page, sizeof page - 1);
		} else {
			reply(client, not_found, sizeof not_found - 1);
		}
		close(client);
	}
	explicit_bzero(request, sizeof request);
	return came ||
		error_set(err, ERROR_TEMPORARY,
			patience_is_stopped(wait)
				? "stopped by a signal before the login was complete"
				: "the browser did not come back in time: run keepmail login again, or use --paste");
}
