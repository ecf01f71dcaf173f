/* SPDX-License-Identifier: ISC */
/* On what kind of file system is a path? */
#ifndef IO_PROCESS_FILESYSTEM_H
#define IO_PROCESS_FILESYSTEM_H

/*
 * The store needs locks, shared memory and syncs that work. The kinds other
 * than LOCAL are known to lack some of that, at least if several machines use
 * them.
 */
enum filesystem_kind {
	FILESYSTEM_LOCAL, /* or unknown */
	FILESYSTEM_NFS,
	FILESYSTEM_SMB,
	FILESYSTEM_9P,
	FILESYSTEM_AFS,
	FILESYSTEM_CODA,
	FILESYSTEM_CEPH,
	FILESYSTEM_CLUSTER, /* Lustre, GPFS, GFS2, OCFS2 and the like */
	FILESYSTEM_FOLDER,  /* shared by a virtual machine and its host */
	FILESYSTEM_FUSE,    /* except those known to be on a local disk */
};

/*
 * The kind of the file system at path or, if that does not exist, of the
 * nearest directory above it that does. FILESYSTEM_LOCAL if it cannot be
 * determined.
 */
enum filesystem_kind filesystem_of(const char *path);

/* Its name in a sentence: "NFS", "SMB (CIFS)"... */
const char *filesystem_name(enum filesystem_kind kind);

#endif
