/* SPDX-License-Identifier: ISC */
/*
 * The server's side of a connection: reads lines, and writes bytes, with or
 * without TLS.
 */
#ifndef TESTS_WIRE_H
#define TESTS_WIRE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* How the server's side of the connection ends too early. */
enum wire_harm {
	WIRE_WHOLE,
	WIRE_CUT,    /* closed, under TLS without close_notify */
	WIRE_NOTIFY, /* closed properly, with close_notify */
	WIRE_STALL,  /* silent until the client leaves */
};

struct wire {
	enum wire_harm harm;
	size_t limit; /* bytes after which the connection is harmed */
	size_t sent;
	bool over;
	FILE *record; /* of what is sent, or NULL */
	int fd;
	SSL *ssl; /* NULL: clear text */
	char *out;
	size_t out_length;
	bool said; /* something was sent since the client last sent something */
	bool turned; /* the line from wire_line came after that */
	int calm; /* answers wait until the client is silent for this many ms */
	unsigned lines; /* complete lines in the buffer */
	size_t in_start;
	size_t in_end;
	char in[65536];
};

void wire_init(struct wire *wire, int fd);

/* Sends what is pending, ends TLS if it is on, and closes. */
void wire_close(struct wire *wire);

/* Does the handshake as the server; false if the client refuses. */
bool wire_start_tls(struct wire *wire, SSL_CTX *context);

/*
 * Appends bytes; they are sent when there is nothing left to read, or when
 * there are many.
 */
bool wire_put(struct wire *wire, const void *bytes, size_t length);
bool wire_printf(struct wire *wire, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
bool wire_flush(struct wire *wire);

/*
 * Returns the next line without its CRLF, borrowed until the next call; NULL at
 * the end. depth, if not NULL, is set to the number of commands, including this
 * one, that arrived without waiting for an answer.
 */
char *wire_line(struct wire *wire, unsigned *depth);

#endif
