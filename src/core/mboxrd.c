/* SPDX-License-Identifier: ISC */
#include "core/mboxrd.h"

#include <string.h>

static const char from[] = "From ";
#define FROM_LENGTH (sizeof from - 1)

/* Appends what was held back of a line that is not a From_ line. */
static bool flush_held(struct mboxrd *mboxrd, struct buffer *out)
{
	bool ok = buffer_append(out, from, mboxrd->matched);

	mboxrd->matched = 0;
	return ok;
}

/*
 * It makes no difference whether another '>' is inserted before ">>>From " or
 * directly before "From", so only "From " needs to be held back.
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
			if (!buffer_append(out, ">", 1) ||
				!flush_held(mboxrd, out))
				return false;
			mboxrd->in_line = true;
		} else if (*p == '>' && mboxrd->matched == 0) {
			if (!buffer_append(out, ">", 1))
				return false;
			p++;
		} else {
			if (!flush_held(mboxrd, out))
				return false;
			mboxrd->in_line = true;
		}
	}
	return true;
}

bool mboxrd_quote_end(struct mboxrd *mboxrd, struct buffer *out)
{
	return flush_held(mboxrd, out);
}
