/* SPDX-License-Identifier: ISC */
/* What the parts of local share: what was found, and how to find it again. */
#ifndef IO_MAIL_LOCAL_INTERNAL_H
#define IO_MAIL_LOCAL_INTERNAL_H

#include <sys/types.h>

#include "io/mail/local.h"
#include "io/mail/local_file.h"
#include "io/mail/local_mbox.h"

struct file {
	char *name;	 /* owned; as it is in its directory */
	size_t base;	 /* length of its base name */
	size_t position; /* of its directory */
	bool trashed;
	bool known; /* a record has this name */
};

/* A file whose name no record has: a copy may lie in it that was filed. */
struct stranger {
	size_t file; /* its position */
	uint64_t size;
	struct local_header header;
};

struct seen {
	dev_t device;
	ino_t inode;
};

struct local {
	char **directories; /* owned */
	size_t directory_count;
	struct file *files; /* owned; by base name once they are sorted */
	size_t count;
	size_t room;
	bool sorted;
	struct local_mbox mboxes;
	const struct local_notes *notes; /* borrowed, or NULL */
	struct seen *seen; /* owned; directories, so that none is twice */
	size_t seen_count;
	struct stranger *strangers; /* owned; by header */
	struct stranger **by_id;    /* owned; the same by Message-ID */
	size_t stranger_count;
	/* What could not be looked at: how many, and the first of them. */
	size_t blind_count;
	char *blind; /* owned; "PATH: why", or NULL */
};

/*
 * A part at path cannot be looked at (errno): what is found elsewhere is there
 * all the same, so only what is found nowhere depends on it. What is not there
 * (ENOENT) is no such part. True.
 */
bool local_be_blind(struct local *local, const char *path);

/* Orders files by their base names. */
int local_by_base(const void *a, const void *b);

/*
 * The file with this base name, or NULL; one that is not trashed, if there are
 * more.
 */
struct file *local_find_file(struct local *local, const char *name);

/* Where the file is, in new memory. */
char *local_path_of(const struct local *local, const struct file *file);

/* Does the file hold this text, but for what readers add to its header? */
enum local_state local_compare(const char *path, const struct letter *letter);

#endif
