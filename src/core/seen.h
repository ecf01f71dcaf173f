/* SPDX-License-Identifier: ISC */
/* The files in which other fetchers record what they have fetched. */
#ifndef CORE_SEEN_H
#define CORE_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/maildrop.h"

enum seen_format {
	SEEN_FETCHMAIL,
	SEEN_GETMAIL,
	SEEN_MPOP,
	SEEN_FDM,
	SEEN_THUNDERBIRD,
	SEEN_CLAWS,
};
#define SEEN_FORMATS 6

/* As the user names them, in the order of the enum. */
extern const char *const seen_names[SEEN_FORMATS];

/* Longest uid according to RFC 1939 section 7; longer ones are reported. */
#define SEEN_UID_USUAL 70

struct seen {
	enum seen_format format;
	const char *server; /* borrowed; only entries of this account count */
	const char *user;
	struct maildrop uids; /* at ordinal 0, once indexed */
	int64_t *times;	      /* owned; one for each uid: when it was fetched,
			       * in seconds since 1970; 0: unknown */
	size_t times_room;
};

/* What was found in a file. */
struct seen_notes {
	size_t taken;	      /* uids of this account that were fetched */
	size_t unseen;	      /* not taken: only their headers were fetched */
	size_t others;	      /* entries of other accounts */
	char names[400];      /* of these accounts, printable, truncated */
	size_t odd;	      /* taken, but not allowed by RFC 1939 */
	size_t strange;	      /* lines that are not in this format */
	size_t first_strange; /* line number of the first; 0: none */
	bool full;	      /* more than a maildrop holds: the rest is lost */

	/* Used while the file is read. */
	size_t line;
	char last_name[256]; /* the account added to names last */
	bool mine;	     /* the current list is this account's */
	bool in_list;	     /* mpop, thunderbird: after a list's first line */
	bool timed;	     /* mpop: each uid is followed by a time */
	uint64_t due;	     /* mpop: how many uids of this list follow */
};

/* Finds the format that the user calls name; false if there is none. */
bool seen_format_named(const char *name, enum seen_format *format);

/*
 * Makes an empty set of uids. server and user (borrowed) select the account in
 * files of several accounts. key: 16 random bytes for its hash.
 */
void seen_init(struct seen *seen, enum seen_format format, const char *server,
	const char *user, const uint64_t key[2]);
void seen_release(struct seen *seen);

/*
 * Is a file of this name the account's, according to the format's conventions?
 * True for any name if the format has no such convention.
 */
bool seen_owns_file(const struct seen *seen, const char *name);

/*
 * Reads a whole file (any bytes, not kept). Lines that are not understood are
 * skipped, and counted in *notes.
 */
void seen_parse(struct seen *seen, const char *text, size_t length,
	struct seen_notes *notes);

/* To be called once, after the last file and before seen_find. */
void seen_index(struct seen *seen);

/*
 * The position in seen->uids of a uid that the server lists, in the form in
 * which this fetcher writes it; or MAILDROP_NOT_FOUND. The ordinal is ignored:
 * other fetchers do not distinguish messages with the same uid.
 */
size_t seen_find(const struct seen *seen, struct uid uid);

#endif
