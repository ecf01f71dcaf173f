/* SPDX-License-Identifier: ISC */
/* Shared by the parts of local: what was found, and how to look it up. */
#ifndef IO_MAIL_LOCAL_INTERNAL_H
#define IO_MAIL_LOCAL_INTERNAL_H

#include <sys/types.h>

#include "io/mail/local.h"
#include "io/mail/local_file.h"
#include "io/mail/local_mbox.h"

struct file {
	char *name;	 /* owned; as in its directory */
	size_t base;	 /* length of its base name */
	size_t position; /* of its directory */
	bool trashed;
	bool known; /* a record has this name */
};

/* A file that no record names: it may be a copy that was moved. */
struct stranger {
	size_t file; /* its position in files */
	uint64_t size;
	struct local_header header;
};

struct searched {
	dev_t device;
	ino_t inode;
};

struct local {
	char **directories; /* owned */
	size_t directory_count;
	struct file *files; /* owned; by base name once sorted */
	size_t count;
	size_t room;
	bool sorted;
	struct local_mbox mboxes;
	const struct local_notes *notes; /* borrowed, or NULL */
	struct searched
		*searched; /* owned; directories and mboxes already searched */
	size_t searched_count;
	struct stranger *strangers; /* owned; by header */
	struct stranger **by_id;    /* owned; the same by Message-ID */
	size_t stranger_count;
	/* What could not be searched: how many parts, and the first one. */
	size_t blind_count;
	char *blind; /* owned; "PATH: reason", or NULL */
};

/*
 * Notes that the part at path cannot be searched (errno). This matters only for
 * copies that are found nowhere else. Ignores a part that does not exist
 * (ENOENT). Returns true.
 */
bool local_be_blind(struct local *local, const char *path);

/* Orders files by their base names. */
int local_by_base(const void *a, const void *b);

/*
 * Returns the file with this base name, or NULL; if there are several, one that
 * is not trashed, if any.
 */
struct file *local_find_file(struct local *local, const char *name);

/* Returns the path of the file, in new memory. */
char *local_path_of(const struct local *local, const struct file *file);

/*
 * Does the file have this text, apart from lines that mail readers add to its
 * header?
 */
enum local_state local_compare(const char *path, const struct letter *letter);

#endif
