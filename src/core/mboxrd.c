/* SPDX-License-Identifier: ISC */
#include "core/mboxrd.h"

#include <string.h>

static const char from[] = "From ";
#define FROM_LENGTH (sizeof from - 1)

/* Appends what was held back of a line that turned out to be no From_ line. */
static bool let_go(struct mboxrd *mboxrd, struct buffer *out)
{
	bool ok = buffer_append(out, from, mboxrd->matched);

	mboxrd->matched = 0;
	return ok;
}

/*
 * ">>>From " with one more '>' is the same whether it goes in front of the line
 * or of the "From": only "From " is ever waited for.
 */
bool mboxrd_quote(struct mboxrd *mboxrd, const char *text, size_t length,
	struct buffer *out)
{
	const char *p = text;
	const char *end = text + length;

	while (p < end) {
		if (mboxrd->in_line) {
			const char *lf = memchr(p, '\n', (size_t)(end - p));
			const char *stop = lf == NULL ? end : lf + 1;

			if (!buffer_append(out, p, (size_t)(stop - p)))
				return false;
			mboxrd->in_line = lf == NULL;
			p = stop;
		} else if (*p == from[mboxrd->matched]) {
			p++;
			if (++mboxrd->matched < FROM_LENGTH)
				continue;
			if (!buffer_append(out, ">", 1) || !let_go(mboxrd, out))
				return false;
			mboxrd->in_line = true;
		} else if (*p == '>' && mboxrd->matched == 0) {
			if (!buffer_append(out, ">", 1))
				return false;
			p++;
		} else {
			if (!let_go(mboxrd, out))
				return false;
			mboxrd->in_line = true;
		}
	}
	return true;
}

bool mboxrd_quote_end(struct mboxrd *mboxrd, struct buffer *out)
{
	return let_go(mboxrd, out);
}
