/* SPDX-License-Identifier: ISC */
/*
 * mboxrd quoting and unquoting, however the input is cut; and no From_ line
 * within.
 */
#include <stdbool.h>
#include <string.h>

#include "core/mbox_scan.h"
#include "core/mboxrd.h"
#include "fuzz.h"

static void quote(
	const char *text, size_t size, uint32_t cuts, struct buffer *out)
{
	struct mboxrd mboxrd = {.matched = 0};

	for (size_t at = 0, n; at < size; at += n) {
		n = fuzz_block(&cuts, size - at);
		PROMISE(mboxrd_quote(&mboxrd, text + at, n, out));
	}
	PROMISE(mboxrd_quote_end(&mboxrd, out));
}

static void take(void *data, const char *bytes, size_t length)
{
	PROMISE(buffer_append(data, bytes, length));
}

static void unquote(
	const char *text, size_t size, uint32_t cuts, struct buffer *out)
{
	static const struct mbox_events events = {.text = take};
	struct mbox_scan scan;

	mbox_scan_message(&scan, &events, out);
	for (size_t at = 0, n; at < size; at += n) {
		n = fuzz_block(&cuts, size - at);
		mbox_scan_feed(&scan, text + at, n);
	}
	mbox_scan_end(&scan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Reused for all inputs, since allocation takes most of the time. */
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
	quote(text, size, cuts[0], &quoted);
	const char *q = buffer_bytes(&quoted);
	size_t n = buffer_length(&quoted);

	if (n > 0) {
		PROMISE(n < 5 || memcmp(q, "From ", 5) != 0);
		PROMISE(memmem(q, n, "\nFrom ", 6) == NULL);
		unquote(q, n, cuts[1], &back);
	}
	PROMISE(buffer_length(&back) == size);
	PROMISE(size == 0 || memcmp(buffer_bytes(&back), text, size) == 0);
	return 0;
}
