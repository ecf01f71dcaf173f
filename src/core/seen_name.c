/* SPDX-License-Identifier: ISC */
/* Names of other fetchers' files. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/seen.h"
#include "core/xalloc.h"

/* Is it "oldmail-HOST-PORT-USER", with any port? */
static bool is_getmails(const char *name, const char *server, const char *user)
{
	size_t n = strlen(server);

	if (strncmp(name, "oldmail-", 8) != 0 ||
		strncasecmp(name + 8, server, n) != 0 || name[8 + n] != '-')
		return false;
	name += 8 + n + 1;
	n = strspn(name, "0123456789");
	return n > 0 && name[n] == '-' && strcmp(name + n + 1, user) == 0;
}

/*
 * A copy of text with by instead of each unwanted character, or, if runs,
 * instead of each run of them.
 */
static char *replaced(
	const char *text, const char *unwanted, char by, bool runs)
{
	char *copy = xstrdup(text);
	size_t n = 0;

	for (const char *p = text; *p != '\0'; p++) {
		bool bad = strchr(unwanted, *p) != NULL;

		if (bad && runs && p > text && strchr(unwanted, p[-1]) != NULL)
			continue;
		copy[n++] = bad ? by : *p;
	}
	copy[n] = '\0';
	return copy;
}

bool seen_owns_file(const struct seen *seen, const char *name)
{
	bool getmail = seen->format == SEEN_GETMAIL;

	if (!getmail && seen->format != SEEN_CLAWS)
		return true;
	/* The characters that they replace in file names. */
	const char *unwanted = getmail ? "/:;<>|" : "\t\r\n\\/*";
	char by = getmail ? '-' : '_';
	char *server = replaced(seen->server, unwanted, by, getmail);
	char *user = replaced(seen->user, unwanted, by, getmail);
	size_t n = strlen(server);
	bool is = getmail ? is_getmails(name, server, user)
			  : strncasecmp(name, server, n) == 0 &&
			name[n] == '-' && strcmp(name + n + 1, user) == 0;

	free(server);
	free(user);
	return is;
}
