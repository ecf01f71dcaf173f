/* SPDX-License-Identifier: ISC */
#include "dialog.h"

#include <fnmatch.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static void pause_for(long milliseconds)
{
	struct timespec wait = {
		milliseconds / 1000, milliseconds % 1000 * 1000000};

	nanosleep(&wait, NULL);
}

static int digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? 0 : (int)(at - digits);
}

/* Replaces C's escapes in place, and returns the length. */
static size_t unescape(char *text)
{
	char *to = text;

	for (const char *p = text; *p != '\0'; p++) {
		if (p[0] != '\\' || p[1] == '\0') {
			*to++ = *p;
			continue;
		}
		p++;
		if (*p == 'n')
			*to++ = '\n';
		else if (*p == 'r')
			*to++ = '\r';
		else if (*p == 't')
			*to++ = '\t';
		else if (*p == 'x' && p[1] != '\0' && p[2] != '\0') {
			*to++ = (char)(digit(p[1]) * 16 + digit(p[2]));
			p += 2;
		} else {
			*to++ = *p;
		}
	}
	return (size_t)(to - text);
}

/* Accepts any login; the given words are the capabilities. */
static bool log_in(struct wire *wire, char *capabilities)
{
	char *line;

	wire_printf(wire, "+OK ready\r\n");
	while ((line = wire_line(wire, NULL)) != NULL) {
		if (strcasecmp(line, "CAPA") == 0) {
			char copy[8192];
			char *rest = copy;
			char *word;

			snprintf(copy, sizeof copy, "%s", capabilities);
			wire_printf(wire, "+OK\r\n");
			while ((word = strsep(&rest, " ")) != NULL) {
				if (word[0] != '\0')
					wire_printf(wire, "%s\r\n", word);
			}
			wire_printf(wire, ".\r\n");
		} else if (strncasecmp(line, "AUTH PLAIN ", 11) == 0 ||
			strncasecmp(line, "PASS ", 5) == 0) {
			wire_printf(wire, "+OK logged in\r\n");
			return true;
		} else if (strncasecmp(line, "USER ", 5) == 0) {
			wire_printf(wire, "+OK\r\n");
		} else {
			wire_printf(wire, "-ERR unknown\r\n");
		}
	}
	return false;
}

/*
 * A dialog need not contain the answers to "UIDL n", by which a client may
 * check that it is in step: they are taken from the listing in the dialog.
 */
#define LISTED_MAX 64
static struct {
	bool open; /* within an answer to UIDL */
	unsigned count;
	size_t lengths[LISTED_MAX];
	char lines[LISTED_MAX][2048];
} listed;

static void note_line(const char *line, size_t n)
{
	if (n == 1 && line[0] == '.')
		listed.open = false;
	if (n > 1 && line[0] == '.') {
		line++;
		n--;
	}
	if (!listed.open || n == 0 || line[0] < '1' || line[0] > '9' ||
		listed.count == LISTED_MAX || n > sizeof listed.lines[0])
		return;
	memcpy(listed.lines[listed.count], line, n);
	listed.lengths[listed.count++] = n;
}

static void note_listed(const char *said, size_t length)
{
	while (length > 0) {
		const char *lf = memchr(said, '\n', length);
		size_t taken = lf == NULL ? length : (size_t)(lf - said) + 1;
		size_t n = taken;

		while (n > 0 && (said[n - 1] == '\n' || said[n - 1] == '\r'))
			n--;
		note_line(said, n);
		said += taken;
		length -= taken;
	}
}

/* Answers "UIDL n"; false if the line is something else, or n is unknown. */
static bool answer_listed(struct wire *wire, const char *line)
{
	if (strncasecmp(line, "UIDL ", 5) != 0)
		return false;
	size_t n = strlen(line + 5);

	for (unsigned i = 0; i < listed.count; i++) {
		const char *known = listed.lines[i];

		if (listed.lengths[i] > n && known[n] == ' ' &&
			memcmp(known, line + 5, n) == 0)
			return wire_put(wire, "+OK ", 4) &&
				wire_put(wire, known, listed.lengths[i]) &&
				wire_put(wire, "\r\n", 2);
	}
	return false;
}

/*
 * Returns the client's next line other than those; pattern, if not NULL, is
 * expected.
 */
static const char *next_line(struct wire *wire, const char *pattern)
{
	const char *line;

	do
		line = wire_line(wire, NULL);
	while (line != NULL &&
		(pattern == NULL ||
			fnmatch(pattern, line, FNM_CASEFOLD) != 0) &&
		answer_listed(wire, line));
	listed.open = line != NULL && strcasecmp(line, "UIDL") == 0;
	return line;
}

static bool expect(struct wire *wire, const char *pattern, FILE *report)
{
	const char *line = next_line(wire, pattern);

	if (line == NULL) {
		fprintf(report, "expected %s, got nothing\n", pattern);
		return false;
	}
	if (fnmatch(pattern, line, FNM_CASEFOLD) != 0) {
		fprintf(report, "expected %s, got %s\n", pattern, line);
		return false;
	}
	return true;
}

static void stall(struct wire *wire)
{
	wire_flush(wire);
	/* Reads whatever arrives, without answering. */
	for (int i = 0; i < 100; i++) {
		struct pollfd wait = {.fd = wire->fd, .events = POLLIN};

		if (poll(&wait, 1, 1000) > 0 && wire_line(wire, NULL) == NULL)
			return;
	}
}

/* A line that was sent too early is in the buffer, or arrives in this time. */
static void expect_nothing(struct wire *wire, int milliseconds, FILE *report)
{
	struct pollfd wait = {.fd = wire->fd, .events = POLLIN};

	wire_flush(wire);
	if (wire->in_start < wire->in_end || poll(&wait, 1, milliseconds) > 0)
		fprintf(report, "expected silence, got a command too early\n");
}

/* Plays a line of the dialog; false at the end of the connection. */
static bool play_line(
	char *line, struct wire *wire, SSL_CTX *context, FILE *report)
{
	char *text = line + 3;

	if (strncmp(line, "S: ", 3) == 0) {
		note_listed(text, strlen(text));
		return wire_printf(wire, "%s\r\n", text);
	}
	if (strcmp(line, "S:") == 0)
		return wire_printf(wire, "\r\n");
	if (strncmp(line, "R: ", 3) == 0) {
		size_t n = unescape(text);

		note_listed(text, n);
		return wire_put(wire, text, n);
	}
	if (strncmp(line, "X: ", 3) == 0) {
		long times = strtol(text, &text, 10);
		size_t n = unescape(++text);
		bool ok = true;

		while (ok && times-- > 0)
			ok = wire_put(wire, text, n);
		return ok;
	}
	if (strncmp(line, "C: ", 3) == 0)
		return expect(wire, text, report);
	if (strncmp(line, "login", 5) == 0)
		return log_in(wire, line + 5);
	if (strcmp(line, "tls") == 0)
		return wire_start_tls(wire, context);
	if (strncmp(line, "wait ", 5) == 0) {
		wire_flush(wire);
		pause_for(strtol(line + 5, NULL, 10));
		return true;
	}
	if (strncmp(line, "quiet ", 6) == 0) {
		expect_nothing(wire, (int)strtol(line + 6, NULL, 10), report);
		return true;
	}
	if (strcmp(line, "gone") == 0) {
		const char *said = next_line(wire, NULL);

		if (said != NULL)
			fprintf(report, "expected it gone, got %s\n", said);
		return false;
	}
	if (strcmp(line, "stall") == 0) {
		stall(wire);
		return false;
	}
	if (strcmp(line, "close") == 0)
		return false;
	fprintf(report, "no such line in a dialog: %s\n", line);
	return false;
}

/* Moves to the part for this session: the last part serves all later ones. */
static void find_part(FILE *file, unsigned session)
{
	char line[8192];
	long start = 0;

	while (session > 0 && fgets(line, sizeof line, file) != NULL) {
		if (strncmp(line, "== session", 10) == 0) {
			start = ftell(file);
			session--;
		}
	}
	fseek(file, start, SEEK_SET);
}

void dialog_play(const char *path, unsigned session, struct wire *wire,
	SSL_CTX *context, FILE *report)
{
	FILE *file = fopen(path, "r");
	char line[8192];

	if (file == NULL) {
		fprintf(report, "no dialog %s\n", path);
		return;
	}
	find_part(file, session);
	while (fgets(line, sizeof line, file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "== session", 10) == 0)
			break;
		if (line[0] == '#' || line[0] == '\0')
			continue;
		if (!play_line(line, wire, context, report))
			break;
	}
	fclose(file);
}
