/* SPDX-License-Identifier: ISC */
/*
 * mboxrd: a line of a message that matches ^>*From_ gets one more '>' in front,
 * so that it is no separator, and loses it again when it is read (mbox_scan):
 * nothing is lost.
 */
#ifndef CORE_MBOXRD_H
#define CORE_MBOXRD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"

/* Where a quoting stands; zero is the start of a message. */
struct mboxrd {
	bool in_line;	  /* past the point where "From " could begin */
	unsigned matched; /* octets of "From " seen and held back */
};

/*
 * Appends text (length octets, any bytes, pieces of any size) to out, quoted.
 * False when out is full. mboxrd_quote_end appends what was held back.
 */
bool mboxrd_quote(struct mboxrd *mboxrd, const char *text, size_t length,
	struct buffer *out);
bool mboxrd_quote_end(struct mboxrd *mboxrd, struct buffer *out);

#endif
