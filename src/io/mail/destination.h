/* SPDX-License-Identifier: ISC */
/*
 * The kinds of places that mail is put into: what each can do, how it does it
 * (destination_ops, which delivery alone calls), and what is asked about one
 * that is not open. A new kind is a file with its ops, and a row in
 * destination.c and in tests/io/mail/destination_test.c.
 */
#ifndef IO_MAIL_DESTINATION_H
#define IO_MAIL_DESTINATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/account.h"
#include "core/error.h"
#include "core/letter.h"

/* What publishing did with a message of the batch. */
enum verdict {
	VERDICT_FAILED,	   /* it is not in its place, or may not stay there */
	VERDICT_PUBLISHED, /* it is in its place, durably */
	VERDICT_FORGONE,   /* it was taken out of the batch before */
};

/* An open one; the first member of what each kind has of its own. */
struct destination {
	const struct destination_ops *ops;
};

/*
 * As delivery.h says of the functions of the same names; what follows turn up
 * to abandon is about the closed batch.
 */
struct destination_ops {
	/* NULL with ERROR_CREATE. */
	struct destination *(*open)(const char *path,
		const char *spool_directory, struct error *err);
	/* What was not published is taken away. Safe on NULL. */
	void (*close)(struct destination *destination);
	void (*sweep)(struct destination *destination);
	bool (*begin)(struct destination *destination, struct error *err);
	/* The caller passes large pieces. */
	bool (*write)(struct destination *destination, const char *bytes,
		size_t length, struct error *err);
	/* sender, now: of a From_ line. Sets letter->name. */
	bool (*end)(struct destination *destination, const char *sender,
		int64_t now, struct letter *letter, struct error *err);
	void (*drop)(struct destination *destination);
	void (*drop_last)(struct destination *destination, size_t count);
	void (*turn)(struct destination *destination);
	bool (*has)(struct destination *destination,
		const struct letter *letters, size_t count, bool *there,
		struct error *err);
	void (*forgo)(struct destination *destination, size_t i);
	bool (*seal)(struct destination *destination, struct letter *letters,
		size_t count, struct error *err);
	/* A verdict for each message of the batch, whatever it returns. */
	bool (*publish)(struct destination *destination, enum verdict *verdicts,
		struct error *err);
	void (*abandon)(struct destination *destination);
	bool (*recover)(struct destination *destination,
		const struct letter *letters, size_t count, bool *arrived,
		struct error *err);
};

/* What a kind can do, and what is asked about a place at an absolute path. */
struct destination_traits {
	const struct destination_ops *ops; /* or NULL: it cannot be opened */
	const char *words;		   /* "a Maildir" */
	bool findable;	   /* copies can be looked up (local_find) */
	bool rereadable;   /* and be read (local_verify) */
	bool confirms;	   /* commits by itself; nothing of it is recovered */
	bool named;	   /* copies have names, which say whether they are ours
			    */
	bool opens_copies; /* has opens files that are not the place itself */
	bool needs_head;   /* letters have head_octets and head_sha256 */
	/* In new memory: the directory that mail, and its locks, are put into.
	 */
	char *(*directory)(const char *path);
	/* In new memory: the directory that is synced when mail is put there.
	 */
	char *(*synced)(const char *path);
	/* In new memory: where the letter was put, in words. */
	char *(*where)(const char *path, const struct letter *letter);
	bool (*is_missing)(const char *path);
	bool (*has_mail)(const char *path);
	bool (*is_ours)(const struct letter *letter);
	bool (*check)(const char *path, bool *there, struct error *err);
};

/* Never NULL; DESTINATION_NONE has no ops and can do nothing. */
const struct destination_traits *destination_traits(enum destination_kind kind);

/*
 * The same, for an account's kind and path, which must be set.
 *
 * directory: the Maildir, or the directory of the mbox: what tells whether it
 * is the place that mail was put into before, and what a confined worker may
 * write to. can_sync: does its file system sync what is put there? is_missing:
 * what mail was put into is not there (ENOENT); what cannot be looked at is not
 * missing. has_mail: of a kind whose copies are not named: a file that mail was
 * put into, and that holds any. is_ours: was the copy put there by keepmail, as
 * far as can be told? check: as place.h.
 */
char *destination_directory(enum destination_kind kind, const char *path);
char *destination_where(enum destination_kind kind, const char *path,
	const struct letter *letter);
bool destination_can_sync(enum destination_kind kind, const char *path);
bool destination_is_missing(enum destination_kind kind, const char *path);
bool destination_has_mail(enum destination_kind kind, const char *path);
bool destination_is_ours(
	enum destination_kind kind, const struct letter *letter);
bool destination_check(enum destination_kind kind, const char *path,
	bool *there, struct error *err);

#endif
