/* SPDX-License-Identifier: ISC */
/* Finds what is already in a Maildir, from this run and from killed ones. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/xalloc.h"
#include "io/mail/maildir_internal.h"
#include "io/process/digest.h"

#define BLOCK (128 * 1024)

/* Does the open file have the letter's contents? Closes it. */
static bool has_contents(int fd, const struct letter *letter)
{
	struct digest *digest = digest_new();
	unsigned char sha256[DIGEST_LENGTH];
	char *block = xmalloc(BLOCK);
	ssize_t n;

	do {
		n = read(fd, block, BLOCK);
		if (n > 0)
			digest_update(digest, block, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	digest_finish(digest, sha256);
	digest_free(digest);
	free(block);
	close(fd);
	return n == 0 && memcmp(sha256, letter->sha256, sizeof sha256) == 0;
}

/* How many files are open at the same time. */
#define FOUND_MAX 32

bool maildir_has(struct destination *destination, const struct letter *letters,
	size_t count, bool *there, struct error *err)
{
	struct maildir *maildir = maildir_of(destination);
	struct letter wanted[FOUND_MAX];
	size_t at[FOUND_MAX];
	int fds[FOUND_MAX];
	size_t n = 0;
	bool ok = true;

	for (size_t i = 0; ok && i < count; i++) {
		if (there[i]) {
			wanted[n] = letters[i];
			at[n++] = i;
		}
		if (n == 0 || (n < FOUND_MAX && i + 1 < count))
			continue;
		ok = maildir_open_found(maildir, wanted, n, fds, err);
		for (size_t k = 0; k < n; k++)
			there[at[k]] =
				fds[k] >= 0 && has_contents(fds[k], &wanted[k]);
		n = 0;
	}
	return ok;
}

/* Does the file in tmp/ have the contents that the store recorded? */
static bool file_matches(struct maildir *maildir, const struct letter *letter)
{
	int fd = openat(
		maildir->tmp, letter->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && has_contents(fd, letter);
}

/* Is it also the file of an earlier letter? */
static bool is_named_before(const struct letter *letters, size_t i)
{
	size_t k = 0;

	while (strcmp(letters[k].name, letters[i].name) != 0)
		k++;
	return k < i;
}

bool maildir_recover(struct destination *destination,
	const struct letter *letters, size_t count, bool *arrived,
	struct error *err)
{
	struct maildir *maildir = maildir_of(destination);
	enum maildir_found *found = xcalloc(count, sizeof found[0]);
	bool ok = maildir_locate(maildir, letters, count, found, err);

	for (size_t i = 0; ok && i < count; i++) {
		switch (found[i]) {
		case MAILDIR_GONE:
			arrived[i] = false;
			break;
		case MAILDIR_ARRIVED:
			arrived[i] = true;
			break;
		case MAILDIR_WAITING:
			arrived[i] = file_matches(maildir, &letters[i]);
			/* For two letters with the same text, one file was
			 * created. */
			if (is_named_before(letters, i))
				break;
			if (arrived[i])
				maildir_resume(maildir, &letters[i]);
			else
				unlinkat(maildir->tmp, letters[i].name, 0);
			break;
		}
	}
	free(found);
	return ok && maildir_publish_batch(maildir, NULL, err);
}
