/* SPDX-License-Identifier: ISC */
/* What writing into a Maildir and finding what is in it share. */
#ifndef IO_MAIL_MAILDIR_INTERNAL_H
#define IO_MAIL_MAILDIR_INTERNAL_H

#include "io/mail/maildir.h"

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

#endif
