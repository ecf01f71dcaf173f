/* SPDX-License-Identifier: ISC */
/* mboxrd there and back again, whatever the cuts; and no From_ line within. */
#include <stdbool.h>
#include <string.h>

#include "core/mboxrd.h"
#include "fuzz.h"

typedef bool converter(struct mboxrd *, const char *, size_t, struct buffer *);
typedef bool finisher(struct mboxrd *, struct buffer *);

static void convert(converter *step, finisher *end, const char *text,
	size_t size, uint32_t cuts, struct buffer *out)
{
	struct mboxrd mboxrd = {.matched = 0};

	for (size_t at = 0, n; at < size; at += n) {
		n = fuzz_block(&cuts, size - at);
		PROMISE(step(&mboxrd, text + at, n, out));
	}
	PROMISE(end(&mboxrd, out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Kept from input to input, since memory takes most of the time. */
	static struct buffer quoted = {.max = 2 * FUZZ_MAX};
	static struct buffer back = {.max = 2 * FUZZ_MAX};
	uint32_t cuts[2];

	if (size < sizeof cuts || size > FUZZ_MAX)
		return 0;
	memcpy(cuts, data, sizeof cuts);
	size -= sizeof cuts;
	const char *text = (const char *)data + sizeof cuts;

	buffer_consume(&quoted, buffer_length(&quoted));
	buffer_consume(&back, buffer_length(&back));
	convert(mboxrd_quote, mboxrd_quote_end, text, size, cuts[0], &quoted);
	const char *q = buffer_bytes(&quoted);
	size_t n = buffer_length(&quoted);

	if (n > 0) {
		PROMISE(n < 5 || memcmp(q, "From ", 5) != 0);
		PROMISE(memmem(q, n, "\nFrom ", 6) == NULL);
		convert(mboxrd_unquote, mboxrd_unquote_end, q, n, cuts[1],
			&back);
	}
	PROMISE(buffer_length(&back) == size);
	PROMISE(size == 0 || memcmp(buffer_bytes(&back), text, size) == 0);
	return 0;
}
