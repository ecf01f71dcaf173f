/* SPDX-License-Identifier: ISC */
#include "wire.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FLUSH_AT (256 * 1024)

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

/* The connection is over for the server; the client may have to wait. */
static void end_early(struct wire *wire)
{
	char bytes[4096];

	wire->over = true;
	wire->out_length = 0;
	while (wire->harm == WIRE_STALL &&
		read(wire->fd, bytes, sizeof bytes) > 0)
		;
}

bool wire_flush(struct wire *wire)
{
	size_t done = 0;
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
	while (done < wire->out_length) {
		size_t left = wire->out_length - done;
		ssize_t n;

		if (wire->ssl != NULL)
			n = SSL_write(wire->ssl, wire->out + done,
				left > 1 << 20 ? 1 << 20 : (int)left);
		else
			n = send(
				wire->fd, wire->out + done, left, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	wire->out_length = 0;
	if (last)
		end_early(wire);
	return !last;
}

bool wire_put(struct wire *wire, const void *bytes, size_t length)
{
	if (wire->out_length + length > wire->out_room) {
		wire->out_room = (wire->out_length + length) * 2;
		wire->out = realloc(wire->out, wire->out_room);
		if (wire->out == NULL)
			abort();
	}
	memcpy(wire->out + wire->out_length, bytes, length);
	wire->out_length += length;
	return wire->out_length < FLUSH_AT || wire_flush(wire);
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

char *wire_line(struct wire *wire, unsigned *depth)
{
	for (;;) {
		char *start = wire->in + wire->in_start;
		size_t held = wire->in_end - wire->in_start;
		char *lf = memchr(start, '\n', held);

		if (lf != NULL) {
			*lf = '\0';
			if (lf > start && lf[-1] == '\r')
				lf[-1] = '\0';
			wire->in_start = (size_t)(lf - wire->in) + 1;
			if (depth != NULL) {
				*depth = 1;
				for (size_t i = wire->in_start;
					i < wire->in_end; i++)
					*depth += wire->in[i] == '\n';
			}
			return start;
		}
		if (!wire_flush(wire))
			return NULL;
		memmove(wire->in, start, held);
		wire->in_start = 0;
		wire->in_end = held;
		if (held == sizeof wire->in)
			return NULL;
		ssize_t n = wire->ssl != NULL
			? SSL_read(wire->ssl, wire->in + held,
				  (int)(sizeof wire->in - held))
			: read(wire->fd, wire->in + held,
				  sizeof wire->in - held);

		if (n <= 0)
			return NULL;
		wire->in_end += (size_t)n;
	}
}
