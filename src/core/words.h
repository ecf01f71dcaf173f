/* SPDX-License-Identifier: ISC */
/* Decodes header fields for display (RFC 2047 and RFC 5322). */
#ifndef CORE_WORDS_H
#define CORE_WORDS_H

#include <stddef.h>

#include "core/charset.h"

/*
 * Decodes the value of a field (length bytes of any value). Encoded words (RFC
 * 2047 section 2, B and Q) in UTF-8, US-ASCII and the charsets in charsets
 * (NULL: none) become UTF-8, and spaces between two of them are removed.
 * Adjacent words of the same charset are treated as one text, so a character
 * may be split between them. Malformed words, those of other charsets, and all
 * other text remain as they are. Runs of spaces become one space, and those at
 * both ends are removed. The result may still contain any bytes, so the caller
 * must use text_printable. Writes at most size bytes to room (which must not
 * overlap text), not terminated, and returns how many. Leaves no state in the
 * converters.
 */
size_t words_decode(char *room, size_t size, const struct charsets *charsets,
	const char *text, size_t length);

/* The first mailbox of a From field, decoded as by words_decode. */
struct words_mailbox {
	char name[512]; /* its name; empty if there is none */
	size_t name_length;
	char address[512];
	size_t address_length;
};

/*
 * Parses the first mailbox of a field's value (RFC 5322 section 3.4, with the
 * comments and spaces of section 4.4). The name is the display name or, if
 * there is none, a comment; for a group, it is the group's name. Values that
 * are too long are truncated.
 */
void words_mailbox(struct words_mailbox *mailbox,
	const struct charsets *charsets, const char *text, size_t length);

#endif
