/* SPDX-License-Identifier: ISC */
/*
 * mboxrd quoting: a line of a message that matches ^>*From_ gets another '>' in
 * front, so that it is not taken for a separator. mbox_scan removes it again,
 * so no information is lost.
 */
#ifndef CORE_MBOXRD_H
#define CORE_MBOXRD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"

/* The state of quoting; zero at the start of a message. */
struct mboxrd {
	bool in_line;	  /* past the point where "From " could begin */
	unsigned matched; /* bytes of "From " held back */
};

/*
 * Appends text (length bytes of any value, in pieces of any size) to out,
 * quoted. mboxrd_quote_end appends what was held back. Both return false if out
 * is full.
 */
bool mboxrd_quote(struct mboxrd *mboxrd, const char *text, size_t length,
	struct buffer *out);
bool mboxrd_quote_end(struct mboxrd *mboxrd, struct buffer *out);

#endif
