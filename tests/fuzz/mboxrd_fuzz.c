/* SPDX-License-Identifier: ISC */
/* mboxrd there and back again, whatever the cuts; and no From_ line within. */
#include <stdbool.h>
#include <string.h>

#include "core/header.h"
#include "core/mboxrd.h"
#include "fuzz.h"

typedef bool converter(struct mboxrd *, const char *, size_t, struct buffer *);

static void convert(converter *step, const char *text, size_t size,
	size_t piece, struct buffer *out)
{
	struct mboxrd mboxrd = {.matched = 0};

	for (size_t at = 0; at < size; at += piece)
		step(&mboxrd, text + at, size - at < piece ? size - at : piece,
			out);
	mboxrd_quote_end(&mboxrd, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct buffer quoted;
	struct buffer back;
	struct header whole;
	struct header pieces;
	size_t piece = size > 0 ? 1 + data[0] % 9 : 1;

	buffer_init(&quoted, 2 * size + 16);
	buffer_init(&back, 2 * size + 16);
	convert(mboxrd_quote, text, size, piece, &quoted);
	const char *q = buffer_bytes(&quoted);
	size_t n = buffer_length(&quoted);

	if (n > 0) {
		PROMISE(n < 5 || memcmp(q, "From ", 5) != 0);
		PROMISE(memmem(q, n, "\nFrom ", 6) == NULL);
		convert(mboxrd_unquote, q, n, 3, &back);
	}
	PROMISE(buffer_length(&back) == size);
	PROMISE(size == 0 || memcmp(buffer_bytes(&back), text, size) == 0);
	header_init(&whole);
	header_init(&pieces);
	header_feed(&whole, text, size);
	for (size_t at = 0; at < size; at += piece)
		header_feed(&pieces, text + at,
			size - at < piece ? size - at : piece);
	PROMISE(strcmp(whole.message_id, pieces.message_id) == 0);
	PROMISE(strcmp(whole.return_path, pieces.return_path) == 0);
	PROMISE(strpbrk(whole.return_path, " \r\n\t\x1b") == NULL);
	buffer_release(&quoted);
	buffer_release(&back);
	return 0;
}
