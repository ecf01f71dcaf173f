/* SPDX-License-Identifier: ISC */
/* What kind of file system a path is on, as far as that matters to us. */
#ifndef IO_PROCESS_FILESYSTEM_H
#define IO_PROCESS_FILESYSTEM_H

/*
 * Locks, memory that processes share, and syncs are needed: what is known to
 * lack some of that, at least when another machine takes part, has a kind.
 */
enum filesystem_kind {
	FILESYSTEM_LOCAL, /* or nothing is known against it */
	FILESYSTEM_NFS,
	FILESYSTEM_SMB,
	FILESYSTEM_9P,
	FILESYSTEM_AFS,
	FILESYSTEM_CODA,
	FILESYSTEM_CEPH,
	FILESYSTEM_CLUSTER, /* Lustre, GPFS, GFS2, OCFS2 and the like */
	FILESYSTEM_FOLDER,  /* a virtual machine's, shared with its host */
	FILESYSTEM_FUSE,    /* none of those known to be on a local disk */
};

/*
 * The kind at path or, where nothing is there, at the directory above it that
 * is. FILESYSTEM_LOCAL where it cannot be told.
 */
enum filesystem_kind filesystem_of(const char *path);

/* "NFS", "SMB (CIFS)", ...: what it is called in a sentence. */
const char *filesystem_name(enum filesystem_kind kind);

#endif
