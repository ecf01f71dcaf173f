/* SPDX-License-Identifier: ISC */
#include "wire.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FLUSH_AT (256 * 1024)
/*
 * Pieces of this length or more are sent directly; shorter ones are collected.
 */
#define DIRECT_AT (64 * 1024)

void wire_init(struct wire *wire, int fd)
{
	memset(wire, 0, sizeof *wire);
	wire->fd = fd;
}

void wire_close(struct wire *wire)
{
	wire_flush(wire);
	if (wire->ssl != NULL) {
		if (!wire->over || wire->harm == WIRE_NOTIFY)
			SSL_shutdown(wire->ssl);
		SSL_free(wire->ssl);
	}
	close(wire->fd);
	free(wire->out);
}

bool wire_start_tls(struct wire *wire, SSL_CTX *context)
{
	if (!wire_flush(wire))
		return false;
	wire->ssl = SSL_new(context);
	if (wire->ssl == NULL || !SSL_set_fd(wire->ssl, wire->fd))
		return false;
	return SSL_accept(wire->ssl) == 1;
}

/* The connection is over for the server, but the client may have to wait. */
static void end_early(struct wire *wire)
{
	char bytes[4096];

	wire->over = true;
	wire->out_length = 0;
	while (wire->harm == WIRE_STALL &&
		read(wire->fd, bytes, sizeof bytes) > 0)
		;
}

static bool send_all(struct wire *wire, const char *bytes, size_t length)
{
	size_t done = 0;

	wire->said = wire->said || length > 0;
	while (done < length) {
		size_t left = length - done;
		ssize_t n;

		if (wire->ssl != NULL)
			n = SSL_write(wire->ssl, bytes + done,
				left > 1 << 20 ? 1 << 20 : (int)left);
		else
			n = send(wire->fd, bytes + done, left, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

bool wire_flush(struct wire *wire)
{
	bool last = false;

	if (wire->over)
		return false;
	if (wire->harm != WIRE_WHOLE &&
		wire->sent + wire->out_length >= wire->limit) {
		wire->out_length = wire->limit - wire->sent;
		last = true;
	}
	wire->sent += wire->out_length;
	if (wire->record != NULL) {
		fwrite(wire->out, 1, wire->out_length, wire->record);
		fflush(wire->record);
	}
	if (!send_all(wire, wire->out, wire->out_length))
		return false;
	wire->out_length = 0;
	if (last)
		end_early(wire);
	return !last;
}

/* Appends a piece that is shorter than DIRECT_AT. */
static bool collect(struct wire *wire, const char *bytes, size_t length)
{
	if (wire->out == NULL)
		wire->out = malloc(FLUSH_AT + DIRECT_AT);
	if (wire->out == NULL)
		abort();
	memcpy(wire->out + wire->out_length, bytes, length);
	wire->out_length += length;
	return wire->out_length < FLUSH_AT || wire_flush(wire);
}

bool wire_put(struct wire *wire, const void *bytes, size_t length)
{
	const char *at = bytes;

	if (length >= DIRECT_AT && wire->harm == WIRE_WHOLE &&
		wire->record == NULL) {
		if (!wire_flush(wire))
			return false;
		wire->sent += length;
		return send_all(wire, at, length);
	}
	for (; length >= DIRECT_AT;
		at += DIRECT_AT - 1, length -= DIRECT_AT - 1) {
		if (!collect(wire, at, DIRECT_AT - 1))
			return false;
	}
	return collect(wire, at, length);
}

bool wire_printf(struct wire *wire, const char *format, ...)
{
	char text[4096];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return n >= 0 && (size_t)n < sizeof text &&
		wire_put(wire, text, (size_t)n);
}

/* Is the client silent now? Whatever else it sends belongs to the same turn. */
static bool is_calm(struct wire *wire)
{
	struct pollfd wait = {.fd = wire->fd, .events = POLLIN};

	if (wire->ssl != NULL && SSL_pending(wire->ssl) > 0)
		return false;
	return poll(&wait, 1, wire->calm) == 0;
}

/* Receives more from the client; false at the end. */
static bool hear(struct wire *wire)
{
	size_t held = wire->in_end - wire->in_start;

	memmove(wire->in, wire->in + wire->in_start, held);
	wire->in_start = 0;
	wire->in_end = held;
	if (held == sizeof wire->in)
		return false;
	char *to = wire->in + held;
	size_t room = sizeof wire->in - held;
	ssize_t n = wire->ssl != NULL ? SSL_read(wire->ssl, to, (int)room)
				      : read(wire->fd, to, room);

	if (n <= 0)
		return false;
	wire->in_end += (size_t)n;
	for (const char *lf = to;
		(lf = memchr(lf, '\n', (size_t)(to + n - lf))) != NULL; lf++)
		wire->lines++;
	wire->turned = wire->turned || wire->said;
	wire->said = false;
	return true;
}

char *wire_line(struct wire *wire, unsigned *depth)
{
	wire->turned = false;
	for (;;) {
		char *start = wire->in + wire->in_start;
		size_t held = wire->in_end - wire->in_start;
		char *lf = memchr(start, '\n', held);

		if (lf != NULL) {
			*lf = '\0';
			if (lf > start && lf[-1] == '\r')
				lf[-1] = '\0';
			wire->in_start = (size_t)(lf - wire->in) + 1;
			if (depth != NULL)
				*depth = wire->lines;
			wire->lines--;
			return start;
		}
		if ((wire->calm == 0 || is_calm(wire)) && !wire_flush(wire))
			return NULL;
		if (!hear(wire))
			return NULL;
	}
}
