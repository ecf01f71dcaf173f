/* SPDX-License-Identifier: ISC */
/* The part of local that reads messages from an mbox. */
#ifndef IO_MAIL_LOCAL_SCAN_H
#define IO_MAIL_LOCAL_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "io/mail/local_mbox.h"

/*
 * Reads what stands between two offsets of the file that is open as fd, the
 * first one a From_ line's, and goes on to the end of the line there: each
 * message is added to mbox as one of the last of its paths. False with errno
 * when it cannot be read to its end.
 */
bool local_scan(struct local_mbox *mbox, int fd, bool trashed, uint64_t from,
	uint64_t to);

#endif
