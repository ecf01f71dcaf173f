/* SPDX-License-Identifier: ISC */
/* What a header's fields say to people: RFC 2047 and RFC 5322 undone. */
#ifndef CORE_WORDS_H
#define CORE_WORDS_H

#include <stddef.h>

#include "core/charset.h"

/*
 * Decodes a field's value (length octets, any value): encoded words of RFC 2047
 * section 2 (B and Q) in UTF-8, US-ASCII and what is in charsets (NULL:
 * nothing) become UTF-8, and blanks between two of them go. Adjacent ones of
 * the same charset are one text, in which a character may be cut in two. One
 * that is malformed, or of another charset, stays as it is, and so does
 * everything else. Runs of blanks become one, those at the ends go. What comes
 * out may still be any octets: text_printable is for the caller. Writes at most
 * size octets into room (may not be text), not terminated, and returns how
 * many. Of the converters in charsets nothing is left over for the next call.
 */
size_t words_decode(char *room, size_t size, const struct charsets *charsets,
	const char *text, size_t length);

/* Whom a From field names first, decoded as by words_decode. */
struct words_mailbox {
	char name[512]; /* what it is called there; empty if it is not */
	size_t name_length;
	char address[512];
	size_t address_length;
};

/*
 * Reads the first mailbox of a field's value (RFC 5322 section 3.4, with the
 * comments and blanks of section 4.4). The name is the display name or, where
 * there is none, a comment; of a group, the group's. What is longer than there
 * is room for is cut.
 */
void words_mailbox(struct words_mailbox *mailbox,
	const struct charsets *charsets, const char *text, size_t length);

#endif
