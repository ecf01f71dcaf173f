/* SPDX-License-Identifier: ISC */
/*
 * The kinds of destinations: what each kind can do, how it does it
 * (destination_ops, which only delivery calls), and what can be asked about one
 * that is not open. A new kind is a file with its ops, and a row each in
 * destination.c and tests/io/mail/destination_test.c.
 */
#ifndef IO_MAIL_DESTINATION_H
#define IO_MAIL_DESTINATION_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/account.h"
#include "core/error.h"
#include "core/gmail.h"
#include "core/letter.h"
#include "core/uid.h"
#include "io/mail/peer.h"
#include "io/process/patience.h"

/* What became of a message of the batch that was published. */
enum verdict {
	VERDICT_FAILED,	   /* it is not in its place, or may not stay there; or
			    * whether it is there is not known */
	VERDICT_PUBLISHED, /* it is in its place, durably; or confirmed */
	VERDICT_REFUSED,   /* the destination does not take it, now or later */
	VERDICT_DEFERRED,  /* it was not taken this time, or not handed over */
	VERDICT_FORGONE,   /* it was removed from the batch before */
};

/* What became of a message whose text is complete. */
enum addition {
	ADDITION_FAILED,  /* it must be dropped, and no other be delivered */
	ADDITION_REFUSED, /* it was dropped; others can be delivered */
	ADDITION_DONE,	  /* it is in the open batch */
};

/* The answer of a destination that confirms each message by itself. */
struct confirmation {
	size_t i; /* of the message, in the batch */
	enum verdict verdict;
	char where[LETTER_NAME_MAX]; /* VERDICT_PUBLISHED: its own words */
	struct error why;	     /* VERDICT_REFUSED */
};

/* Returns false if nothing more must be delivered. */
typedef bool destination_confirm(
	void *data, const struct confirmation *answer, struct error *err);

/* An open destination; the first member of each kind's own struct. */
struct destination {
	const struct destination_ops *ops;
	/* Called during publish by a kind that confirms, unless it is NULL. */
	destination_confirm *confirm;
	void *confirm_data;
};

/* Within this time there is an answer, or none. */
#define DESTINATION_UPLOAD_SECONDS 4000

/* A message that is sent to Gmail, and the answer. */
struct destination_upload {
	int file;
	const struct patience *wait; /* once it is over, there is no answer */
	bool asks;		     /* only whether the token is accepted */
	bool answered;		     /* else failure says why not */
	struct gmail_answer said;
	struct error failure;
};

/* What is needed to open one; all borrowed. */
struct destination_opening {
	const char *account; /* its name; NULL: for delivery_recover only */
	/* For delivery_recover: the name of the last message that it confirmed
	 * before; or NULL. */
	const char *last;
	const struct account_destination *destination;
	/* It is not known what an earlier run has handed over: one message at a
	 * time shows which of them is to blame. */
	bool careful;
	const char *spool_directory;
	/* Wipes what a process that is started need not know; or NULL. */
	void (*forget)(void *data);
	void *forget_data;
	/* Connects and logs in to the account's IMAP server. */
	bool (*dial)(
		void *data, struct peer_channel *channel, struct error *err);
	void *dial_data;
	/* Sends a message to the account's Gmail. Waits for the answer. */
	void (*upload)(void *data, struct destination_upload *upload);
	void *upload_data;
	/* Not 0: a signal came, end the run. */
	const volatile sig_atomic_t *stop;
};

/* What is known of a message when all its text was written. */
struct destination_ending {
	struct uid uid;	    /* its bytes are valid while the batch is */
	const char *sender; /* Return-Path, or "" */
	int64_t now;
};

/*
 * As in delivery.h, for the functions with the same names. Those after turn, up
 * to abandon, apply to the closed batch.
 */
struct destination_ops {
	/* Returns NULL with ERROR_CREATE. */
	struct destination *(*open)(
		const struct destination_opening *opening, struct error *err);
	/* Messages that were not published are removed. Safe on NULL. */
	void (*close)(struct destination *destination);
	void (*sweep)(struct destination *destination);
	bool (*begin)(struct destination *destination, struct error *err);
	/* The caller passes large pieces. */
	bool (*write)(struct destination *destination, const char *bytes,
		size_t length, struct error *err);
	/* Sets letter->name. */
	bool (*end)(struct destination *destination,
		const struct destination_ending *ending, struct letter *letter,
		struct error *err);
	void (*drop)(struct destination *destination);
	void (*drop_last)(struct destination *destination, size_t count);
	void (*turn)(struct destination *destination);
	bool (*has)(struct destination *destination,
		const struct letter *letters, size_t count, bool *there,
		struct error *err);
	void (*forgo)(struct destination *destination, size_t i);
	bool (*seal)(struct destination *destination, struct letter *letters,
		size_t count, struct error *err);
	/* Sets a verdict for each message of the batch, even if it fails. */
	bool (*publish)(struct destination *destination, enum verdict *verdicts,
		struct error *err);
	void (*abandon)(struct destination *destination);
	bool (*recover)(struct destination *destination,
		const struct letter *letters, size_t count, bool *arrived,
		struct error *err);
};

/* What a kind can do, and functions about a place at an absolute path. */
struct destination_traits {
	const struct destination_ops *ops; /* or NULL: it cannot be opened */
	const char *words;		   /* "a Maildir" */
	bool findable;	 /* copies can be found (local_find) */
	bool rereadable; /* copies can be read (local_verify) */
	bool confirms; /* it tells which messages it took; nothing else does */
	bool named;    /* copies have names that tell whether they are ours */
	bool opens_copies; /* has opens files other than the place itself */
	bool needs_head;   /* letters must have head_octets and head_sha256 */
	bool needs_dates;  /* ... and received */
	bool recovers;	   /* of those that confirm: recover knows what came */
	/* Returns, in new memory, the directory in which mail and its locks are
	 * stored; NULL: it is handed over to another program. */
	char *(*directory)(const char *path);
	/* Returns, in new memory, the directory that is synced when mail is
	 * stored; or NULL. */
	char *(*synced)(const char *path);
	/* Returns, in new memory, a description of where the letter was
	 * stored. */
	char *(*where)(const struct account_destination *to,
		const struct letter *letter);
	bool (*is_missing)(const char *path);
	bool (*has_mail)(const char *path);
	bool (*is_ours)(const struct letter *letter);
	bool (*check)(const char *path, bool *there, struct error *err);
	/* In its place, for a kind that must dial; else NULL. */
	bool (*ask)(const struct destination_opening *opening, bool *there,
		struct error *err);
};

/* Never NULL; DESTINATION_NONE has no ops and no abilities. */
const struct destination_traits *destination_traits(enum destination_kind kind);

/*
 * The same functions, for an account's kind and path, which must be set.
 *
 * directory: the Maildir, or the directory of the mbox, or NULL. Its identity
 * tells whether mail was stored in this place before, and it is what a confined
 * worker may write to. can_sync: does its file system support syncing what is
 * stored there? is_missing: the place of stored mail does not exist (ENOENT); a
 * place that cannot be examined is not missing. has_mail, for a kind whose
 * copies are not named: is it a file that mail was stored in, and that contains
 * any? is_ours: did keepmail store the copy, as far as can be told? check: as
 * in place.h.
 */
char *destination_directory(enum destination_kind kind, const char *path);
char *destination_where(
	const struct account_destination *to, const struct letter *letter);
bool destination_can_sync(enum destination_kind kind, const char *path);
bool destination_is_missing(enum destination_kind kind, const char *path);
bool destination_has_mail(enum destination_kind kind, const char *path);
bool destination_is_ours(
	enum destination_kind kind, const struct letter *letter);
bool destination_check(enum destination_kind kind, const char *path,
	bool *there, struct error *err);

#endif
