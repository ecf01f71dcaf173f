/* SPDX-License-Identifier: ISC */
/*
 * A batch of messages, one after another in a file without a name: nothing of
 * it is left when the program ends.
 */
#ifndef IO_MAIL_SPOOL_H
#define IO_MAIL_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/error.h"
#include "core/letter.h"
#include "core/uid.h"

struct spooled {
	char from[LETTER_NAME_MAX]; /* the sender; of an mbox, a From_ line */
	struct uid uid;		    /* its bytes are borrowed */
	unsigned char identity[LETTER_DIGEST]; /* of its header, or its text */
	int64_t date; /* when it was received, as far as is known */
	off_t start;
	off_t end;
	bool ends_line;
	bool forgone; /* it is not to be delivered */
};

/* Initialise with fd = -1. */
struct spool {
	int fd;
	off_t end;
	struct spooled *at; /* owned */
	size_t count;
	size_t room;
};

/* Fails with ERROR_CREATE if no file can be created in this directory. */
bool spool_open(struct spool *spool, const char *directory, struct error *err);
void spool_close(struct spool *spool);

/* Appends text to the message that is being written. False: see errno. */
bool spool_append(struct spool *spool, const char *bytes, size_t length);

/* Adds the message, which ends where the spool ends. */
void spool_add(struct spool *spool, const struct spooled *one);

/* Removes the last count messages. */
void spool_drop_last(struct spool *spool, size_t count);

/*
 * Removes all messages, and frees their space. False: see errno; the file then
 * still has their text, which matters only to who reads it without a range.
 */
bool spool_clear(struct spool *spool);

/* Is there no message that is to be delivered? */
bool spool_is_empty(const struct spool *spool);

/*
 * Reads up to room bytes of a message from offset at, which is before its end.
 * Returns how many were read, at least 1; or -1: see errno.
 */
ssize_t spool_read(const struct spool *spool, const struct spooled *one,
	off_t at, char *bytes, size_t room);

#endif
