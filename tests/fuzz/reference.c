/* SPDX-License-Identifier: ISC */
#include "reference.h"

#include <string.h>

void reference_message(
	const char *wire, size_t size, struct reference *result, char *room)
{
	size_t at = 0;

	*result = (struct reference){.text = room};
	while (at < size) {
		const char *end = memmem(wire + at, size - at, "\r\n", 2);
		size_t next = end == NULL ? size : (size_t)(end - wire) + 2;
		size_t stop = end == NULL ? size : next - 2;

		if (end != NULL && stop - at == 1 && wire[at] == '.') {
			result->ended = true;
			result->taken = next;
			return;
		}
		if (at < stop && wire[at] == '.')
			at++;
		/* A possible beginning of CRLF or CRLF.CRLF is not text yet. */
		if (end == NULL && stop > at && wire[stop - 1] == '\r')
			stop--;
		memcpy(result->text + result->length, wire + at, stop - at);
		result->length += stop - at;
		result->octets += next - at;
		if (end != NULL)
			result->text[result->length++] = '\n';
		at = next;
	}
	result->taken = size;
}

const char *reference_line(
	const char **wire, size_t *size, size_t max, size_t *length)
{
	const char *line = *wire;
	const char *lf = *size == 0 ? NULL : memchr(line, '\n', *size);

	if (lf == NULL || (size_t)(lf - line) + 1 > max)
		return NULL;
	*length = (size_t)(lf - line);
	*size -= *length + 1;
	*wire += *length + 1;
	if (*length > 0 && line[*length - 1] == '\r')
		(*length)--;
	return line;
}
