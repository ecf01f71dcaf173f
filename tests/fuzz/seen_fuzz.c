/* SPDX-License-Identifier: ISC */
/*
 * Files of other fetchers, with any bytes: the uids are those that a simple
 * reading of each line gives (those of mpop, whose lines depend on each other,
 * must only be plausible), and each is found again.
 */
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "core/seen.h"
#include "fuzz.h"

#define SERVER "h"
#define USER "u"

static const struct seen *seen;
static size_t taken; /* by the reference */
static bool mine;    /* thunderbird: in the account's section */

static bool is(const char *text, size_t length, const char *wanted, bool any)
{
	return length == strlen(wanted) &&
		(any ? strncasecmp(text, wanted, length)
		     : memcmp(text, wanted, length)) == 0;
}

static size_t span_to(const char *text, size_t length, char c)
{
	size_t n = 0;

	while (n < length && text[n] != c)
		n++;
	return n;
}

static void take(const char *uid, size_t length)
{
	if (length == 0 || length > MAILDROP_UID_MAX)
		return;
	PROMISE(taken < seen->uids.count);
	const struct message *message = &seen->uids.messages[taken++];

	PROMISE(message->uid_length == length);
	PROMISE(memcmp(maildrop_uid(&seen->uids, message).bytes, uid, length) ==
		0);
}

static void fetchmail(const char *line, size_t length)
{
	size_t at = span_to(line, length, '@');

	if (line[0] == '#' || at == length)
		return;
	size_t end = at + span_to(line + at, length - at, ' ');
	size_t split = end;

	while (split > 0 && line[split - 1] != '@')
		split--;
	if (end == length || !is(line, split - 1, USER, true) ||
		!is(line + split, end - split, SERVER, true))
		return;
	take(line + end + 1, span_to(line + end + 1, length - end - 1, ' '));
}

static void getmail(const char *line, size_t length)
{
	size_t n = span_to(line, length, '\0');

	if (n < length &&
		span_to(line + n + 1, length - n - 1, '\0') == length - n - 1)
		take(line, n);
}

static void fdm(const char *line, size_t length)
{
	size_t n = span_to(line, length, ' ');
	size_t number = 0;

	if (n == 0 || n > 18 || n == length)
		return;
	for (size_t i = 0; i < n; i++) {
		if (line[i] < '0' || line[i] > '9')
			return;
		number = number * 10 + (size_t)(line[i] - '0');
	}
	if (number == length - n - 1)
		take(line + n + 1, number);
}

static void thunderbird(const char *line, size_t length)
{
	if (line[0] == '*') {
		size_t n = span_to(line, length, ' ');

		mine = n < length && is(line + 1, n - 1, SERVER, true) &&
			is(line + n + 1, length - n - 1, USER, false);
		return;
	}
	if (!mine || length < 2 || line[1] != ' ' ||
		(line[0] != 'k' && line[0] != 'd'))
		return;
	size_t end = length;

	while (end > 2 && line[end - 1] != ' ')
		end--;
	take(line + 2, end > 2 ? end - 3 : length - 2);
}

static void claws(const char *line, size_t length)
{
	size_t n = span_to(line, length, '\t');
	size_t rest = n;

	if (n == length) {
		if (line[0] != '#')
			take(line, n);
		return;
	}
	rest = n + 1 + span_to(line + n + 1, length - n - 1, '\t');
	if (rest == length || (length - rest == 2 && line[rest + 1] == '0'))
		take(line, n);
}

/* The lines of a file, one by one, in each of the formats. */
static void reference(const char *text, size_t size)
{
	static void (*const read[SEEN_FORMATS])(const char *, size_t) = {
		fetchmail, getmail, NULL, fdm, thunderbird, claws};

	taken = 0;
	mine = false;
	while (size > 0) {
		size_t whole = span_to(text, size, '\n');
		size_t n = whole > 0 && text[whole - 1] == '\r' ? whole - 1
								: whole;
		bool nul = n > 0 && memchr(text, '\0', n) != NULL;

		if (n > 0 && (!nul || seen->format == SEEN_GETMAIL))
			read[seen->format](text, n);
		whole += whole < size;
		text += whole;
		size -= whole;
	}
	PROMISE(taken == seen->uids.count);
}

static void check_notes(const struct seen_notes *notes)
{
	PROMISE(notes->taken == seen->uids.count);
	PROMISE(notes->odd <= notes->taken);
	PROMISE(notes->taken + notes->unseen + notes->others + notes->strange <=
		notes->line);
	PROMISE((notes->strange > 0) == (notes->first_strange > 0));
	PROMISE(notes->first_strange <= notes->line);
	PROMISE(strnlen(notes->names, sizeof notes->names) <
		sizeof notes->names);
	for (const char *p = notes->names; *p != '\0'; p++)
		PROMISE((unsigned char)*p >= ' ' && *p != 0x7f);
}

static void check_found(void)
{
	for (size_t i = 0; i < seen->uids.count; i++) {
		const struct message *uid = &seen->uids.messages[i];
		struct uid octets = maildrop_uid(&seen->uids, uid);
		size_t at = seen_find(seen, octets);
		bool slash = memchr(octets.bytes, '/', octets.length) != NULL;

		PROMISE(seen->times[i] >= 0);
		if (seen->format == SEEN_GETMAIL && slash)
			continue;
		PROMISE(at <= i && seen->uids.messages[at].ordinal == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t key[2] = {1, 2};
	struct seen_notes notes;
	struct seen all;

	if (size < 1 || size > FUZZ_MAX)
		return 0;
	const char *text = (const char *)data + 1;

	seen = &all;
	seen_init(&all, (enum seen_format)(data[0] % SEEN_FORMATS), SERVER,
		USER, key);
	seen_parse(&all, text, size - 1, &notes);
	check_notes(&notes);
	if (all.format != SEEN_MPOP)
		reference(text, size - 1);
	seen_index(&all);
	check_found();
	seen_release(&all);
	return 0;
}
