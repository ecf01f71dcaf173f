/* SPDX-License-Identifier: ISC */
/* Charsets of header fields, and their converters to UTF-8. */
#ifndef CORE_CHARSET_H
#define CORE_CHARSET_H

#include <iconv.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	CHARSET_UTF_8,
	CHARSET_ASCII,
	CHARSET_WINDOWS_1252, /* also used for ISO-8859-1 */
	/* The others follow, without names here. */
	CHARSET_MAX = 64,
};

/* A converter for each charset, indexed by its number. */
struct charsets {
	iconv_t converters[CHARSET_MAX]; /* owned; (iconv_t)-1: none */
};

/*
 * Opens the converters to UTF-8 by calling open_one, which is iconv_open. This
 * loads modules from files, which core must not do itself, so the caller does
 * it while it may (io/process/language). Converters that cannot be opened are
 * omitted. Charset names in mail are never passed to open_one, only the names
 * in charset.c, so mail cannot choose which code is loaded.
 */
void charsets_open(struct charsets *charsets,
	iconv_t (*open_one)(const char *to, const char *from));

void charsets_close(struct charsets *charsets);

/*
 * Returns the number of the charset with this name (case-insensitive; "*" and a
 * language may follow: RFC 2231 section 5), or CHARSET_MAX if it is unknown or
 * has no converter in charsets. If charsets is NULL, only those that need no
 * converter are known.
 */
size_t charset_named(
	const struct charsets *charsets, const char *name, size_t length);

#endif
