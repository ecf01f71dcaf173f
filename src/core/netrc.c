/* SPDX-License-Identifier: ISC */
#include "core/netrc.h"

#include <string.h>
#include <strings.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Ends a word in quotes, and takes its escapes out. Returns what follows. */
static char *end_quoted(char *p)
{
	char *out = p;

	for (; *p != '\0' && *p != '"'; p++) {
		if (*p == '\\' && p[1] != '\0') {
			p++;
			*out++ = *p == 'n'  ? '\n'
				: *p == 'r' ? '\r'
				: *p == 't' ? '\t'
					    : *p;
		} else {
			*out++ = *p;
		}
	}
	p += *p == '"';
	*out = '\0';
	return p;
}

/* The next word, which is ended by '\0'; NULL: there is none. */
static const char *next_word(char **at)
{
	char *p = *at;

	for (;;) {
		while (is_blank(*p))
			p++;
		if (*p != '#')
			break;
		p += strcspn(p, "\n");
	}
	char *word = p;

	if (*p == '\0')
		return NULL;
	if (*p == '"') {
		word++;
		p = end_quoted(word);
	} else {
		while (*p != '\0' && !is_blank(*p))
			p++;
		if (*p != '\0')
			*p++ = '\0';
	}
	*at = p;
	return word;
}

/* A macro ends with an empty line. */
static void skip_macro(char **at)
{
	char *end = strstr(*at, "\n\n");

	*at = end == NULL ? *at + strlen(*at) : end + 2;
}

/* What was read of an entry. */
struct entry {
	bool matches; /* the host */
	const char *login;
	const char *password;
};

/* Is it the entry that is looked for? */
static bool is_wanted(const struct entry *entry, const char *user)
{
	return entry->matches && entry->password != NULL &&
		(entry->login == NULL || strcmp(entry->login, user) == 0);
}

bool netrc_find(
	char *text, const char *host, const char *user, const char **password)
{
	struct entry entry = {.matches = false};
	const char *word;

	while ((word = next_word(&text)) != NULL) {
		bool machine = strcmp(word, "machine") == 0;

		if (machine || strcmp(word, "default") == 0) {
			if (is_wanted(&entry, user))
				break;
			const char *name = machine ? next_word(&text) : host;

			entry = (struct entry){.matches = name != NULL &&
					strcasecmp(name, host) == 0};
		} else if (strcmp(word, "login") == 0) {
			entry.login = next_word(&text);
		} else if (strcmp(word, "password") == 0) {
			entry.password = next_word(&text);
		} else if (strcmp(word, "account") == 0) {
			next_word(&text);
		} else if (strcmp(word, "macdef") == 0) {
			skip_macro(&text);
		}
	}
	*password = entry.password;
	return is_wanted(&entry, user);
}
