/* SPDX-License-Identifier: ISC */
/* The server's side of a connection: lines in, octets out, TLS or not. */
#ifndef TESTS_WIRE_H
#define TESTS_WIRE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* How a server's side of the connection ends before its time. */
enum wire_harm {
	WIRE_WHOLE,
	WIRE_CUT,    /* closed, under TLS without close_notify */
	WIRE_NOTIFY, /* closed as TLS is closed */
	WIRE_STALL,  /* silent, until the client goes */
};

struct wire {
	enum wire_harm harm;
	size_t limit; /* after so many octets, if it is to be harmed */
	size_t sent;
	bool over;
	FILE *record; /* of what is said, or NULL */
	int fd;
	SSL *ssl; /* NULL: in clear */
	char *out;
	size_t out_length;
	bool said;   /* something, since the client last sent something */
	bool turned; /* wire_line's line came after that */
	int calm;    /* answers wait until the client is silent so long, ms */
	unsigned lines; /* whole ones in the buffer */
	size_t in_start;
	size_t in_end;
	char in[65536];
};

void wire_init(struct wire *wire, int fd);

/* Sends what is waiting, ends TLS where it is on, and closes. */
void wire_close(struct wire *wire);

/* Handshakes as the server; false when the client will not. */
bool wire_start_tls(struct wire *wire, SSL_CTX *context);

/* Appends octets; they go out when there is nothing left to read, or many. */
bool wire_put(struct wire *wire, const void *bytes, size_t length);
bool wire_printf(struct wire *wire, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
bool wire_flush(struct wire *wire);

/*
 * The next line without its CRLF, borrowed until the next call; NULL at the
 * end. depth, where not NULL: how many commands had come in without waiting for
 * an answer, this one included.
 */
char *wire_line(struct wire *wire, unsigned *depth);

#endif
