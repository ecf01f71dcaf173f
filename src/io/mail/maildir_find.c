/* SPDX-License-Identifier: ISC */
/* Where letters of earlier runs lie in a Maildir now. */
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
	const struct letter *letters; /* borrowed, with all that follows */
	size_t count;
	enum maildir_found *states; /* or NULL */
	int *fds;		    /* the same: they are opened */
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
 * Is a directory that cannot be opened none that mail may lie in, or one that
 * nobody may look into? Else it is unknown what is there.
 */
static bool is_nothing(void)
{
	return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ||
		errno == EACCES;
}

/* Closes what was read up to here; false with errno if that is not all. */
static bool end_look(DIR *dir)
{
	int saved = errno;

	closedir(dir);
	errno = saved;
	return saved == 0;
}

/* Finds the letters of a directory, whatever follows their names. */
static bool look_in(int parent, const char *name, const struct search *search)
{
	int fd = openat(
		parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (dir == NULL)
		return is_nothing();
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
	return end_look(dir);
}

static bool look_in_folder(
	int parent, const char *name, const struct search *search)
{
	char *new = xasprintf("%s/new", name);
	char *cur = xasprintf("%s/cur", name);
	bool ok = look_in(parent, new, search) && look_in(parent, cur, search);
	int saved = errno;

	free(new);
	free(cur);
	errno = saved;
	return ok;
}

/* Looks through the subfolders of Maildir++: .NAME/new and .NAME/cur. */
static bool look_in_folders(
	struct maildir *maildir, const struct search *search)
{
	DIR *dir = opendir(maildir->path);
	struct dirent *entry;

	if (dir == NULL)
		return is_nothing();
	while ((entry = entries_next(dir)) != NULL) {
		if (maildir_name_is_folder(entry->d_name) &&
			!look_in_folder(dirfd(dir), entry->d_name, search))
			break;
	}
	return end_look(dir);
}

static bool look_everywhere(
	struct maildir *maildir, const struct search *search, struct error *err)
{
	if (!look_in(maildir->cur, ".", search))
		return maildir_failed(
			maildir, ERROR_WRITE, "look through", "cur", err);
	if (!look_in(maildir->new, ".", search))
		return maildir_failed(
			maildir, ERROR_WRITE, "look through", "new", err);
	return look_in_folders(maildir, search) ||
		maildir_failed(maildir, ERROR_WRITE,
			"look through the folders of", "", err);
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

	return missing == 0 || look_everywhere(maildir, &search, err);
}

bool maildir_open_found(struct maildir *maildir, const struct letter *letters,
	size_t count, int *fds, struct error *err)
{
	const struct search search = {letters, count, .fds = fds};

	for (size_t i = 0; i < count; i++)
		fds[i] = -1;
	return look_everywhere(maildir, &search, err);
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
