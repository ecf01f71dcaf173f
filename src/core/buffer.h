/* SPDX-License-Identifier: ISC */
/* Octets that grow at the end and are taken from the front, up to a maximum. */
#ifndef CORE_BUFFER_H
#define CORE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
	char *bytes; /* owned; NULL while nothing was ever put in */
	size_t start;
	size_t end;
	size_t size;
	size_t max; /* never holds more than this many octets */
};

/* An empty buffer of at most max octets. */
void buffer_init(struct buffer *buffer, size_t max);

/* Frees what it holds; safe on a zeroed struct. */
void buffer_release(struct buffer *buffer);

/* Wipes what it ever held, then releases it. */
void buffer_wipe(struct buffer *buffer);

/* Appends length octets; false, unchanged, when they would exceed max. */
bool buffer_append(struct buffer *buffer, const void *bytes, size_t length);

/* Appends formatted text, of at most 1,023 octets; false as above. */
bool buffer_printf(struct buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The octets held: their first, and their number. */
char *buffer_bytes(const struct buffer *buffer);
size_t buffer_length(const struct buffer *buffer);

/* Takes length octets off the front; at most buffer_length. */
void buffer_consume(struct buffer *buffer, size_t length);

#endif
