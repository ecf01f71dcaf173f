/* SPDX-License-Identifier: ISC */
/* The words of fetchmail's rc file. */
#ifndef CORE_CONVERT_FETCHMAIL_H
#define CORE_CONVERT_FETCHMAIL_H

#include "core/convert_internal.h"

/* What an option becomes: first, the fields of an account. */
enum fm_effect {
	FM_USER,
	FM_PASSWORD,
	FM_LOCAL, /* whose mail it is on this machine */
	FM_VIA,
	FM_PROTOCOL,
	FM_PORT,
	FM_AUTH,
	FM_TIMEOUT,
	FM_MDA,
	FM_SSL, /* "yes" or "no" */
	FM_SSLPROTO,
	FM_CA,
	FM_TRUST, /* what keeps other certificates from being trusted */
	FM_KEY,
	FM_CERT,
	FM_LIMIT,
	FM_KEEP, /* "yes" or "no" */
	FM_FIELDS,
	FM_QUIET = FM_FIELDS, /* the account is the same without it */
	FM_NOTED,
	FM_DOUBTED, /* it decides what becomes of mail */
	FM_REFUSED, /* or where the password goes */
	FM_NAMES,   /* "is" and "to" */
};

/* What follows its name. */
enum fm_shape {
	FM_FLAG,
	FM_TEXT,
	FM_NUMBER,
	FM_VALUE, /* text or a number */
	FM_TEXTS,
	FM_NUMBERS,
	FM_ENVELOPE, /* a number, if any, and text */
};

struct fm_option {
	const char *name;
	bool of_user;
	enum fm_shape shape;
	enum fm_effect effect;
};

enum fm_kind {
	FM_END,
	FM_WORD,   /* not in quotes */
	FM_QUOTED, /* in quotes, or where a name comes: never a keyword */
	FM_EQUALS,
};

struct fm_token {
	enum fm_kind kind;
	char *text; /* owned; to be wiped */
	bool no;    /* it was "no" and this, or one word of both */
	size_t line;
};

struct fm_entry {
	char *values[FM_FIELDS]; /* owned */
	bool doubt;
	char *refused; /* owned */
	size_t line;
};

struct fm_reading {
	struct convert *out;
	const char *at;
	const char *end;
	size_t line;
	struct fm_token token; /* the next one */
	char *host;	       /* owned; "defaults": it is none */
	bool skipped;
	bool has_defaults;
	bool has_server; /* there was one that is none of these */
	struct fm_entry defaults;
	char *idfile; /* owned */
};

struct fm_names {
	char *first; /* owned */
	bool several;
};

/* The flags of "set"; the last one is NULL. */
extern const char *const fm_set_flags[];

/* Moves to the next token; fm_next_name: which is a name, not a keyword. */
void fm_next(struct fm_reading *reading);
void fm_next_name(struct fm_reading *reading);

/* Is the next token one of these keywords? The last of a list is NULL. */
bool fm_is(const struct fm_reading *reading, const char *word);
bool fm_is_any(const struct fm_reading *reading, const char *const *list);

/* Refuses the file since the next token cannot come here. */
void fm_unexpected(struct fm_reading *reading);

/* Moves behind a keyword, and takes the text, or the number, there; owned. */
char *fm_read_text(struct fm_reading *reading);

/* Reads a list of local users, at least one. */
void fm_read_names(struct fm_reading *reading, struct fm_names *names);

/*
 * The option that the next token begins; NULL: none. *on: without "no". It is
 * consumed, but for the last word of its name.
 */
const struct fm_option *fm_find_option(
	struct fm_reading *reading, bool of_user, bool *on);

/* Moves behind the option; its value, owned, or NULL. */
char *fm_read_value(
	struct fm_reading *reading, const struct fm_option *option, bool on);

#endif
