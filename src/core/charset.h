/* SPDX-License-Identifier: ISC */
/* Charsets that header fields are written in, and how they become UTF-8. */
#ifndef CORE_CHARSET_H
#define CORE_CHARSET_H

#include <iconv.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	CHARSET_UTF_8,
	CHARSET_ASCII,
	CHARSET_WINDOWS_1252, /* and what calls itself ISO-8859-1 */
	/* Others have numbers behind these. */
	CHARSET_MAX = 64,
};

/* A number for each that may be at hand, and of CHARSET_MAX for no other. */
struct charsets {
	iconv_t converters[CHARSET_MAX]; /* owned; (iconv_t)-1: none */
};

/*
 * Opens what converts them to UTF-8 by open_one, which is iconv_open. That
 * loads modules from files, which core does not: who calls this does, while it
 * may (io/process/language). What cannot be opened is left out. A stranger's
 * name for a charset never goes to open_one: the names that do are in
 * charset.c, so that no stranger chooses which code is loaded.
 */
void charsets_open(struct charsets *charsets,
	iconv_t (*open_one)(const char *to, const char *from));

void charsets_close(struct charsets *charsets);

/*
 * The number of the charset with this name (letters of either case; "*" and a
 * language may follow: RFC 2231 section 5), CHARSET_MAX for one that is not
 * known, or not in charsets, which may be NULL: those that need no converter
 * are known then.
 */
size_t charset_named(
	const struct charsets *charsets, const char *name, size_t length);

#endif
