/* SPDX-License-Identifier: ISC */
/* What another fetcher remembers of the messages that it has fetched. */
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

/* RFC 1939 section 7: longer uids are told. */
#define SEEN_UID_USUAL 70

struct seen {
	enum seen_format format;
	const char *server; /* borrowed; whose entries count */
	const char *user;
	struct maildrop uids; /* each once, at ordinal 0, once indexed */
	int64_t *times;	      /* owned; of each, seconds since 1970; 0: none */
	size_t times_room;
};

/* What a file had in it. */
struct seen_notes {
	size_t taken;	      /* uids of this account, seen */
	size_t unseen;	      /* its headers alone were fetched: left out */
	size_t others;	      /* entries of other accounts */
	char names[400];      /* whose, as far as there is room; printable */
	size_t odd;	      /* taken, but no uid that RFC 1939 allows */
	size_t strange;	      /* lines that are none of this format */
	size_t first_strange; /* the number of the first; 0: none */
	bool full;	      /* more than a maildrop takes: the rest is left */

	/* While it is read. */
	size_t line;
	char last_name[256]; /* of the other account told last */
	bool mine;	     /* the entries below are the account's */
	bool in_list;	     /* mpop, thunderbird: below a list's first line */
	bool timed;	     /* mpop: each uid has a time behind it */
	uint64_t due;	     /* mpop: uids of this list still to come */
};

/* True with the format called so by the user. */
bool seen_format_named(const char *name, enum seen_format *format);

/*
 * An empty memory; server and user say whose entries of a file for several
 * accounts count, and outlive it. key: 16 random octets for its hash.
 */
void seen_init(struct seen *seen, enum seen_format format, const char *server,
	const char *user, const uint64_t key[2]);
void seen_release(struct seen *seen);

/*
 * Is this what the format calls the account's own file? True of every name
 * where a file's name does not tell.
 */
bool seen_owns_file(const struct seen *seen, const char *name);

/*
 * Takes in a whole file: any bytes, which are not kept. What is not understood
 * is counted in *notes, and stops nothing.
 */
void seen_parse(struct seen *seen, const char *text, size_t length,
	struct seen_notes *notes);

/* Called once, after the last file: makes the uids findable. */
void seen_index(struct seen *seen);

/*
 * The position in seen->uids of what this fetcher wrote for a uid that a server
 * lists, which it may have changed or cut; MAILDROP_NOT_FOUND. Copies that
 * share a uid are one to other fetchers.
 */
size_t seen_find(const struct seen *seen, struct uid uid);

#endif
