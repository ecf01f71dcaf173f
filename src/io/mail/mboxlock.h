/* SPDX-License-Identifier: ISC */
/* The locks that programs take by convention before they write to an mbox. */
#ifndef IO_MAIL_MBOXLOCK_H
#define IO_MAIL_MBOXLOCK_H

#include <stdbool.h>

#include "core/error.h"

/* Must be zeroed first. */
struct mboxlock {
	char *dot; /* owned; the path of our dot-lock, or NULL */
};

/*
 * Locks the mbox at path, open as fd: fcntl, then dot-lock, as Debian's policy
 * 11.6 asks; without a dot-lock if its directory is not writable. A dot-lock
 * that a killed keepmail left behind is removed. Waits for up to half a minute,
 * then fails with ERROR_TEMPORARY. The fcntl lock lasts until the descriptor is
 * closed.
 */
bool mboxlock_take(
	struct mboxlock *lock, const char *path, int fd, struct error *err);

/*
 * Waits, for some seconds at most, until no other program holds a lock on the
 * mbox at path, open as fd: while one rewrites it, messages seem to be gone.
 * False with errno (EBUSY) when one still holds it.
 */
bool mboxlock_wait(const char *path, int fd);

/* Removes the dot-lock; safe on a lock that was never taken. */
void mboxlock_drop(struct mboxlock *lock);

#endif
