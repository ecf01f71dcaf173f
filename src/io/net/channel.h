/* SPDX-License-Identifier: ISC */
/*
 * A connection, made by libcurl as for POP3, to a server that libcurl has
 * logged in to. What is sent and received is the caller's concern.
 */
#ifndef IO_NET_CHANNEL_H
#define IO_NET_CHANNEL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/account.h"
#include "core/error.h"

struct channel;

/*
 * Connects to the server and logs in. What *to borrows and stop must outlive
 * the channel. NULL on failure, with the errors of connection_open.
 */
struct channel *channel_open(const struct account_remote *to,
	const char *password, const volatile sig_atomic_t *stop,
	struct error *err);

/* Closes it without a word to the server. Safe on NULL. */
void channel_close(struct channel *channel);

/* The socket, to wait on. */
int channel_fd(const struct channel *channel);

/*
 * As send(2) and recv(2), without blocking: EAGAIN if it is necessary to wait,
 * and ECONNRESET if the connection is lost.
 */
ssize_t channel_send(struct channel *channel, const char *bytes, size_t length);
ssize_t channel_receive(struct channel *channel, char *bytes, size_t room);

/* Overwrites the password, in any form, in what the server said. */
void channel_hide(const struct channel *channel, char *words, size_t length);

#endif
