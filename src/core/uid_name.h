/* SPDX-License-Identifier: ISC */
/* Uids as they are shown on a terminal and typed by users. */
#ifndef CORE_UID_NAME_H
#define CORE_UID_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "core/uid.h"

/*
 * Formats the uid as text that is safe on a terminal and can be typed: unsafe
 * characters and malformed bytes become \xNN, as in text_printable, and so does
 * a backslash that would look like the start of such an escape. Different uids
 * have different texts. The caller frees it.
 */
char *uid_text(struct uid uid);

/* How a typed text matches a uid, worst first. */
enum uid_match {
	UID_MATCH_NONE,
	UID_MATCH_SHORTENED, /* "head...tail", as printed by width_cut_middle */
	UID_MATCH_PREFIX,
	UID_MATCH_EXACT,
};

/* Minimum bytes of an abbreviation; a shorter text must match exactly. */
#define UID_NAME_MIN 4

/* A text typed by a user. */
struct uid_name {
	const char *text; /* borrowed */
	char *bytes;	  /* owned; text with its escapes decoded */
	size_t length;	  /* of bytes */
	/* It consists of so few digits, perhaps after a #, that a message
	 * number may be meant; it is not treated as a prefix. */
	bool is_number;
};

void uid_name_init(struct uid_name *name, const char *text);
void uid_name_release(struct uid_name *name);

/*
 * Returns how the text matches this uid, both literally and with its escapes
 * decoded.
 */
enum uid_match uid_name_match(const struct uid_name *name, struct uid uid);

#endif
