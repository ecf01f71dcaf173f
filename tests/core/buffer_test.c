/* SPDX-License-Identifier: ISC */
#include "core/buffer.h"

#include <stdlib.h>
#include <string.h>

#include "core/xalloc.h"
#include "tap.h"

static bool holds(const struct buffer *buffer, const char *text)
{
	return buffer_length(buffer) == strlen(text) &&
		(text[0] == '\0' ||
			memcmp(buffer_bytes(buffer), text, strlen(text)) == 0);
}

int main(void)
{
	struct buffer buffer;

	buffer_init(&buffer, 1000);
	ok(holds(&buffer, "") && buffer_bytes(&buffer) == NULL,
		"a new buffer is empty");
	ok(buffer_append(&buffer, "", 0), "nothing can be appended");
	ok(buffer_append(&buffer, "abc", 3) && holds(&buffer, "abc"),
		"octets are appended");
	ok(buffer_printf(&buffer, "%d-%s", 12, "x") &&
			holds(&buffer, "abc12-x"),
		"text is formatted into it");
	buffer_consume(&buffer, 3);
	ok(holds(&buffer, "12-x"), "octets are taken from the front");
	char *large = xcalloc(1, 990);

	memset(large, 'y', 990);
	ok(buffer_append(&buffer, large, 300) && buffer_length(&buffer) == 304,
		"it grows");
	ok(!buffer_append(&buffer, large, 990) && buffer_length(&buffer) == 304,
		"never beyond its maximum");
	ok(!buffer_append(&buffer, large, 1001), "not even when asked at once");
	buffer_consume(&buffer, 300);
	ok(buffer_append(&buffer, large, 400) && buffer_length(&buffer) == 404,
		"room at the front is used again");
	buffer_consume(&buffer, 404);
	ok(holds(&buffer, ""), "all of it can be taken");
	buffer_release(&buffer);
	buffer_init(&buffer, 5000);
	char *long_text = xcalloc(1, 2001);

	memset(long_text, 'z', 2000);
	ok(!buffer_printf(&buffer, "%s", long_text),
		"formatted text has a limit");
	buffer_append(&buffer, "secret", 6);
	buffer_wipe(&buffer);
	buffer_wipe(&buffer);
	ok(holds(&buffer, ""), "a wiped buffer is empty");
	free(long_text);
	free(large);
	return done();
}
