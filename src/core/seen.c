/* SPDX-License-Identifier: ISC */
#include "core/seen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/text.h"
#include "core/xalloc.h"

const char *const seen_names[SEEN_FORMATS] = {
	"fetchmail", "getmail", "mpop", "fdm", "thunderbird", "claws"};

/* A part of a line, or of a file. */
struct piece {
	const char *at;
	size_t length;
};

bool seen_format_named(const char *name, enum seen_format *format)
{
	for (int i = 0; i < SEEN_FORMATS; i++) {
		if (strcmp(name, seen_names[i]) == 0) {
			*format = (enum seen_format)i;
			return true;
		}
	}
	return false;
}

void seen_init(struct seen *seen, enum seen_format format, const char *server,
	const char *user, const uint64_t key[2])
{
	*seen = (struct seen){.format = format, .server = server, .user = user};
	maildrop_init(&seen->uids, key);
}

void seen_release(struct seen *seen)
{
	maildrop_release(&seen->uids);
	free(seen->times);
	seen->times = NULL;
	seen->times_room = 0;
}

/* Cuts piece at this place, which may be NULL (then false). */
static bool cut_at(struct piece *piece, const char *at, struct piece *behind)
{
	if (at == NULL)
		return false;
	size_t n = (size_t)(at - piece->at);

	*behind = (struct piece){at + 1, piece->length - n - 1};
	piece->length = n;
	return true;
}

/* Cuts piece at the first c in it; *behind is what follows the c. */
static bool cut(struct piece *piece, char c, struct piece *behind)
{
	return piece->length > 0 &&
		cut_at(piece, memchr(piece->at, c, piece->length), behind);
}

/* As cut, but at the last c. */
static bool cut_last(struct piece *piece, char c, struct piece *behind)
{
	return piece->length > 0 &&
		cut_at(piece, memrchr(piece->at, c, piece->length), behind);
}

static bool has(struct piece piece, char c)
{
	return piece.length > 0 && memchr(piece.at, c, piece.length) != NULL;
}

static bool is_number(struct piece piece, int64_t *number)
{
	int64_t n = 0;

	if (piece.length == 0 || piece.length > 18)
		return false;
	for (size_t i = 0; i < piece.length; i++) {
		if (piece.at[i] < '0' || piece.at[i] > '9')
			return false;
		n = n * 10 + (piece.at[i] - '0');
	}
	*number = n;
	return true;
}

static bool is_text(struct piece piece, const char *text, bool any_case)
{
	size_t n = strlen(text);

	return piece.length == n && !has(piece, '\0') &&
		(any_case ? strncasecmp(piece.at, text, n)
			  : strncmp(piece.at, text, n)) == 0;
}

/* Counts a line that is not understood. */
static void strange(struct seen_notes *notes)
{
	if (notes->strange++ == 0)
		notes->first_strange = notes->line;
}

static void add(struct seen *seen, struct seen_notes *notes, struct piece uid,
	int64_t time)
{
	struct error ignored = {.kind = ERROR_NONE};
	size_t position = seen->uids.count;
	bool usual = uid.length <= SEEN_UID_USUAL;

	/* No listing can contain a longer uid. */
	if (uid.length == 0 || uid.length > MAILDROP_UID_MAX) {
		strange(notes);
		return;
	}
	if (!maildrop_add(&seen->uids, (uint32_t)position + 1, uid.at,
		    uid.length, &ignored)) {
		notes->full = true;
		return;
	}
	if (position == seen->times_room) {
		seen->times_room = position > 0 ? position * 2 : 256;
		seen->times = xreallocarray(
			seen->times, seen->times_room, sizeof seen->times[0]);
	}
	seen->times[position] = time;
	for (size_t i = 0; i < uid.length; i++)
		usual = usual && uid.at[i] > 0x20 && uid.at[i] < 0x7f;
	notes->odd += !usual;
	notes->taken++;
}

/* Counts an entry or a list of another account, and notes its name. */
static void pass_over(
	struct seen_notes *notes, struct piece user, struct piece server)
{
	char name[sizeof notes->last_name];
	size_t used = strlen(notes->names);
	char shown[4 * sizeof name];

	notes->others++;
	snprintf(name, sizeof name, "%.*s at %.*s",
		(int)(user.length > 100 ? 100 : user.length), user.at,
		(int)(server.length > 100 ? 100 : server.length), server.at);
	if (strcmp(name, notes->last_name) == 0)
		return;
	memcpy(notes->last_name, name, sizeof name);
	text_printable(shown, sizeof shown, name, strlen(name));
	if (used + strlen(shown) + 3 < sizeof notes->names)
		snprintf(notes->names + used, sizeof notes->names - used,
			"%s%s", used > 0 ? ", " : "", shown);
}

/*
 * "user@host UID". User and uid may contain '@'; blanks are possible in the
 * user name before its first '@'.
 */
static void take_fetchmail(
	struct seen *seen, struct seen_notes *notes, struct piece line)
{
	struct piece start = line;
	struct piece behind;
	struct piece uid;
	struct piece host;

	if (!cut(&start, '@', &behind) || !cut(&behind, ' ', &uid)) {
		strange(notes);
		return;
	}
	struct piece user = {line.at, (size_t)(uid.at - line.at) - 1};

	cut_last(&user, '@', &host);
	/* fetchmail truncates uids at blanks: see seen_find. */
	cut(&uid, ' ', &behind);
	if (uid.length == 0 || uid.length > MAILDROP_UID_MAX)
		strange(notes);
	else if (is_text(user, seen->user, true) &&
		is_text(host, seen->server, true))
		add(seen, notes, uid, 0);
	else
		pass_over(notes, user, host);
}

/* "UID NUL TIME". */
static void take_getmail(
	struct seen *seen, struct seen_notes *notes, struct piece line)
{
	struct piece behind;
	int64_t time = 0;

	if (!cut(&line, '\0', &behind) || has(behind, '\0')) {
		strange(notes);
		return;
	}
	/* Without a valid time, the uid still counts. */
	is_number(behind, &time);
	add(seen, notes, line, time);
}

/* " N host user": the user name may contain blanks. */
static bool begin_mpop_list(
	struct seen *seen, struct seen_notes *notes, struct piece line)
{
	struct piece number = {line.at + 1, line.length - 1};
	struct piece host;
	struct piece user;
	int64_t count;

	if (!cut(&number, ' ', &host) || !cut(&host, ' ', &user) ||
		!is_number(number, &count) || host.length == 0 ||
		user.length == 0)
		return false;
	notes->in_list = true;
	notes->due = (uint64_t)count;
	notes->mine = is_text(host, seen->server, true) &&
		is_text(user, seen->user, false);
	if (!notes->mine)
		pass_over(notes, user, host);
	return true;
}

static void take_mpop(
	struct seen *seen, struct seen_notes *notes, struct piece line)
{
	struct piece uid = line;
	struct piece behind;
	int64_t time = 0;

	if (line.at[0] == ' ') {
		notes->in_list = false;
		if (!begin_mpop_list(seen, notes, line))
			strange(notes);
		return;
	}
	if (!notes->in_list || notes->due == 0) {
		if (line.at[0] != '#')
			strange(notes);
		return;
	}
	notes->due--;
	if (!notes->mine)
		return;
	if (!notes->timed || !cut_last(&uid, ' ', &behind) ||
		!is_number(behind, &time))
		uid = line;
	add(seen, notes, uid, time);
}

/* "LENGTH UID". */
static void take_fdm(
	struct seen *seen, struct seen_notes *notes, struct piece line)
{
	struct piece uid;
	int64_t length;

	if (cut(&line, ' ', &uid) && is_number(line, &length) &&
		(uint64_t)length == uid.length)
		add(seen, notes, uid, 0);
	else
		strange(notes);
}

/* "*host user", followed by lines "k UID TIME". */
static void take_thunderbird(
	struct seen *seen, struct seen_notes *notes, struct piece line)
{
	struct piece behind = {line.at + 1, line.length - 1};
	struct piece uid;
	struct piece time;
	int64_t seconds = 0;

	if (line.at[0] == '*') {
		struct piece host = behind;

		notes->in_list = cut(&host, ' ', &behind);
		notes->mine = notes->in_list &&
			is_text(host, seen->server, true) &&
			is_text(behind, seen->user, false);
		if (!notes->in_list)
			strange(notes);
		else if (!notes->mine)
			pass_over(notes, behind, host);
		return;
	}
	struct piece mark = line;

	if (!notes->in_list || !cut(&mark, ' ', &uid) || mark.length != 1 ||
		strchr("kdbf", mark.at[0]) == NULL) {
		strange(notes);
		return;
	}
	if (!notes->mine)
		return;
	if (cut_last(&uid, ' ', &time))
		is_number(time, &seconds);
	/* k: kept on the server, d: to be deleted; of the others Thunderbird
	 * has only the headers. */
	if (mark.at[0] == 'k' || mark.at[0] == 'd')
		add(seen, notes, uid, seconds);
	else
		notes->unseen++;
}

/* "UID TAB TIME TAB PARTIAL"; older files have fewer columns. */
static void take_claws(
	struct seen *seen, struct seen_notes *notes, struct piece line)
{
	struct piece time = {"", 0};
	struct piece partial = {"0", 1};
	int64_t seconds = 0;

	if (!cut(&line, '\t', &time) && line.at[0] == '#')
		return;
	cut(&time, '\t', &partial);
	is_number(time, &seconds);
	if (is_text(partial, "0", false))
		add(seen, notes, line, seconds);
	else
		notes->unseen++;
}

/* Takes the next line, without its line end, off the rest of a file. */
static bool next_line(struct piece *rest, struct piece *line)
{
	struct piece behind = {NULL, 0};

	if (rest->length == 0)
		return false;
	*line = *rest;
	cut(line, '\n', &behind);
	*rest = behind;
	if (line->length > 0 && line->at[line->length - 1] == '\r')
		line->length--;
	return true;
}

/* Is it 1.4.23 or newer? */
static bool mpop_version_is_timed(struct piece version)
{
	int64_t all = 0;

	for (int i = 0; i < 3; i++) {
		struct piece behind = {NULL, 0};
		int64_t n;

		cut(&version, '.', &behind);
		all = all * 1000 + (is_number(version, &n) && n < 1000 ? n : 0);
		version = behind;
	}
	return all >= 1004023;
}

/*
 * Since 1.4.23 mpop writes a time after each uid, and its version into the
 * file. If a file does not name a version, it has times if every line ends with
 * a number.
 */
static bool mpop_is_timed(struct piece rest)
{
	static const char words[] = "mpop version ";
	const size_t n = sizeof words - 1;
	struct piece line;
	struct piece behind;
	bool all = true;
	int64_t time;

	while (next_line(&rest, &line)) {
		bool comment = line.length > 0 && line.at[0] == '#';
		const char *found =
			comment ? memmem(line.at, line.length, words, n) : NULL;

		if (found != NULL) {
			found += n;
			return mpop_version_is_timed((struct piece){found,
				(size_t)(line.at + line.length - found)});
		}
		if (line.length == 0 || comment || line.at[0] == ' ')
			continue;
		all = all && cut_last(&line, ' ', &behind) &&
			is_number(behind, &time);
	}
	return all;
}

void seen_parse(struct seen *seen, const char *text, size_t length,
	struct seen_notes *notes)
{
	static void (*const take[SEEN_FORMATS])(
		struct seen *, struct seen_notes *, struct piece) = {
		take_fetchmail,
		take_getmail,
		take_mpop,
		take_fdm,
		take_thunderbird,
		take_claws,
	};
	struct piece rest = {text, length};
	struct piece line;
	/* In the other formats a uid may begin with #. */
	bool comments = seen->format == SEEN_FETCHMAIL ||
		seen->format == SEEN_FDM || seen->format == SEEN_THUNDERBIRD;

	*notes = (struct seen_notes){
		.timed = seen->format == SEEN_MPOP && mpop_is_timed(rest)};
	while (!notes->full && next_line(&rest, &line)) {
		notes->line++;
		if (line.length == 0 || (comments && line.at[0] == '#'))
			continue;
		if (seen->format != SEEN_GETMAIL && has(line, '\0'))
			strange(notes);
		else
			take[seen->format](seen, notes, line);
	}
}

void seen_index(struct seen *seen)
{
	struct error never = {.kind = ERROR_NONE};

	maildrop_index(&seen->uids, &never);
}

size_t seen_find(const struct seen *seen, struct uid uid)
{
	char written[MAILDROP_UID_MAX];
	size_t length = uid.length;

	if (length == 0 || length > sizeof written)
		return MAILDROP_NOT_FOUND;
	memcpy(written, uid.bytes, length);
	for (size_t i = 0; seen->format == SEEN_GETMAIL && i < length; i++) {
		if (written[i] == '/')
			written[i] = '-';
	}
	if (seen->format == SEEN_FETCHMAIL) {
		const char *blank = memchr(written, ' ', length);

		if (blank != NULL)
			length = (size_t)(blank - written);
	}
	return maildrop_find(&seen->uids,
		(struct uid){.bytes = written, .length = length}, SIZE_MAX);
}
