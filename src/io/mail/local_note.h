/* SPDX-License-Identifier: ISC */
/*
 * The part of local that notes what an mbox holds, so that one which did not
 * change since need not be read again, and one that grew only behind the end.
 */
#ifndef IO_MAIL_LOCAL_NOTE_H
#define IO_MAIL_LOCAL_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "io/mail/local_mbox.h"

/*
 * What is noted of the messages (count of them, all of one mbox, in its order;
 * not 0), with the state of its file, open as fd. NULL: it changed so lately
 * that it might change again unseen, or cannot be read. The caller frees it.
 */
void *local_note_make(int fd, const struct local_message *messages,
	size_t count, size_t *length);

/*
 * What of such a note still holds for the file that is open as fd: a new array
 * of *count messages, the caller's; NULL: nothing. *from: where what is not
 * noted begins in the file; its size when all is.
 */
struct local_message *local_note_read(
	int fd, const void *note, size_t length, size_t *count, uint64_t *from);

#endif
