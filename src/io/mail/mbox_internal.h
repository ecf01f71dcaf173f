/* SPDX-License-Identifier: ISC */
/*
 * Shared by the files that write an mbox and that find what a killed run wrote.
 */
#ifndef IO_MAIL_MBOX_INTERNAL_H
#define IO_MAIL_MBOX_INTERNAL_H

#include <sys/types.h>

#include "core/buffer.h"
#include "core/mboxrd.h"
#include "io/mail/mbox.h"
#include "io/mail/mboxlock.h"

#define MBOX_BLOCK (128 * 1024)

/* A message in the spool, quoted. */
struct spooled {
	char from[LETTER_NAME_MAX]; /* its From_ line, without LF */
	off_t start;
	off_t end;
	bool ends_line;
	bool forgone; /* it is not to be appended */
};

/* A batch: its messages, one after another in an unnamed file. */
struct spool {
	int fd;
	off_t end;
	struct spooled *at; /* owned */
	size_t count;
	size_t room;
};

struct mbox {
	struct destination destination;
	char *path; /* owned */
	struct spooled current;
	struct mboxrd quoting;
	struct buffer quoted;
	char last; /* last byte of the message being written */
	struct spool open;
	/* The rest belongs to the thread that seals and publishes, if there is
	 * one. */
	struct spool closed;
	struct mboxlock lock;
	int fd;		 /* the mbox, while it is locked; else -1 */
	off_t start;	 /* where the mbox ended before the sealed batch */
	unsigned blanks; /* line ends to add before it */
};

/* Fails with what was attempted, why it failed (errno), and what to do. */
bool mbox_failed(struct mbox *mbox, enum error_kind kind, const char *what,
	struct error *err);

static inline struct mbox *mbox_of(struct destination *destination)
{
	return (struct mbox *)destination;
}

/* Locks and opens the mbox; a missing one is empty. */
bool mbox_lock(struct mbox *mbox, struct error *err);
void mbox_unlock(struct mbox *mbox);

/* For mbox_ops. */
bool mbox_has(struct destination *destination, const struct letter *letters,
	size_t count, bool *there, struct error *err);
bool mbox_recover(struct destination *destination, const struct letter *letters,
	size_t count, bool *arrived, struct error *err);

#endif
