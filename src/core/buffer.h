/* SPDX-License-Identifier: ISC */
/* A queue of bytes: appended at the end, consumed from the front. */
#ifndef CORE_BUFFER_H
#define CORE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
	char *bytes; /* owned; NULL until the first append */
	size_t start;
	size_t end;
	size_t size;
	size_t max; /* the most that may be held, in bytes */
};

/* An empty buffer of at most max bytes. */
void buffer_init(struct buffer *buffer, size_t max);

/* Frees what it holds; safe on a zeroed struct. */
void buffer_release(struct buffer *buffer);

/* Overwrites all memory that it uses, then releases it. */
void buffer_wipe(struct buffer *buffer);

/* Appends length bytes. If that would exceed max, changes nothing and returns
 * false. */
bool buffer_append(struct buffer *buffer, const void *bytes, size_t length);

/* As buffer_append, with formatted text of at most 1,023 bytes; text that is
 * longer is refused, too. */
bool buffer_printf(struct buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Returns the bytes held (NULL if nothing was ever appended), and their number.
 */
char *buffer_bytes(const struct buffer *buffer);
size_t buffer_length(const struct buffer *buffer);

/* Removes the first length bytes; length is at most buffer_length. */
void buffer_consume(struct buffer *buffer, size_t length);

#endif
