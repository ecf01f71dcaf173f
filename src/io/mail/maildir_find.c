/* SPDX-License-Identifier: ISC */
/* Where letters of earlier runs lie in a Maildir now. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
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

/* The next entry; NULL at the end, or with errno where it cannot be read. */
static struct dirent *next_entry(DIR *dir)
{
	errno = 0;
	return readdir(dir);
}

/* Is there no such directory, or none for us? Then nothing of ours is in it. */
static bool is_no_directory(void)
{
	return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ||
		errno == EACCES || errno == EPERM;
}

static void look_for(int directory, const char *name,
	const struct letter *letters, size_t count, const struct found *found)
{
	if (!maildir_name_is_ours(name))
		return;
	for (size_t i = 0; i < count; i++) {
		size_t n = strlen(letters[i].name);

		if (n > 0 && strncmp(name, letters[i].name, n) == 0 &&
			!isalnum((unsigned char)name[n]))
			note_found(found, i, directory, name);
	}
}

/*
 * Finds the letters of a directory, whatever follows their names. False, with
 * errno, where it was not read to its end.
 */
static bool look_in(int parent, const char *name, const struct letter *letters,
	size_t count, const struct found *found)
{
	int fd = openat(
		parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return fd < 0 && is_no_directory();
	}
	while ((entry = next_entry(dir)) != NULL)
		look_for(fd, entry->d_name, letters, count, found);
	int code = errno;

	closedir(dir);
	errno = code;
	return code == 0;
}

/* The same for the subfolders of Maildir++: .NAME/new and .NAME/cur. */
static bool look_in_folders(struct maildir *maildir,
	const struct letter *letters, size_t count, const struct found *found)
{
	DIR *dir = opendir(maildir->path);
	struct dirent *entry = NULL;
	bool ok = true;

	if (dir == NULL)
		return is_no_directory();
	while (ok && (entry = next_entry(dir)) != NULL) {
		if (entry->d_name[0] != '.' || entry->d_name[1] == '\0' ||
			strcmp(entry->d_name, "..") == 0)
			continue;
		char *new = xasprintf("%s/new", entry->d_name);
		char *cur = xasprintf("%s/cur", entry->d_name);

		ok = look_in(dirfd(dir), new, letters, count, found) &&
			look_in(dirfd(dir), cur, letters, count, found);
		free(new);
		free(cur);
	}
	int code = errno;

	closedir(dir);
	errno = code;
	return ok && code == 0;
}

static bool look_everywhere(struct maildir *maildir,
	const struct letter *letters, size_t count, const struct found *found,
	struct error *err)
{
	return (look_in(maildir->cur, ".", letters, count, found) &&
		       look_in(maildir->new, ".", letters, count, found) &&
		       look_in_folders(maildir, letters, count, found)) ||
		maildir_failed(maildir, ERROR_WRITE, "look through", "", err);
}

static bool find(struct maildir *maildir, const struct letter *letters,
	size_t count, enum maildir_found *found, struct error *err)
{
	struct found states = {.states = found};
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
	return missing == 0 ||
		look_everywhere(maildir, letters, count, &states, err);
}

bool maildir_open_found(struct maildir *maildir, const struct letter *letters,
	size_t count, int *fds, struct error *err)
{
	for (size_t i = 0; i < count; i++)
		fds[i] = -1;
	if (look_everywhere(
		    maildir, letters, count, &(struct found){.fds = fds}, err))
		return true;
	for (size_t i = 0; i < count; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	return false;
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

int maildir_read(struct maildir *maildir, const struct letter *letter)
{
	return openat(
		maildir->tmp, letter->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}
