/* SPDX-License-Identifier: ISC */
#include "cli/json.h"

#include <stdint.h>
#include <stdio.h>

#include "core/text.h"

/*
 * Prints a character as \uXXXX, or as a surrogate pair if it is beyond U+FFFF.
 */
static void print_escape(uint32_t code)
{
	if (code > 0xffff) {
		code -= 0x10000;
		printf("\\u%04x", (unsigned)(0xd800 + (code >> 10)));
		code = 0xdc00 + (code & 0x3ff);
	}
	printf("\\u%04x", (unsigned)code);
}

void json_string(const char *bytes, size_t length)
{
	putchar('"');
	for (size_t i = 0; i < length;) {
		uint32_t code = 0;
		size_t n = text_utf8(bytes + i, length - i, &code);

		if (n == 0)
			printf("\\\\x%02x", (unsigned char)bytes[i]);
		else if (text_is_unsafe(code))
			print_escape(code);
		else if (code == '"' || code == '\\')
			printf("\\%c", (char)code);
		else
			fwrite(bytes + i, 1, n, stdout);
		i += n > 0 ? n : 1;
	}
	putchar('"');
}
