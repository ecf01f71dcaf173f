/* SPDX-License-Identifier: ISC */
/* Directories that are there, and stay there. */
#ifndef IO_PROCESS_DIRECTORY_H
#define IO_PROCESS_DIRECTORY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Makes the directory at an absolute path, and those above it, where they are
 * missing: 0700, each with its entry synced, since what is synced into a
 * directory is lost with it in a power cut. False with errno set.
 */
bool directory_make(const char *path);

/* The same for the directory that a file at path lies in. */
bool directory_make_above(const char *path);

/* Does this error of a sync say that the file system has no means for it? */
bool directory_cannot_sync(int error);

/*
 * Syncs what is open. True, too, where the file system has no means for it:
 * see directory_can_sync. False with errno set.
 */
bool directory_sync_fd(int fd);

/* Can the file system of this directory sync it? */
bool directory_can_sync(const char *path);

/* Syncs the entries of the directory at path. False with errno set. */
bool directory_sync(const char *path);

/* Syncs those of the directory that a file at path lies in. */
bool directory_sync_above(const char *path);

/*
 * What tells the directory at path from another one that takes its name: its
 * inode's number, and when it was made (seconds since 1970; 0 where the file
 * system does not say). False with errno set.
 */
bool directory_identity(const char *path, uint64_t *inode, int64_t *born);

#endif
