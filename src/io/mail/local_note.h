/* SPDX-License-Identifier: ISC */
/*
 * The part of local that notes what an mbox contains, so that an mbox that did
 * not change need not be read again, and of one that grew, only the new end.
 */
#ifndef IO_MAIL_LOCAL_NOTE_H
#define IO_MAIL_LOCAL_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "io/mail/local_mbox.h"

/*
 * Returns a note about the messages (count of them, not 0; all those of one
 * mbox, in order), and the state of its file, open as fd. NULL if the file
 * changed so recently that another change might go unnoticed, or cannot be
 * read. The caller frees it.
 */
void *local_note_make(int fd, const struct local_message *messages,
	size_t count, size_t *length);

/*
 * Returns the part of such a note that is still valid for the file open as fd:
 * a new array of *count messages, which the caller frees; NULL: none. *from is
 * the offset from which the file has to be read; its size if all of it is
 * noted.
 */
struct local_message *local_note_read(
	int fd, const void *note, size_t length, size_t *count, uint64_t *from);

#endif
