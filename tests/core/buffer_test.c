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
	ok(buffer_append(&buffer, "", 0), "zero bytes can be appended");
	ok(buffer_append(&buffer, "abc", 3) && holds(&buffer, "abc"),
		"bytes are appended");
	ok(buffer_printf(&buffer, "%d-%s", 12, "x") &&
			holds(&buffer, "abc12-x"),
		"text is formatted into it");
	buffer_consume(&buffer, 3);
	ok(holds(&buffer, "12-x"), "bytes are consumed from the front");
	char *large = xcalloc(1, 990);

	memset(large, 'y', 990);
	ok(buffer_append(&buffer, large, 300) && buffer_length(&buffer) == 304,
		"it grows");
	ok(!buffer_append(&buffer, large, 990) && buffer_length(&buffer) == 304,
		"a buffer does not exceed its maximum");
	ok(!buffer_append(&buffer, large, 1001),
		"a single append does not exceed the maximum, either");
	buffer_consume(&buffer, 300);
	ok(buffer_append(&buffer, large, 400) && buffer_length(&buffer) == 404,
		"space at the front is reused");
	buffer_consume(&buffer, 404);
	ok(holds(&buffer, ""), "all of it can be consumed");
	buffer_release(&buffer);
	buffer_init(&buffer, 5000);
	char *long_text = xcalloc(1, 2001);

	memset(long_text, 'z', 2000);
	ok(!buffer_printf(&buffer, "%s", long_text),
		"formatted text is limited by the maximum");
	buffer_append(&buffer, "secret", 6);
	buffer_wipe(&buffer);
	buffer_wipe(&buffer);
	ok(holds(&buffer, ""), "a wiped buffer is empty");
	free(long_text);
	free(large);
	return done();
}
