/* SPDX-License-Identifier: ISC */
/* Uids as people read them on a terminal, and as they type them. */
#ifndef CORE_UID_NAME_H
#define CORE_UID_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "core/uid.h"

/*
 * The uid as text that is safe on a terminal and can be typed: unsafe
 * characters and malformed bytes are written as \xNN, as text_printable does,
 * and so is a backslash that would read like the beginning of such an escape.
 * Two different uids have different texts. The caller frees it.
 */
char *uid_text(struct uid uid);

/* How a text that somebody typed names a uid: the later, the better. */
enum uid_match {
	UID_MATCH_NONE,
	UID_MATCH_SHORTENED, /* "head...tail", as width_cut_middle prints it */
	UID_MATCH_PREFIX,
	UID_MATCH_EXACT,
};

/* Fewer bytes than this name no uid but one that has no more. */
#define UID_NAME_MIN 4

/* A text that somebody typed. */
struct uid_name {
	const char *text; /* borrowed */
	char *bytes;	  /* owned; the same with its escapes decoded */
	size_t length;	  /* of bytes */
	/* Only digits, and so few of them, perhaps behind a #, that a message
	 * number may be meant: it is no prefix. */
	bool is_number;
};

void uid_name_init(struct uid_name *name, const char *text);
void uid_name_release(struct uid_name *name);

/* Does the text name this uid? Escapes count as what they stand for, too. */
enum uid_match uid_name_match(const struct uid_name *name, struct uid uid);

#endif
