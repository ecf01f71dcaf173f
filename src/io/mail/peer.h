/* SPDX-License-Identifier: ISC */
/* A connection to a program that takes mail, over a socket. */
#ifndef IO_MAIL_PEER_H
#define IO_MAIL_PEER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A connection that its user did not make: one with TLS, for instance. */
struct peer_channel {
	void *data;
	int fd; /* to wait on */
	/* As send(2) and recv(2) on a socket that does not block. */
	ssize_t (*send)(void *data, const char *bytes, size_t length);
	ssize_t (*receive)(void *data, char *bytes, size_t room);
	void (*close)(void *data);
	/* Overwrites secrets in what the other side said. */
	void (*hide)(void *data, char *words, size_t length);
};

/* Initialise with fd = -1. */
struct peer {
	int fd;
	struct peer_channel channel; /* if its data is set; owned */
	/* Not 0: a signal came, and waiting for an answer ends soon. */
	const volatile sig_atomic_t *stop; /* borrowed; or NULL */
	int64_t stopped; /* when that was noticed; 0: not yet */
	int64_t until;	 /* see peer_expect */
};

/*
 * These connect to a socket at a path, or to a host. False: see errno;
 * peer_connect_host sets *unknown to why the name is not known, or NULL.
 */
bool peer_connect_path(struct peer *peer, const char *path);
bool peer_connect_host(struct peer *peer, const char *host, uint16_t port,
	const char **unknown);

/* Uses this connection from now on, and closes it with the peer. */
void peer_use(struct peer *peer, const struct peer_channel *channel);

/*
 * An answer is expected now: peer_receive fails with ETIMEDOUT once so many
 * seconds have passed, however much was received meanwhile.
 */
void peer_expect(struct peer *peer, int seconds);

/*
 * Sends all bytes, or receives some. Fails with ETIMEDOUT if nothing could be
 * sent for this many seconds, or the time of peer_expect is over; with
 * ECANCELED some seconds after a signal; and with ECONNRESET if the other side
 * closed the connection. peer_receive returns the number of bytes, or -1.
 */
bool peer_send(
	struct peer *peer, const char *bytes, size_t length, int seconds);
ssize_t peer_receive(struct peer *peer, char *bytes, size_t room);

/* Receives what has arrived, without waiting: 0 if nothing has. */
ssize_t peer_receive_now(struct peer *peer, char *bytes, size_t room);

/* What errno says after one of these failed, such as "no answer in time". */
const char *peer_error(void);

/* Overwrites secrets in what the other side said, before it is shown. */
void peer_hide(const struct peer *peer, char *words, size_t length);

void peer_close(struct peer *peer);

#endif
