/* SPDX-License-Identifier: ISC */
/* Shared by the files that write into a Maildir and that find what is in it. */
#ifndef IO_MAIL_MAILDIR_INTERNAL_H
#define IO_MAIL_MAILDIR_INTERNAL_H

#include <sys/types.h>

#include "io/mail/destination.h"

struct waiting {
	char name[LETTER_NAME_MAX];
	uint64_t size; /* in bytes */
	int fd;	       /* -1: closed */
	bool resumed;  /* from an earlier run: never removed here */
};

struct pending {
	struct waiting *at; /* owned */
	size_t count;
	size_t room;
};

struct maildir {
	struct destination destination;
	char *path; /* owned */
	int tmp;
	int new;
	int cur;
	mode_t mode; /* of its files */
	bool sizes;  /* their names end in their size */
	bool syncfs; /* does one syncfs do the work of syncing each file? */
	char host[64];
	unsigned counter;
	uint32_t chance;	/* random part of every name of this process */
	struct waiting current; /* begun, not ended: fd >= 0 */
	/* Ended messages are added to open, while another thread seals and
	 * publishes closed. */
	struct pending open;
	struct pending closed;
};

/*
 * Fails with what was attempted, on which part, why it failed (errno), and what
 * to do.
 */
bool maildir_failed(struct maildir *maildir, enum error_kind kind,
	const char *what, const char *name, struct error *err);

static inline struct maildir *maildir_of(struct destination *destination)
{
	return (struct maildir *)destination;
}

/* Where a letter of an earlier run was found. */
enum maildir_found {
	MAILDIR_GONE,	 /* nowhere */
	MAILDIR_WAITING, /* complete or not, under its name in tmp/ */
	MAILDIR_ARRIVED, /* in new/, cur/ or those of a subfolder */
};

/*
 * Finds the letters of an earlier run (count of them) by their base names,
 * whatever flags a mail reader gave them and whichever folder below this
 * Maildir it moved them to; what was found is durable. A letter without a name
 * is not found. ERROR_WRITE if a directory cannot be read to its end: nobody
 * then knows.
 */
bool maildir_locate(struct maildir *maildir, const struct letter *letters,
	size_t count, enum maildir_found *found, struct error *err);

/*
 * Opens the copies of letters for reading, wherever maildir_locate would find
 * them. fds is set even on failure: -1 if a copy was not found.
 */
bool maildir_open_found(struct maildir *maildir, const struct letter *letters,
	size_t count, int *fds, struct error *err);

/* Adds a letter found waiting to the sealed batch, to be published. */
void maildir_resume(struct maildir *maildir, const struct letter *letter);

/*
 * Moves the sealed batch into new/, durably, and empties it. verdicts: NULL, or
 * as in destination_ops.
 */
bool maildir_publish_batch(
	struct maildir *maildir, enum verdict *verdicts, struct error *err);

/* For maildir_ops. */
struct destination *maildir_open(
	const struct destination_opening *opening, struct error *err);
void maildir_close(struct destination *destination);
void maildir_sweep(struct destination *destination);
bool maildir_has(struct destination *destination, const struct letter *letters,
	size_t count, bool *there, struct error *err);
bool maildir_recover(struct destination *destination,
	const struct letter *letters, size_t count, bool *arrived,
	struct error *err);

#endif
