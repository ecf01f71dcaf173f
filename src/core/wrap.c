/* SPDX-License-Identifier: ISC */
#include "core/wrap.h"

#include <stdint.h>
#include <string.h>

#include "core/text.h"
#include "core/width.h"

size_t wrap_line(const char *text, size_t columns)
{
	size_t length = strlen(text);
	size_t indent = strspn(text, " ");
	size_t blank = 0;
	size_t used = 0;
	size_t at = 0;

	while (at < length) {
		uint32_t code = 0;
		size_t n = text_utf8(text + at, length - at, &code);
		size_t width = n == 0 ? 1 : width_of(code);

		if (text[at] == ' ' && at > indent && used <= columns)
			blank = at;
		/* Progress is made even if not one character fits. */
		if (used + width > columns && at > 0)
			break;
		used += width;
		at += n == 0 ? 1 : n;
	}
	return at == length || blank == 0 ? at : blank;
}
