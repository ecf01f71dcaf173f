/* SPDX-License-Identifier: ISC */
/* What writing into a Maildir and finding what is in it share. */
#ifndef IO_MAIL_MAILDIR_INTERNAL_H
#define IO_MAIL_MAILDIR_INTERNAL_H

#include "io/mail/destination.h"

struct waiting {
	char name[LETTER_NAME_MAX];
	int fd;	      /* -1: closed */
	bool resumed; /* an earlier run's: never taken away here */
};

struct batch {
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
	bool syncfs; /* is one syncfs as good as a sync of each file? */
	char host[64];
	unsigned counter;
	uint32_t chance;	/* in every name of this process */
	struct waiting current; /* begun, not ended: fd >= 0 */
	/* What is ended goes into the one, while another thread seals and
	 * publishes the other. */
	struct batch open;
	struct batch closed;
};

/* Fails with what was tried on which part, why it failed (errno), and what to
 * do. */
bool maildir_failed(struct maildir *maildir, enum error_kind kind,
	const char *what, const char *name, struct error *err);

static inline struct maildir *maildir_of(struct destination *destination)
{
	return (struct maildir *)destination;
}

/* Where a letter of an earlier run was found. */
enum maildir_found {
	MAILDIR_GONE,	 /* nowhere */
	MAILDIR_WAITING, /* whole or not, under its name in tmp/ */
	MAILDIR_ARRIVED, /* in new/, cur/ or a subfolder's */
};

/*
 * Finds the letters of an earlier run by their base names (count of them),
 * whatever flags a mail reader gave them and whichever folder below this
 * Maildir it moved them to; what was found is durable. A letter without a name
 * is nowhere. ERROR_WRITE when a directory cannot be read to its end: then
 * nobody knows.
 */
bool maildir_locate(struct maildir *maildir, const struct letter *letters,
	size_t count, enum maildir_found *found, struct error *err);

/*
 * Opens the copies of letters, to be read (fds: -1 where one is not found, set
 * on failure, too), wherever maildir_locate would find them.
 */
bool maildir_open_found(struct maildir *maildir, const struct letter *letters,
	size_t count, int *fds, struct error *err);

/* Adds a letter found waiting to the sealed batch, to be published. */
void maildir_resume(struct maildir *maildir, const struct letter *letter);

/* Moves the sealed batch into new/, durably, and empties it; verdicts: NULL,
 * or as destination_ops has it. */
bool maildir_publish_batch(
	struct maildir *maildir, enum verdict *verdicts, struct error *err);

/* Of maildir_ops. */
struct destination *maildir_open(
	const char *path, const char *spool_directory, struct error *err);
void maildir_close(struct destination *destination);
void maildir_sweep(struct destination *destination);
bool maildir_has(struct destination *destination, const struct letter *letters,
	size_t count, bool *there, struct error *err);
bool maildir_recover(struct destination *destination,
	const struct letter *letters, size_t count, bool *arrived,
	struct error *err);

#endif
