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
#include "io/mail/spool.h"

#define MBOX_BLOCK (128 * 1024)

struct mbox {
	struct destination destination;
	char *path; /* owned */
	struct spooled current;
	struct mboxrd quoting;
	struct buffer quoted;
	char last;	   /* last byte of the message being written */
	struct spool open; /* its messages are quoted */
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
