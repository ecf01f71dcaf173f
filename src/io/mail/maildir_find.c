/* SPDX-License-Identifier: ISC */
/* Finds where letters of earlier runs are now in a Maildir. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/maildir_name.h"
#include "core/xalloc.h"
#include "io/mail/entries.h"
#include "io/mail/maildir_internal.h"
#include "io/process/directory.h"

struct search {
	const struct letter *letters; /* borrowed, as are the following */
	size_t count;
	enum maildir_found *states; /* or NULL */
	int *fds;		    /* or NULL; the files are opened */
};

static void note_found(
	const struct search *search, size_t i, int directory, const char *name)
{
	if (search->states != NULL)
		search->states[i] = MAILDIR_ARRIVED;
	if (search->fds != NULL && search->fds[i] < 0)
		search->fds[i] = openat(directory, name,
			O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
}

/*
 * Can a directory that could not be opened be ignored, because it cannot
 * contain mail or may not be searched? Otherwise, its contents are unknown.
 */
static bool can_ignore(void)
{
	return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ||
		errno == EACCES;
}

/* Closes the directory; false with errno if it was not read to its end. */
static bool close_directory(DIR *dir)
{
	int saved = errno;

	closedir(dir);
	errno = saved;
	return saved == 0;
}

/* Finds the letters in a directory, whatever flags follow their names. */
static bool search_directory(
	int parent, const char *name, const struct search *search)
{
	int fd = openat(
		parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (dir == NULL)
		return can_ignore();
	while ((entry = entries_next(dir)) != NULL) {
		size_t n = maildir_name_base(entry->d_name);

		if (!maildir_name_is_ours(entry->d_name))
			continue;
		for (size_t i = 0; i < search->count; i++) {
			const char *base = search->letters[i].name;

			if (base[0] != '\0' &&
				strncmp(entry->d_name, base, n) == 0 &&
				base[n] == '\0')
				note_found(search, i, fd, entry->d_name);
		}
	}
	return close_directory(dir);
}

static bool search_folder(
	int parent, const char *name, const struct search *search)
{
	char *new = xasprintf("%s/new", name);
	char *cur = xasprintf("%s/cur", name);
	bool ok = search_directory(parent, new, search) &&
		search_directory(parent, cur, search);
	int saved = errno;

	free(new);
	free(cur);
	errno = saved;
	return ok;
}

/* Searches the Maildir++ subfolders: .NAME/new and .NAME/cur. */
static bool search_folders(struct maildir *maildir, const struct search *search)
{
	DIR *dir = opendir(maildir->path);
	struct dirent *entry;

	if (dir == NULL)
		return can_ignore();
	while ((entry = entries_next(dir)) != NULL) {
		if (maildir_name_is_folder(entry->d_name) &&
			!search_folder(dirfd(dir), entry->d_name, search))
			break;
	}
	return close_directory(dir);
}

static bool search_all(
	struct maildir *maildir, const struct search *search, struct error *err)
{
	if (!search_directory(maildir->cur, ".", search))
		return maildir_failed(maildir, ERROR_WRITE, "read", "cur", err);
	if (!search_directory(maildir->new, ".", search))
		return maildir_failed(maildir, ERROR_WRITE, "read", "new", err);
	return search_folders(maildir, search) ||
		maildir_failed(
			maildir, ERROR_WRITE, "read the folders of", "", err);
}

static bool find(struct maildir *maildir, const struct letter *letters,
	size_t count, enum maildir_found *found, struct error *err)
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
	const struct search search = {letters, count, .states = found};

	return missing == 0 || search_all(maildir, &search, err);
}

bool maildir_open_found(struct maildir *maildir, const struct letter *letters,
	size_t count, int *fds, struct error *err)
{
	const struct search search = {letters, count, .fds = fds};

	for (size_t i = 0; i < count; i++)
		fds[i] = -1;
	return search_all(maildir, &search, err);
}

bool maildir_locate(struct maildir *maildir, const struct letter *letters,
	size_t count, enum maildir_found *found, struct error *err)
{
	if (!find(maildir, letters, count, found, err))
		return false;
	/* What a killed run or a mail reader moved may not be durable yet. */
	if (!directory_sync_fd(maildir->new) ||
		!directory_sync_fd(maildir->cur))
		return maildir_failed(maildir, ERROR_WRITE, "sync", "new", err);
	return true;
}
