/* SPDX-License-Identifier: ISC */
#include "core/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/xalloc.h"

void buffer_init(struct buffer *buffer, size_t max)
{
	*buffer = (struct buffer){.max = max};
}

void buffer_release(struct buffer *buffer)
{
	free(buffer->bytes);
	*buffer = (struct buffer){.max = buffer->max};
}

void buffer_wipe(struct buffer *buffer)
{
	if (buffer->bytes != NULL)
		explicit_bzero(buffer->bytes, buffer->size);
	buffer_release(buffer);
}

/* Not realloc, which could leave a copy of the old bytes in freed memory. */
static void grow(struct buffer *buffer, size_t need)
{
	size_t size = buffer->size > 0 ? buffer->size : 256;
	size_t held = buffer_length(buffer);

	while (size < need)
		size *= 2;
	char *bytes = xmalloc(size);

	if (held > 0)
		memcpy(bytes, buffer->bytes + buffer->start, held);
	if (buffer->bytes != NULL)
		explicit_bzero(buffer->bytes, buffer->size);
	free(buffer->bytes);
	buffer->bytes = bytes;
	buffer->size = size;
	buffer->start = 0;
	buffer->end = held;
}

bool buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
	size_t held = buffer_length(buffer);

	if (length > buffer->max || held > buffer->max - length)
		return false;
	if (length == 0)
		return true;
	if (held + length > buffer->size) {
		grow(buffer, held + length);
	} else if (buffer->end + length > buffer->size) {
		memmove(buffer->bytes, buffer->bytes + buffer->start, held);
		buffer->start = 0;
		buffer->end = held;
	}
	memcpy(buffer->bytes + buffer->end, bytes, length);
	buffer->end += length;
	return true;
}

bool buffer_printf(struct buffer *buffer, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	int length = vsnprintf(text, sizeof text, format, args);

	va_end(args);
	bool ok = length >= 0 && (size_t)length < sizeof text &&
		buffer_append(buffer, text, (size_t)length);

	explicit_bzero(text, sizeof text);
	return ok;
}

char *buffer_bytes(const struct buffer *buffer)
{
	return buffer->bytes == NULL ? NULL : buffer->bytes + buffer->start;
}

size_t buffer_length(const struct buffer *buffer)
{
	return buffer->end - buffer->start;
}

void buffer_consume(struct buffer *buffer, size_t length)
{
	buffer->start += length;
	if (buffer->start == buffer->end)
		buffer->start = buffer->end = 0;
}
