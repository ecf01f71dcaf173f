/* SPDX-License-Identifier: ISC */
#include "io/store/foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"
#include "core/xalloc.h"
#include "io/process/log.h"

#define SHOWN (4 * TEXT_SHOWN_MAX + 8)

struct search {
	struct seen *seen;
	char places[700]; /* the places searched, printable */
	size_t files;	  /* number of files read */
	struct seen_notes all;
};

static void add_place(struct search *search, const char *path)
{
	size_t used = strlen(search->places);
	char shown[SHOWN];

	text_printable(shown, sizeof shown, path, strlen(path));
	if (used + strlen(shown) + 3 < sizeof search->places)
		snprintf(search->places + used, sizeof search->places - used,
			"%s%s", used > 0 ? ", " : "", shown);
}

static const char *fetcher_name(const struct search *search)
{
	return seen_names[search->seen->format];
}

/* Logs warnings about a file that was read. */
static void log_notes(const struct search *search, const char *path,
	const struct seen_notes *notes)
{
	char shown[SHOWN];

	text_printable(shown, sizeof shown, path, strlen(path));
	if (notes->strange > 0)
		log_line(LOG_WARNINGS,
			"%s: %zu %s not have the format of %s and %s skipped, the first is line %zu",
			shown, notes->strange,
			text_plural(notes->strange, "line does", "lines do"),
			fetcher_name(search),
			text_plural(notes->strange, "was", "were"),
			notes->first_strange);
	if (notes->odd > 0)
		log_line(LOG_WARNINGS,
			"%s: %zu %s not what RFC 1939 allows (1 to %d visible ASCII characters); %s used unchanged",
			shown, notes->odd,
			text_plural(notes->odd, "uid is", "uids are"),
			SEEN_UID_USUAL,
			text_plural(notes->odd, "it is", "they are"));
	if (notes->unseen > 0)
		log_line(LOG_WARNINGS,
			"%s: %zu %s new, since %s had fetched only the header",
			shown, notes->unseen,
			text_plural(notes->unseen, "message counts as",
				"messages count as"),
			fetcher_name(search));
	if (notes->full)
		log_line(LOG_WARNINGS,
			"%s: it has more than %d uids; the rest was left out",
			shown, MAILDROP_MAX);
}

static void add_file(struct search *search, const char *path, const char *text,
	size_t length)
{
	struct seen_notes notes;
	struct seen_notes *all = &search->all;

	seen_parse(search->seen, text, length, &notes);
	log_notes(search, path, &notes);
	search->files++;
	all->taken += notes.taken;
	all->unseen += notes.unseen;
	all->others += notes.others;
	all->strange += notes.strange;
	if (all->names[0] == '\0')
		memcpy(all->names, notes.names, sizeof all->names);
}

/* Reads length bytes, or fewer if the file has become shorter. */
static bool read_text(int fd, char *text, size_t *length)
{
	size_t n = 0;

	while (n < *length) {
		ssize_t got = read(fd, text + n, *length - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	*length = n;
	return true;
}

/*
 * named: the user named this file. A file that was found by searching is
 * skipped if it is not a regular file.
 */
static bool read_file(
	struct search *search, const char *path, bool named, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char shown[SHOWN];
	char *text = NULL;
	struct stat st;
	bool ok = fd >= 0 && fstat(fd, &st) == 0;

	text_printable(shown, sizeof shown, path, strlen(path));
	if (!ok) {
		error_set(err, ERROR_DATA, "cannot read %s: %s", shown,
			strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		ok = !named;
		if (named)
			error_set(err, ERROR_DATA,
				"%s is not a regular file: name the file in "
				"which %s keeps its uids",
				shown, fetcher_name(search));
	} else if (st.st_size > FOREIGN_FILE_MAX) {
		ok = error_set(err, ERROR_DATA,
			"%s is larger than %d MiB: it is no file of %s's",
			shown, FOREIGN_FILE_MAX >> 20, fetcher_name(search));
	} else {
		size_t length = (size_t)st.st_size;

		text = xmalloc(length);
		ok = read_text(fd, text, &length) ||
			error_set(err, ERROR_DATA, "cannot read %s: %s", shown,
				strerror(errno));
		if (ok)
			add_file(search, path, text, length);
	}
	free(text);
	if (fd >= 0)
		close(fd);
	return ok;
}

/* Reads all of the account's files that match DIRECTORY/pattern. */
static bool read_matching(struct search *search, const char *directory,
	const char *pattern, struct error *err)
{
	if (directory == NULL || directory[0] == '\0')
		return true;
	char *shown = xasprintf("%s/%s", directory, pattern);
	char *whole = xcalloc(2 * strlen(directory) + strlen(pattern) + 2, 1);
	char *p = whole;
	glob_t found = {.gl_pathc = 0};
	bool ok = true;

	for (const char *q = directory; *q != '\0'; q++) {
		if (strchr("*?[\\", *q) != NULL)
			*p++ = '\\';
		*p++ = *q;
	}
	*p++ = '/';
	memcpy(p, pattern, strlen(pattern));
	add_place(search, shown);
	if (glob(whole, 0, NULL, &found) == 0) {
		for (size_t i = 0; ok && i < found.gl_pathc; i++) {
			const char *slash = strrchr(found.gl_pathv[i], '/');

			if (slash != NULL &&
				seen_owns_file(search->seen, slash + 1))
				ok = read_file(
					search, found.gl_pathv[i], false, err);
		}
		globfree(&found);
	}
	free(whole);
	free(shown);
	return ok;
}

/*
 * Like read_matching, below the directory that an environment variable names,
 * or below $HOME and a default.
 */
static bool read_below(struct search *search, const char *variable,
	const char *otherwise, const char *pattern, struct error *err)
{
	const char *home = getenv("HOME");
	const char *named = variable == NULL ? NULL : getenv(variable);

	if (named != NULL && named[0] != '\0')
		return read_matching(search, named, pattern, err);
	if (otherwise == NULL || home == NULL || home[0] == '\0')
		return true;
	char *directory = xasprintf("%s%s", home, otherwise);
	bool ok = read_matching(search, directory, pattern, err);

	free(directory);
	return ok;
}

static bool read_usual_places(struct search *search, struct error *err)
{
	switch (search->seen->format) {
	case SEEN_FETCHMAIL:
		/* fetchmail uses the first of these that exists. */
		return read_below(search, "FETCHMAILHOME", NULL, ".fetchids",
			       err) &&
			(search->files > 0 ||
				read_below(search, "HOME_ETC", NULL,
					".fetchids", err)) &&
			(search->files > 0 ||
				read_below(search, NULL, "", ".fetchids", err));
	case SEEN_GETMAIL:
		return read_below(search, "XDG_CONFIG_HOME", "/.config",
			       "getmail/oldmail-*", err) &&
			read_below(search, NULL, "/.getmail", "oldmail-*", err);
	case SEEN_MPOP:
		return read_below(search, NULL, "/.mpop_uidls", "*", err);
	case SEEN_FDM:
		return error_set(err, ERROR_DATA,
			"fdm keeps its uids where its rc file says (new-only "
			"cache): name that file behind the account");
	case SEEN_THUNDERBIRD:
		return read_below(search, NULL, "/.thunderbird",
			"*/Mail/*/popstate.dat", err);
	case SEEN_CLAWS:
		return read_below(search, NULL, "/.claws-mail/uidl", "*", err);
	}
	return true;
}

/* Reports why nothing was found, and what to do. */
static bool found_nothing(const struct search *search, struct error *err)
{
	const struct seen *seen = search->seen;
	const struct seen_notes *all = &search->all;

	if (search->files == 0)
		return error_set(err, ERROR_DATA,
			"%s has no file of this account where it is usually "
			"kept (looked for %s): name the file behind the "
			"account",
			fetcher_name(search), search->places);
	if (all->others > 0)
		return error_set(err, ERROR_DATA,
			"%s has nothing of %s at %s, but entries of %s: "
			"compare the account's server and user; where %s had "
			"other names for them, change these in a copy of the "
			"file and name that behind the account",
			search->places, seen->user, seen->server, all->names,
			fetcher_name(search));
	if (all->strange > 0)
		return error_set(err, ERROR_DATA,
			"%s is not a file of %s: no line has its format",
			search->places, fetcher_name(search));
	return error_set(err, ERROR_DATA, "%s has no message that %s has seen",
		search->places, fetcher_name(search));
}

bool foreign_read(struct seen *seen, const char *path, struct error *err)
{
	struct search *search = xcalloc(1, sizeof *search);
	bool ok;

	search->seen = seen;
	if (path != NULL) {
		add_place(search, path);
		ok = read_file(search, path, true, err);
	} else {
		ok = read_usual_places(search, err);
	}
	if (ok && search->all.taken == 0)
		ok = found_nothing(search, err);
	if (ok)
		seen_index(seen);
	free(search);
	return ok;
}
