/* SPDX-License-Identifier: ISC */
/*
 * An IMAP server for the tests, with one connection at a time and one mailbox,
 * whose UIDVALIDITY is 7.
 *
 *   imapserver [OPTION...] PORT DIRECTORY
 *
 * Options, PORT and DIRECTORY: script.h. Stages, where a reply
 * replaces the tagged answer ("OK done"): greeting, capability, login, status,
 * create, append (in the place of the request to go on), text, refused (text,
 * if it contains what --refuse says), search. In DIRECTORY/new, the name of a
 * file is its UID.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "script.h"

static char tag[64];

/* Sends a tagged answer; false: close the connection instead. */
static bool answer(struct script *script, const char *stage, const char *usual)
{
	const char *text = script_reply(script, stage, usual);
	char line[512];

	if (text[0] == '\0' || strcmp(text, "-") == 0)
		return text[0] != '\0';
	/* For ever, twice a second. */
	while (text[0] == '~') {
		if (!script_put(script, "* OK still working"))
			return false;
		usleep(500 * 1000);
	}
	if (strncmp(text, "* BYE", 5) == 0) {
		script_put(script, text);
		return false;
	}
	/* "*..." is a line of its own. */
	if (text[0] == '*' || text[0] == '+')
		return script_put(script, text);
	snprintf(line, sizeof line, "%s %s", tag, text);
	return script_put(script, line);
}

/* The UIDs of the messages, up to room; returns the highest. */
static unsigned list_uids(
	const struct script *script, unsigned *uids, size_t *count, size_t room)
{
	char path[4096];
	unsigned highest = 0;
	struct dirent *entry;

	*count = 0;
	snprintf(path, sizeof path, "%s/new", script->directory);
	DIR *dir = opendir(path);

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		unsigned uid = (unsigned)strtoul(entry->d_name, NULL, 10);

		if (uid == 0)
			continue;
		if (*count < room)
			uids[(*count)++] = uid;
		highest = uid > highest ? uid : highest;
	}
	if (dir != NULL)
		closedir(dir);
	return highest;
}

static unsigned next_uid(const struct script *script)
{
	size_t count;

	return list_uids(script, NULL, &count, 0) + 1;
}

/* The number in {...} at the end of the line; -1: there is none. */
static long literal(const struct script *script, bool *at_once)
{
	const char *end = script->line + script->line_length;
	const char *open = end;

	if (script->line_length == 0 || end[-1] != '}')
		return -1;
	*at_once = script->line_length > 2 && end[-2] == '+';
	while (open > script->line && *open != '{')
		open--;
	return strtol(open + 1, NULL, 10);
}

/* The messages of a command (MULTIAPPEND). */
static struct taken {
	char *text; /* with LF line ends */
	size_t length;
} taken[1000];
static size_t taken_count;

static void forget_taken(void)
{
	while (taken_count > 0)
		free(taken[--taken_count].text);
}

/* Reads a literal, and the rest of the line. */
static bool read_literal(struct script *script, long octets)
{
	char *text = malloc((size_t)octets + 1);
	size_t n = 0;

	if (text == NULL || taken_count == sizeof taken / sizeof taken[0] ||
		fread(text, 1, (size_t)octets, script->in) != (size_t)octets ||
		!script_read_line(script)) {
		free(text);
		return false;
	}
	for (long i = 0; i < octets; i++) {
		if (text[i] == '\r' && i + 1 < octets && text[i + 1] == '\n')
			continue;
		text[n++] = text[i];
	}
	taken[taken_count++] = (struct taken){text, n};
	return true;
}

static bool is_refused(const struct script *script)
{
	size_t n = script->refused == NULL ? 0 : strlen(script->refused);

	for (size_t i = 0; n > 0 && i < taken_count; i++) {
		if (memmem(taken[i].text, taken[i].length, script->refused,
			    n) != NULL)
			return true;
	}
	return false;
}

/* Stores all messages of the command, or none, and answers. */
static bool take_messages(struct script *script)
{
	const char *reply = is_refused(script)
		? script_reply(script, "refused", "NO [LIMIT] too ugly")
		: script_reply(script, "text", "OK");
	unsigned uid = next_uid(script);
	char name[16];
	char usual[128];

	for (size_t i = 0; i < taken_count; i++) {
		snprintf(name, sizeof name, "%u", uid + (unsigned)i);
		if ((reply[0] == '\0' && !is_refused(script)) ||
			reply[0] == '-' || strncmp(reply, "OK", 2) == 0)
			script_store(
				script, name, taken[i].text, taken[i].length);
	}
	usleep(script->delay * 1000);
	if (is_refused(script) && reply[0] == '\0')
		return false;
	if (strcmp(reply, "OK") != 0)
		return answer(script, "text", reply);
	if (taken_count > 1)
		snprintf(usual, sizeof usual, "OK [APPENDUID 7 %u:%u] kept",
			uid, uid + (unsigned)taken_count - 1);
	else
		snprintf(usual, sizeof usual, "OK [APPENDUID 7 %u] kept", uid);
	return answer(script, "text",
		script_lacks(script, "UIDPLUS") ? "OK kept" : usual);
}

/* "APPEND "INBOX" () "date" {3+}", a literal, perhaps more of them. */
static bool append(struct script *script)
{
	bool at_once = false;
	long octets = literal(script, &at_once);

	forget_taken();
	if (octets < 0)
		return answer(script, "append", "BAD no literal");
	while (octets >= 0) {
		const char *reply;

		script->messages++;
		reply = script_reply(script, "append", "+ go on");
		if (!at_once && reply[0] != '+')
			return answer(script, "append", "");
		if ((!at_once && !script_put(script, reply)) ||
			!read_literal(script, octets))
			return false;
		octets = literal(script, &at_once);
	}
	return take_messages(script);
}

static bool announce(struct script *script)
{
	char line[256];

	snprintf(line, sizeof line, "* CAPABILITY IMAP4rev1 AUTH=PLAIN%s%s%s%s",
		script_lacks(script, "LITERAL+")	   ? " LITERAL-"
			: script_lacks(script, "LITERALS") ? ""
							   : " LITERAL+",
		script_lacks(script, "UIDPLUS") ? "" : " UIDPLUS",
		script_lacks(script, "BINARY") ? "" : " BINARY",
		script_lacks(script, "MULTIAPPEND") ? "" : " MULTIAPPEND");
	return script_put(script, line) &&
		answer(script, "capability", "OK done");
}

static bool status(struct script *script)
{
	char line[128];

	snprintf(line, sizeof line, "* STATUS \"x\" (UIDNEXT %u UIDVALIDITY 7)",
		next_uid(script));
	return (strncmp(script_reply(script, "status", "OK"), "OK", 2) != 0 ||
		       script_put(script, line)) &&
		answer(script, "status", "OK done");
}

static int compare_uids(const void *a, const void *b)
{
	unsigned one = *(const unsigned *)a;
	unsigned other = *(const unsigned *)b;

	return one < other ? -1 : one > other;
}

/* Whatever is searched for, all from a UID on are found. */
static bool search(struct script *script, const char *command)
{
	static unsigned uids[10000];
	static char line[100000];
	unsigned first = (unsigned)strtoul(
		command + strlen("UID SEARCH UID "), NULL, 10);
	size_t count;
	int n = snprintf(line, sizeof line, "* SEARCH");

	list_uids(script, uids, &count, 10000);
	qsort(uids, count, sizeof uids[0], compare_uids);
	for (size_t i = 0; i < count; i++) {
		if (uids[i] >= first)
			n += snprintf(line + n, sizeof line - (size_t)n, " %u",
				uids[i]);
	}
	n += snprintf(line + n, sizeof line - (size_t)n, "\r\n");
	return (strncmp(script_reply(script, "search", "OK"), "OK", 2) != 0 ||
		       script_put_bytes(script, line, (size_t)n)) &&
		answer(script, "search", "OK done");
}

/* "UID FETCH 1 BODY.PEEK[]<0.65536>" */
static bool fetch(struct script *script, const char *command)
{
	unsigned uid =
		(unsigned)strtoul(command + strlen("UID FETCH "), NULL, 10);
	const char *from = strchr(command, '<');
	char path[4096];
	char line[128];
	char *text = NULL;
	size_t length = 0;
	int c;

	snprintf(path, sizeof path, "%s/new/%u", script->directory, uid);
	FILE *file = from == NULL ||
			strcmp(script_reply(script, "fetch", "OK"), "OK") != 0
		? NULL
		: fopen(path, "r");

	if (file == NULL)
		return answer(script, "fetch", "OK nothing");
	FILE *wire = open_memstream(&text, &length);

	while ((c = fgetc(file)) != EOF) {
		if (c == '\n')
			fputc('\r', wire);
		fputc(c, wire);
	}
	fclose(wire);
	fclose(file);
	char *dot;
	size_t at = strtoul(from + 1, &dot, 10);
	size_t most = strtoul(dot + 1, NULL, 10);
	size_t give = at >= length ? 0 : length - at;

	give = give > most ? most : give;
	snprintf(line, sizeof line, "* 1 FETCH (UID %u BODY[]<%zu> {%zu}\r\n",
		uid, at, give);
	bool ok = script_put_bytes(script, line, strlen(line)) &&
		(give == 0 || script_put_bytes(script, text + at, give)) &&
		script_put(script, ")") && answer(script, "fetch", "OK done");

	free(text);
	return ok;
}

static bool greet(struct script *script)
{
	return script_answer(script, "greeting", "* OK ready");
}

static bool is(const char *command, const char *word)
{
	return strncmp(command, word, strlen(word)) == 0;
}

/* False: the connection is to be closed. */
static bool obey(struct script *script)
{
	char *blank = memchr(script->line, ' ', script->line_length);
	const char *command = blank == NULL ? "" : blank + 1;

	snprintf(tag, sizeof tag, "%.*s",
		blank == NULL ? 0 : (int)(blank - script->line), script->line);
	if (is(command, "CAPABILITY"))
		return announce(script);
	if (is(command, "AUTHENTICATE PLAIN")) {
		/* With an initial response, unless SASL-IR is unknown. */
		if (strlen(command) < 25 &&
			(!script_put(script, "+ ") ||
				!script_read_line(script)))
			return false;
		return answer(script, "login", "OK in");
	}
	if (is(command, "LOGIN"))
		return answer(script, "login", "OK in");
	if (is(command, "STATUS"))
		return status(script);
	if (is(command, "CREATE"))
		return answer(script, "create", "OK created");
	if (is(command, "APPEND"))
		return append(script);
	if (is(command, "EXAMINE"))
		return script_put(script, "* OK [UIDVALIDITY 7] valid") &&
			answer(script, "examine", "OK done");
	if (is(command, "UID SEARCH"))
		return search(script, command);
	if (is(command, "UID FETCH"))
		return fetch(script, command);
	if (!is(command, "LOGOUT"))
		return answer(script, "other", "OK done");
	script_put(script, "* BYE");
	return false;
}

int main(int argc, char **argv)
{
	struct script script = {.allowed = -1};

	script_begin(&script, argc, argv);
	script_serve(&script, script_listen(argv[argc - 2]), greet, obey);
}
