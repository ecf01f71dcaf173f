/* SPDX-License-Identifier: ISC */
/* A queue of octets: appended at the end, consumed from the front. */
#ifndef CORE_BUFFER_H
#define CORE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
	char *bytes; /* owned; NULL until the first append */
	size_t start;
	size_t end;
	size_t size;
	size_t max; /* the most that may be held, in octets */
};

/* An empty buffer of at most max octets. */
void buffer_init(struct buffer *buffer, size_t max);

/* Frees what it holds; safe on a zeroed struct. */
void buffer_release(struct buffer *buffer);

/* Overwrites all memory that it uses, then releases it. */
void buffer_wipe(struct buffer *buffer);

/* Appends length octets; false, unchanged, if max would be exceeded. */
bool buffer_append(struct buffer *buffer, const void *bytes, size_t length);

/* Appends formatted text of at most 1,023 octets; otherwise false, unchanged.
 */
bool buffer_printf(struct buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The octets held, NULL if there never were any; and how many there are. */
char *buffer_bytes(const struct buffer *buffer);
size_t buffer_length(const struct buffer *buffer);

/* Removes length octets from the front; at most buffer_length. */
void buffer_consume(struct buffer *buffer, size_t length);

#endif
