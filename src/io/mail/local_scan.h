/* SPDX-License-Identifier: ISC */
/* The part of local that reads messages from an mbox. */
#ifndef IO_MAIL_LOCAL_SCAN_H
#define IO_MAIL_LOCAL_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "io/mail/local_mbox.h"

/*
 * Reads the part of the file open as fd from one offset, that of a From_ line,
 * to another, and on to the end of the line there. Each message is added to
 * mbox, with the last of its paths. Returns false with errno if the part cannot
 * be read completely.
 */
bool local_scan(struct local_mbox *mbox, int fd, bool trashed, uint64_t from,
	uint64_t to);

#endif
