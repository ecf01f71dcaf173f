/* SPDX-License-Identifier: ISC */
/* Where letters of earlier runs lie in a Maildir now. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/maildir_name.h"
#include "core/xalloc.h"
#include "io/mail/maildir_internal.h"
#include "io/process/directory.h"

struct found {
	enum maildir_found *states; /* borrowed, or NULL */
	int *fds;		    /* the same: they are opened */
};

static void note_found(
	const struct found *found, size_t i, int directory, const char *name)
{
	if (found->states != NULL)
		found->states[i] = MAILDIR_ARRIVED;
	if (found->fds != NULL && found->fds[i] < 0)
		found->fds[i] = openat(directory, name,
			O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
}

/* Finds the letters of a directory, whatever follows their names. */
static void look_in(int parent, const char *name, const struct letter *letters,
	size_t count, const struct found *found)
{
	int fd = openat(
		parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir == NULL)
		return;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (!maildir_name_is_ours(entry->d_name))
			continue;
		for (size_t i = 0; i < count; i++) {
			if (letters[i].name[0] != '\0' &&
				maildir_name_has_base(
					entry->d_name, letters[i].name))
				note_found(found, i, fd, entry->d_name);
		}
	}
	closedir(dir);
}

/* Looks through the subfolders of Maildir++: .NAME/new and .NAME/cur. */
static void look_in_folders(struct maildir *maildir,
	const struct letter *letters, size_t count, const struct found *found)
{
	DIR *dir = opendir(maildir->path);

	if (dir == NULL)
		return;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (!maildir_name_is_folder(entry->d_name))
			continue;
		char *new = xasprintf("%s/new", entry->d_name);
		char *cur = xasprintf("%s/cur", entry->d_name);

		look_in(dirfd(dir), new, letters, count, found);
		look_in(dirfd(dir), cur, letters, count, found);
		free(new);
		free(cur);
	}
	closedir(dir);
}

static void look_everywhere(struct maildir *maildir,
	const struct letter *letters, size_t count, const struct found *found)
{
	look_in(maildir->cur, ".", letters, count, found);
	look_in(maildir->new, ".", letters, count, found);
	look_in_folders(maildir, letters, count, found);
}

void maildir_find(struct maildir *maildir, const struct letter *letters,
	size_t count, enum maildir_found *found)
{
	struct stat st;
	size_t missing = 0;

	for (size_t i = 0; i < count; i++) {
		const char *name = letters[i].name;

		found[i] = MAILDIR_GONE;
		if (name[0] == '\0')
			continue;
		if (fstatat(maildir->new, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			found[i] = MAILDIR_ARRIVED;
		else if (fstatat(maildir->tmp, name, &st,
				 AT_SYMLINK_NOFOLLOW) == 0)
			found[i] = MAILDIR_WAITING;
		else
			missing++;
	}
	if (missing > 0) {
		look_everywhere(maildir, letters, count,
			&(struct found){.states = found});
	}
}

void maildir_open_found(struct maildir *maildir, const struct letter *letters,
	size_t count, int *fds)
{
	for (size_t i = 0; i < count; i++)
		fds[i] = -1;
	look_everywhere(maildir, letters, count, &(struct found){.fds = fds});
}

bool maildir_locate(struct maildir *maildir, const struct letter *letters,
	size_t count, enum maildir_found *found, struct error *err)
{
	maildir_find(maildir, letters, count, found);
	/* What a killed run or a mail reader moved may not be durable yet. */
	if (!directory_sync_fd(maildir->new) ||
		!directory_sync_fd(maildir->cur))
		return maildir_failed(maildir, ERROR_WRITE, "sync", "new", err);
	return true;
}

int maildir_read(struct maildir *maildir, const struct letter *letter)
{
	return openat(
		maildir->tmp, letter->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}
