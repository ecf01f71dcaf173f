/* SPDX-License-Identifier: ISC */
/* Errors: filled in once, where the cause is known. */
#ifndef CORE_ERROR_H
#define CORE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

/* Each kind asks for another reaction of the user: see error_status. */
enum error_kind {
	ERROR_NONE,
	ERROR_USAGE,	   /* the command line */
	ERROR_DATA,	   /* a damaged store, or a bad file to import */
	ERROR_HOST,	   /* the server's name is unknown */
	ERROR_UNAVAILABLE, /* the server refuses, or there is no TLS */
	ERROR_SOFTWARE,	   /* a bug in keepmail or in a library */
	ERROR_CREATE,	   /* a destination or state cannot be created */
	ERROR_WRITE,	   /* the disk is full, or an I/O error */
	ERROR_TEMPORARY,   /* network, [IN-USE], another run: try again */
	ERROR_PROTOCOL,	   /* the server violates the POP3 protocol */
	ERROR_LOGIN,	   /* user or password was refused */
	ERROR_CONFIG,	   /* the rc file */
};

struct error {
	enum error_kind kind;
	char text[1200];  /* one sentence, printable, no final newline */
	char server[256]; /* the server's own words, printable, or "" */
};

/*
 * Fills err and always returns false, so that it can be used in a return
 * statement. Text that is too long is truncated. If err is filled already it is
 * not changed: the first error counts, not those of a clean-up after it.
 */
bool error_set(struct error *err, enum error_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * As error_set; also stores the server's own words (length bytes of any value),
 * made printable, in err->server.
 */
bool error_set_server(struct error *err, enum error_kind kind,
	const char *words, size_t length, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* The exit status of sysexits.h that a kind maps to; 0 for ERROR_NONE. */
int error_status(enum error_kind kind);

/*
 * The worse of two exit statuses: 75, which may resolve itself, is worse than
 * 0, and every other one, which needs a person, is worse than 75.
 */
int error_worse(int a, int b);

/*
 * Adds a second error to err. The text then contains both, the worse one first,
 * and the kind is that of the worse one. Does nothing if second is empty or its
 * text is contained in err already.
 */
void error_add(struct error *err, const struct error *second);

#endif
