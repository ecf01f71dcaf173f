/* SPDX-License-Identifier: ISC */
/* The rc files of other fetchers, as accounts of keepmail. */
#ifndef CORE_CONVERT_H
#define CORE_CONVERT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/seen.h"

#define CONVERT_SETTINGS_MAX 24

/*
 * delete is set only if the file says so itself, and nothing that decides where
 * the mail goes, or which mail is deleted, was left out. It is not enough that
 * these programs delete mail by default.
 */
struct convert_account {
	char *name; /* owned; as the other program has it, or a server's */
	char *seen; /* owned; its file of what was fetched, if it says so */
	char *used; /* owned; its name in keepmail, once it has one */
	size_t line;
	char *refused; /* owned; why it cannot be converted, or NULL */
	/* Owned; a setting without counterpart by which fewer certificates are
	 * trusted than without it, or NULL: tls-ca or tls-pin has to be given.
	 */
	char *trust;
	bool doubt; /* something that matters to its mail was left out */
	size_t count;
	struct {
		const char *name; /* of a setting of keepmail; static */
		char *value;	  /* owned */
	} settings[CONVERT_SETTINGS_MAX];
};

/* All is owned. */
struct convert {
	struct convert_account *accounts;
	size_t count;
	/* Sentences about what has no counterpart; printable. */
	char **notes;
	size_t note_count;
	bool failed;
};

/* Has keepmail a converter for the rc files of this fetcher? */
bool convert_knows(enum seen_format from);

/*
 * Converts the text of an rc file. What has no counterpart is left out, and
 * noted; an account that could send its password elsewhere, or differently,
 * without it is refused. Release it in any case. False: the file was not
 * understood, and the last note says why.
 */
bool convert_text(enum seen_format from, const char *text, size_t length,
	struct convert *out);
void convert_release(struct convert *convert);

/* The value of a setting, or NULL. */
const char *convert_get(
	const struct convert_account *account, const char *name);

#endif
