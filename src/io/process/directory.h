/* SPDX-License-Identifier: ISC */
/* Directories: created and synced, so that they survive a power cut. */
#ifndef IO_PROCESS_DIRECTORY_H
#define IO_PROCESS_DIRECTORY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Creates the directory at an absolute path, and those above it, if missing,
 * with mode 0700. The entry of each is synced, since otherwise a power cut
 * could remove it together with synced contents. False with errno set.
 */
bool directory_make(const char *path);

/* The same for the directory of the file at path. */
bool directory_make_above(const char *path);

/* Does this error of a sync mean that the file system does not support it? */
bool directory_cannot_sync(int error);

/*
 * Syncs an open file or directory. Also true if the file system does not
 * support that: see directory_can_sync. False with errno set.
 */
bool directory_sync_fd(int fd);

/* Does the file system of this directory support syncing it? */
bool directory_can_sync(const char *path);

/* Syncs the entries of the directory at path. False with errno set. */
bool directory_sync(const char *path);

/* Syncs the entries of the directory of the file at path. */
bool directory_sync_above(const char *path);

/*
 * What distinguishes the directory at path from another one of this name: its
 * inode number, and when it was created (seconds since 1970; 0: unknown). False
 * with errno set.
 */
bool directory_identity(const char *path, uint64_t *inode, int64_t *born);

#endif
