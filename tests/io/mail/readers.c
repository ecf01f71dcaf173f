/* SPDX-License-Identifier: ISC */
#include "readers.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/xalloc.h"

char readers_place[100];

/* The contents of a file, in new memory. */
static char *read_file(int directory, const char *name, size_t *length)
{
	struct stat st;
	int fd = openat(directory, name, O_RDONLY);
	char *text = NULL;

	*length = 0;
	if (fd >= 0 && fstat(fd, &st) == 0) {
		text = xcalloc((size_t)st.st_size + 1, 1);
		if (read(fd, text, (size_t)st.st_size) == st.st_size)
			*length = (size_t)st.st_size;
	}
	if (fd >= 0)
		close(fd);
	return text == NULL ? xstrdup("") : text;
}

/* Each file of a directory is looked at, and removed if it shall be. */
static size_t count_files(const char *name, const char *text, bool old)
{
	char *path = xasprintf("%s/%s", readers_place, name);
	DIR *dir = opendir(path);
	struct dirent *entry;
	size_t count = 0;

	free(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		const struct timespec ancient[2] = {{1, 0}, {1, 0}};
		size_t length;

		if (entry->d_name[0] == '.')
			continue;
		char *found = read_file(dirfd(dir), entry->d_name, &length);

		count += text == NULL || strcmp(found, text) == 0;
		if (old)
			utimensat(dirfd(dir), entry->d_name, ancient, 0);
		free(found);
	}
	if (dir != NULL)
		closedir(dir);
	return count;
}

size_t readers_maildir_count(const char *text)
{
	return count_files("new", text, false) +
		count_files("cur", text, false);
}

size_t readers_maildir_left(void)
{
	return count_files("tmp", NULL, true);
}

void readers_maildir_prepare(void)
{
}

void readers_maildir_repair(void)
{
}

/* Unquotes in readers_place. */
static void unquote(char *text)
{
	char *to = text;
	bool starts = true;

	for (const char *p = text; *p != '\0'; p++) {
		size_t quotes = starts ? strspn(p, ">") : 0;

		if (quotes > 0 && strncmp(p + quotes, "From ", 5) == 0)
			p++;
		starts = *p == '\n';
		*to++ = *p;
	}
	*to = '\0';
}

/* Is this, in an mbox, the text, or the text and a line end that it lacks? */
static bool is_text(const char *found, const char *text)
{
	size_t n = strlen(text);

	return strncmp(found, text, n) == 0 &&
		(found[n] == '\0' ||
			((n == 0 || text[n - 1] != '\n') &&
				strcmp(found + n, "\n") == 0));
}

size_t readers_mbox_count(const char *text)
{
	size_t length;
	size_t count = 0;
	char *mbox = read_file(AT_FDCWD, readers_place, &length);
	char *next = mbox;

	while (next != NULL && *next != '\0') {
		char *at = strchr(next, '\n');

		next = at == NULL ? NULL : strstr(at, "\n\nFrom ");
		if (at == NULL)
			break;
		at++;
		if (next != NULL) {
			next[1] = '\0';
			next += 2;
		} else {
			size_t n = strlen(at);

			if (n > 0)
				at[n - 1] = '\0';
		}
		unquote(at);
		count += text == NULL || is_text(at, text);
	}
	free(mbox);
	return count;
}

size_t readers_mbox_left(void)
{
	char *lock = xasprintf("%s.lock", readers_place);
	size_t left = access(lock, F_OK) == 0;

	free(lock);
	return left;
}

/* A dot-lock that could neither be written nor removed: somebody must. */
void readers_mbox_repair(void)
{
	char *lock = xasprintf("%s.lock", readers_place);
	struct stat st;

	if (stat(lock, &st) == 0 && st.st_size == 0)
		unlink(lock);
	free(lock);
}

/* What was there ends in the middle of a line. */
const char readers_earlier[] = "A: b\n\nnot ended";

void readers_mbox_prepare(void)
{
	int fd = open(readers_place, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || dprintf(fd, "From a %s\n%s", "date", readers_earlier) < 0)
		exit(1);
	close(fd);
}
