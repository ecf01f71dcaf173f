/* SPDX-License-Identifier: ISC */
#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "core/login.h"
#include "core/xalloc.h"
#include "io/net/channel.h"
#include "io/net/connection_internal.h"

struct channel {
	struct connection *connection; /* owned */
	struct login_mask mask;
};

struct channel *channel_open(const struct account_remote *to,
	const char *password, const volatile sig_atomic_t *stop,
	struct error *err)
{
	struct channel *channel = xcalloc(1, sizeof *channel);
	uint64_t key[2] = {(uintptr_t)channel, (uintptr_t)&key};

	/* Only a hash that nobody else sees. */
	if (getrandom(key, sizeof key, 0) < 0)
		key[0] ^= UINT64_C(0x9e3779b97f4a7c15);
	/* LMTP has no login. */
	if (password != NULL)
		login_mask_init(&channel->mask, key, to->login->user, password);
	channel->connection =
		connection_open(to, password, &channel->mask, stop, err);
	if (channel->connection != NULL)
		return channel;
	free(channel);
	return NULL;
}

void channel_close(struct channel *channel)
{
	if (channel == NULL)
		return;
	connection_close(channel->connection);
	free(channel);
}

int channel_fd(const struct channel *channel)
{
	return channel->connection->socket;
}

/* Sets errno. */
static ssize_t result(CURLcode code, size_t n)
{
	if (code == CURLE_OK)
		return (ssize_t)n;
	errno = code == CURLE_AGAIN ? EAGAIN : ECONNRESET;
	return -1;
}

ssize_t channel_send(struct channel *channel, const char *bytes, size_t length)
{
	size_t n = 0;
	CURLcode code =
		curl_easy_send(channel->connection->curl, bytes, length, &n);

	return result(code, n);
}

ssize_t channel_receive(struct channel *channel, char *bytes, size_t room)
{
	size_t n = 0;
	CURLcode code =
		curl_easy_recv(channel->connection->curl, bytes, room, &n);

	return result(code, n);
}

void channel_hide(const struct channel *channel, char *words, size_t length)
{
	login_redact(&channel->mask, words, length);
}
