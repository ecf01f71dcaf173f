/* SPDX-License-Identifier: ISC */
#include "io/mail/peer.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/process/now.h"

/* After a signal, an answer is waited for no longer than this. */
#define STOP_SECONDS 5
#define CONNECT_SECONDS 30

static int64_t uptime(void)
{
	return now_milliseconds() / 1000;
}

/* Has a signal come so long ago that nothing is waited for any more? */
static bool has_given_up(struct peer *peer)
{
	if (peer->stop == NULL || *peer->stop == 0)
		return false;
	if (peer->stopped == 0)
		peer->stopped = uptime();
	errno = ECANCELED;
	return uptime() - peer->stopped > STOP_SECONDS;
}

/*
 * Waits until the socket is ready, at most until this time. In short waits,
 * because a signal may be handled by another thread.
 */
static bool wait_for(struct peer *peer, short events, int64_t until)
{
	struct pollfd wait = {.fd = peer->fd, .events = events};

	while (uptime() <= until) {
		int ready = poll(&wait, 1, 100);

		if (ready > 0)
			return true;
		if ((ready < 0 && errno != EINTR) || has_given_up(peer))
			return false;
	}
	errno = ETIMEDOUT;
	return false;
}

static bool connect_to(struct peer *peer, int family,
	const struct sockaddr *address, socklen_t length)
{
	int error = 0;
	socklen_t size = sizeof error;

	peer->fd =
		socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (peer->fd < 0)
		return false;
	if (connect(peer->fd, address, length) == 0)
		return true;
	/* A socket with a path that is too busy answers EAGAIN. */
	if (errno == EINPROGRESS &&
		wait_for(peer, POLLOUT, uptime() + CONNECT_SECONDS) &&
		getsockopt(peer->fd, SOL_SOCKET, SO_ERROR, &error, &size) ==
			0) {
		if (error == 0)
			return true;
		errno = error;
	}
	int saved = errno;

	peer_close(peer);
	errno = saved;
	return false;
}

bool peer_connect_path(struct peer *peer, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return false;
	}
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	return connect_to(peer, AF_UNIX, (const struct sockaddr *)&address,
		sizeof address);
}

bool peer_connect_host(struct peer *peer, const char *host, uint16_t port,
	const char **unknown)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	char service[8];

	snprintf(service, sizeof service, "%u", port);
	int result = getaddrinfo(host, service, &hints, &found);

	*unknown = result == 0 ? NULL : gai_strerror(result);
	errno = EHOSTUNREACH;
	for (struct addrinfo *one = found; one != NULL && peer->fd < 0;
		one = one->ai_next)
		connect_to(peer, one->ai_family, one->ai_addr, one->ai_addrlen);
	int saved = errno;

	if (found != NULL)
		freeaddrinfo(found);
	errno = saved;
	return peer->fd >= 0;
}

void peer_use(struct peer *peer, const struct peer_channel *channel)
{
	peer->fd = channel->fd;
	peer->channel = *channel;
}

static ssize_t send_some(struct peer *peer, const char *bytes, size_t length)
{
	return peer->channel.data != NULL
		? peer->channel.send(peer->channel.data, bytes, length)
		: send(peer->fd, bytes, length, MSG_NOSIGNAL);
}

static ssize_t receive_some(struct peer *peer, char *bytes, size_t room)
{
	return peer->channel.data != NULL
		? peer->channel.receive(peer->channel.data, bytes, room)
		: recv(peer->fd, bytes, room, 0);
}

bool peer_send(struct peer *peer, const char *bytes, size_t length, int seconds)
{
	while (length > 0) {
		ssize_t n = send_some(peer, bytes, length);

		if (n >= 0) {
			bytes += n;
			length -= (size_t)n;
		} else if (errno == EAGAIN) {
			if (!wait_for(peer, POLLOUT, uptime() + seconds))
				return false;
		} else if (errno != EINTR) {
			return false;
		}
	}
	return true;
}

ssize_t peer_receive_now(struct peer *peer, char *bytes, size_t room)
{
	ssize_t n;

	do
		n = receive_some(peer, bytes, room);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		return n;
	if (n == 0)
		errno = ECONNRESET;
	return n < 0 && errno == EAGAIN ? 0 : -1;
}

void peer_expect(struct peer *peer, int seconds)
{
	peer->until = uptime() + seconds;
}

ssize_t peer_receive(struct peer *peer, char *bytes, size_t room)
{
	for (;;) {
		if (has_given_up(peer))
			return -1;
		if (uptime() > peer->until) {
			errno = ETIMEDOUT;
			return -1;
		}
		ssize_t n = peer_receive_now(peer, bytes, room);

		if (n != 0)
			return n;
		if (!wait_for(peer, POLLIN, peer->until))
			return -1;
	}
}

const char *peer_error(void)
{
	switch (errno) {
	case ETIMEDOUT:
		return "no answer in time";
	case ECONNRESET:
	case EPIPE:
		return "it closed the connection";
	case ECANCELED:
		return "a signal ended the run";
	default:
		return strerror(errno);
	}
}

void peer_hide(const struct peer *peer, char *words, size_t length)
{
	if (peer->channel.data != NULL)
		peer->channel.hide(peer->channel.data, words, length);
}

void peer_close(struct peer *peer)
{
	if (peer->channel.data != NULL)
		peer->channel.close(peer->channel.data);
	else if (peer->fd >= 0)
		close(peer->fd);
	peer->channel.data = NULL;
	peer->fd = -1;
}
