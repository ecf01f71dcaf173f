/* SPDX-License-Identifier: ISC */
#include "cli/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

void json_uid(struct uid uid)
{
	json_string(uid.bytes, uid.length);
}

void json_field(const char *name, const char *text)
{
	printf(",\"%s\":", name);
	json_string(text, strlen(text));
}

void json_time(const char *name, int64_t seconds)
{
	if (seconds == 0)
		printf(",\"%s\":null", name);
	else
		printf(",\"%s\":%" PRId64, name, seconds);
}

void json_error(const char *account, const struct error *err)
{
	printf("{\"account\":");
	json_string(account, strlen(account));
	printf(",\"status\":%d", error_status(err->kind));
	json_field("error", err->text);
	printf("}\n");
}
