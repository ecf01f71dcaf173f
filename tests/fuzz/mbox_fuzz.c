/* SPDX-License-Identifier: ISC */
/*
 * An mbox, however it is cut, compared with a reader that takes it line by line
 * and keeps all of it; and From_ lines of other programs found in a torn end.
 */
#include <stdbool.h>
#include <string.h>

#include "core/mbox_from.h"
#include "core/mbox_scan.h"
#include "fuzz.h"

#define MESSAGES_MAX (FUZZ_MAX / 6 + 1)

/* The events of each message; its text follows that of the one before. */
static struct read {
	struct message {
		uint64_t begins;
		uint64_t ends;
		size_t from_length;
		size_t text; /* where it ends in texts */
	} messages[MESSAGES_MAX];
	size_t count;
	size_t text;
	char texts[FUZZ_MAX];
	char froms[FUZZ_MAX];
	size_t from;
	bool open; /* a message is open */
} scanned, expected;

static void begin(void *data, uint64_t at, const char *from, size_t length)
{
	struct read *read = data;

	PROMISE(!read->open && read->count < MESSAGES_MAX);
	PROMISE(length <= MBOX_FROM_KEPT);
	read->messages[read->count] =
		(struct message){.begins = at, .from_length = length};
	memcpy(read->froms + read->from, from, length);
	read->from += length;
	read->open = true;
}

static void text(void *data, const char *bytes, size_t length)
{
	struct read *read = data;

	PROMISE(read->open && length > 0);
	PROMISE(length <= FUZZ_MAX - read->text);
	memcpy(read->texts + read->text, bytes, length);
	read->text += length;
}

static void end(void *data, uint64_t at)
{
	struct read *read = data;

	PROMISE(read->open);
	read->messages[read->count].ends = at;
	read->messages[read->count++].text = read->text;
	read->open = false;
}

static const struct mbox_events events = {begin, text, end};

static bool is_from(const char *line, size_t length)
{
	return length >= 5 && memcmp(line, "From ", 5) == 0;
}

/* The text of a message whose lines are between two positions. */
static void expect_text(const char *at, const char *stop)
{
	const char *blank = memmem(at, (size_t)(stop - at), "\n\n", 2);
	bool body = at < stop && *at == '\n';
	const char *body_at = body ? at + 1 : blank == NULL ? stop : blank + 2;

	/* The separator: an empty line at the end, after the header's. */
	if (stop > body_at && stop[-1] == '\n' &&
		(stop - 1 == body_at || stop[-2] == '\n'))
		stop--;
	while (at < stop) {
		const char *lf = memchr(at, '\n', (size_t)(stop - at));
		const char *next = lf == NULL ? stop : lf + 1;
		const char *behind = at;

		while (behind < next && *behind == '>')
			behind++;
		if (behind > at && is_from(behind, (size_t)(next - behind)))
			at++;
		text(&expected, at, (size_t)(next - at));
		at = next;
	}
}

/* The next From_ line, starting at at, that begins a message; NULL: none. */
static const char *next_from(const char *at, const char *stop, bool after_blank)
{
	while (at < stop) {
		const char *lf = memchr(at, '\n', (size_t)(stop - at));

		if (after_blank && is_from(at, (size_t)(stop - at)))
			return at;
		after_blank = *at == '\n';
		at = lf == NULL ? stop : lf + 1;
	}
	return NULL;
}

static void expect(const char *mbox, size_t size)
{
	const char *stop = mbox + size;
	const char *at = mbox;

	while (at < stop && !is_from(at, (size_t)(stop - at))) {
		const char *lf = memchr(at, '\n', (size_t)(stop - at));

		at = lf == NULL ? stop : lf + 1;
	}
	while (at < stop) {
		const char *lf = memchr(at, '\n', (size_t)(stop - at));
		const char *line_end = lf == NULL ? stop : lf;
		const char *behind = lf == NULL ? stop : lf + 1;
		const char *next = next_from(behind, stop, false);
		size_t length = (size_t)(line_end - at);

		begin(&expected, (uint64_t)(at - mbox), at,
			length < MBOX_FROM_KEPT ? length : MBOX_FROM_KEPT);
		next = next == NULL ? stop : next;
		expect_text(behind, next);
		end(&expected, (uint64_t)(next - mbox));
		at = next;
	}
}

static void compare(void)
{
	PROMISE(!scanned.open && scanned.count == expected.count);
	PROMISE(scanned.text == expected.text);
	PROMISE(memcmp(scanned.texts, expected.texts, scanned.text) == 0);
	PROMISE(scanned.from == expected.from);
	PROMISE(memcmp(scanned.froms, expected.froms, scanned.from) == 0);
	for (size_t i = 0; i < scanned.count; i++) {
		PROMISE(scanned.messages[i].begins ==
			expected.messages[i].begins);
		PROMISE(scanned.messages[i].ends == expected.messages[i].ends);
		PROMISE(scanned.messages[i].text == expected.messages[i].text);
		PROMISE(scanned.messages[i].from_length ==
			expected.messages[i].from_length);
	}
}

/* How the input is cut: by numbers from it, or into single bytes. */
struct pieces {
	uint32_t cuts;
	size_t most;
};

static size_t next_piece(struct pieces *pieces, size_t left)
{
	size_t n = fuzz_block(&pieces->cuts, left);

	return n < pieces->most ? n : pieces->most;
}

static void scan(const char *mbox, size_t size, struct pieces pieces)
{
	static struct mbox_scan scan;

	scanned.count = scanned.text = scanned.from = 0;
	scanned.open = false;
	mbox_scan_init(&scan, &events, &scanned, 0);
	for (size_t at = 0, n; at < size; at += n) {
		n = next_piece(&pieces, size - at);
		mbox_scan_feed(&scan, mbox + at, n);
	}
	mbox_scan_end(&scan);
}

/* Is there a From_ line of another program, in the middle of a line or not? */
static bool holds_from(const char *at, const char *stop)
{
	static const char *const days[] = {
		"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	const char *first = at;

	for (; at < stop; at++) {
		const char *day = at + 5;

		if (!is_from(at, (size_t)(stop - at)))
			continue;
		if (at > first && at[-1] == '\n')
			return true;
		while (day < stop && *day != ' ' && *day != '\n')
			day++;
		while (day < stop && *day == ' ')
			day++;
		for (size_t i = 0; i < 7 && stop - day >= 3; i++) {
			if (memcmp(day, days[i], 3) == 0)
				return true;
		}
	}
	return false;
}

static bool search(const char *bytes, size_t size, struct pieces pieces)
{
	struct mbox_from_search search = {.found = false};

	for (size_t at = 0, n; at < size; at += n) {
		n = next_piece(&pieces, size - at);
		mbox_from_search(&search, bytes + at, n);
	}
	return search.found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t cuts;

	if (size < sizeof cuts || size > FUZZ_MAX)
		return 0;
	memcpy(&cuts, data, sizeof cuts);
	size -= sizeof cuts;
	const char *mbox = (const char *)data + sizeof cuts;
	const struct pieces pieces[] = {
		{0, size + 1}, {0, 1}, {cuts, size + 1}};

	expected.count = expected.text = expected.from = 0;
	expected.open = false;
	expect(mbox, size);
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		scan(mbox, size, pieces[i]);
		compare();
		PROMISE(search(mbox, size, pieces[i]) ==
			holds_from(mbox, mbox + size));
	}
	return 0;
}
