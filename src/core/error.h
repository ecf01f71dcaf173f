/* SPDX-License-Identifier: ISC */
/* What went wrong, told once, where its cause is known. */
#ifndef CORE_ERROR_H
#define CORE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

/* The kinds differ in what the user has to do next: see error_status. */
enum error_kind {
	ERROR_NONE,
	ERROR_USAGE,	   /* the command line */
	ERROR_DATA,	   /* a store, or a file to import, that is no good */
	ERROR_HOST,	   /* the server's name is unknown */
	ERROR_UNAVAILABLE, /* the server will not, or TLS cannot be had */
	ERROR_SOFTWARE,	   /* a fault of our own or of a library */
	ERROR_CREATE,	   /* a destination or state that cannot be made */
	ERROR_WRITE,	   /* disk full, an input/output error */
	ERROR_TEMPORARY,   /* network, [IN-USE], another run: try again */
	ERROR_PROTOCOL,	   /* the server does not speak POP3 as it should */
	ERROR_LOGIN,	   /* user or password refused */
	ERROR_CONFIG,	   /* the rc file */
};

struct error {
	enum error_kind kind;
	char text[1200];  /* one sentence, printable, no final newline */
	char server[256]; /* the server's own words, printable, or "" */
};

/*
 * Fills err and returns false, so that a function may end with it. Text that
 * is too long is cut. A first error is kept: a later one in the same struct
 * (a clean-up that fails too) changes nothing.
 */
bool error_set(struct error *err, enum error_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * As error_set, with the server's own words (any bytes, length octets) made
 * printable and kept apart.
 */
bool error_set_server(struct error *err, enum error_kind kind,
	const char *words, size_t length, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* The exit status of sysexits.h that a kind maps to; 0 for ERROR_NONE. */
int error_status(enum error_kind kind);

/*
 * The worse of two exit statuses: what needs a person (any other status) is
 * worse than what passes by itself (75), which is worse than 0.
 */
int error_worse(int a, int b);

/*
 * Something else went wrong after err, or because of it: both are told in one
 * text, the worse of them first, which decides the kind. Without effect where
 * err tells the second already, or there is none.
 */
void error_add(struct error *err, const struct error *second);

#endif
