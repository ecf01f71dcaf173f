/* SPDX-License-Identifier: ISC */
/* Files: written as a whole. */
#ifndef IO_PROCESS_FILE_H
#define IO_PROCESS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Writes all bytes at this offset, and leaves the file's own offset as it is.
 * False with errno set; some may then have been written.
 */
bool file_write_at(int fd, const char *bytes, size_t length, off_t at);

/*
 * Opens a new file in the directory at path, which has no name, so that nothing
 * of it is left when it is closed. Returns -1 with errno set on failure.
 */
int file_open_unnamed(const char *directory);

#endif
