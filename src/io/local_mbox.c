/* SPDX-License-Identifier: ISC */
#include "io/local_mbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/header.h"
#include "core/xalloc.h"
#include "io/digest.h"

#define BLOCK (128 * 1024)

/* What becomes of a message as its lines pass. */
struct scan {
	struct local_mbox *mbox;
	bool trashed;
	bool in_message;
	bool in_header;
	bool after_blank; /* the last line was empty: From_ may follow */
	bool held;	  /* that empty line, which may be the separator */
	bool left_out; /* the header line that is read, as what readers add */
	bool ended;    /* the last octet was a line end, which is held */
	int64_t since;
	uint64_t octets;
	uint64_t lines;
	struct header header;
	struct digest *identity; /* owned */
	struct digest *whole;	 /* owned */
	struct digest *plain;	 /* owned; without what readers add */
};

void local_mbox_release(struct local_mbox *mbox)
{
	free(mbox->messages);
	*mbox = (struct local_mbox){.count = 0};
}

static void hash(void *data, const char *bytes, size_t length)
{
	digest_update(data, bytes, length);
}

/* The time in a From_ line, as we write it: in UTC; 0: there is none. */
static int64_t from_time(const char *line, size_t length)
{
	char text[128];
	struct tm utc = {.tm_sec = 0};
	size_t blank = 5;

	while (blank < length && line[blank] != ' ')
		blank++;
	if (length - blank >= sizeof text)
		return 0;
	memcpy(text, line + blank, length - blank);
	text[length - blank] = '\0';
	if (strptime(text, " %a %b %d %H:%M:%S %Y", &utc) == NULL)
		return 0;
	return (int64_t)timegm(&utc);
}

static void begin(struct scan *scan)
{
	header_init(&scan->header);
	scan->header.identity = hash;
	scan->header.data = scan->identity;
	digest_restart(scan->identity);
	digest_restart(scan->whole);
	digest_restart(scan->plain);
	scan->octets = scan->lines = 0;
	scan->in_message = scan->in_header = true;
	scan->after_blank = scan->held = scan->left_out = scan->ended = false;
}

/* The digest so far, and the one with one more line end. */
static void finish(struct digest *digest, unsigned char without[DIGEST_LENGTH],
	unsigned char with[DIGEST_LENGTH])
{
	struct digest *more = digest_copy(digest);

	digest_update(more, "\n", 1);
	digest_finish(more, with);
	digest_finish(digest, without);
	digest_free(more);
}

static void end(struct scan *scan)
{
	struct local_mbox *mbox = scan->mbox;
	struct local_message *message;

	if (!scan->in_message)
		return;
	scan->in_message = false;
	header_end(&scan->header);
	if (mbox->count == mbox->room) {
		mbox->room = mbox->room > 0 ? mbox->room * 2 : 64;
		mbox->messages = xreallocarray(
			mbox->messages, mbox->room, sizeof mbox->messages[0]);
	}
	message = &mbox->messages[mbox->count++];
	message->trashed = scan->trashed;
	message->identified = header_is_identity(&scan->header);
	message->since = scan->since;
	message->octets = scan->octets + 1;
	message->lines = scan->lines + 1;
	digest_finish(scan->identity, message->header_sha256);
	finish(scan->whole, message->texts[0], message->texts[1]);
	finish(scan->plain, message->texts[2], message->texts[3]);
	mbox->sorted = false;
}

/* What readers of mail write into headers. */
static bool is_added(const char *line, size_t length)
{
	static const char *const names[] = {"Status:", "X-Status:", "X-UID:",
		"X-Keywords:", "X-IMAP:", "X-IMAPbase:", "X-UIDL:",
		"X-Mozilla-Status:", "X-Mozilla-Status2:", "X-Mozilla-Keys:",
		"Content-Length:", "Lines:"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		size_t n = strlen(names[i]);

		if (length >= n && strncasecmp(line, names[i], n) == 0)
			return true;
	}
	return false;
}

static void pass(struct scan *scan, const char *bytes, size_t length)
{
	if (scan->ended) {
		digest_update(scan->whole, "\n", 1);
		scan->octets++;
		scan->lines++;
		if (!scan->left_out)
			digest_update(scan->plain, "\n", 1);
		scan->ended = false;
	}
	digest_update(scan->whole, bytes, length);
	scan->octets += length;
}

/* A line without its end; whole says whether that followed. */
static void take_line(
	struct scan *scan, const char *line, size_t length, bool whole)
{
	size_t quotes = 0;

	if (length >= 5 && memcmp(line, "From ", 5) == 0 &&
		(scan->after_blank || !scan->in_message)) {
		/* The empty line in front of it is no part of the message. */
		end(scan);
		begin(scan);
		scan->since = from_time(line, length);
		return;
	}
	if (!scan->in_message)
		return;
	if (scan->held) {
		scan->held = false;
		pass(scan, "", 0);
		scan->ended = true;
	}
	if (scan->in_header) {
		header_feed(&scan->header, line, length);
		header_feed(&scan->header, "\n", 1);
	}
	if (length == 0 && whole && !scan->in_header) {
		scan->held = scan->after_blank = true;
		return;
	}
	/* mboxrd: one '>' goes. */
	while (quotes < length && line[quotes] == '>')
		quotes++;
	if (quotes > 0 && length - quotes >= 5 &&
		memcmp(line + quotes, "From ", 5) == 0) {
		line++;
		length--;
	}
	pass(scan, line, length);
	bool folded = length > 0 && (line[0] == ' ' || line[0] == '\t');

	scan->left_out = scan->in_header &&
		(folded ? scan->left_out : is_added(line, length));
	if (!scan->left_out)
		digest_update(scan->plain, line, length);
	scan->ended = whole;
	scan->after_blank = length == 0;
	if (length == 0)
		scan->in_header = false;
}

/* Reads line by line; one that is longer than the block comes in pieces. */
static bool read_lines(struct scan *scan, FILE *file)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	while ((n = getline(&line, &room, file)) > 0) {
		bool whole = line[n - 1] == '\n';

		take_line(scan, line, (size_t)n - whole, whole);
	}
	free(line);
	end(scan);
	return ferror(file) == 0;
}

bool local_mbox_look(struct local_mbox *mbox, const char *path, bool trashed,
	struct error *err)
{
	int fd;
	char start[5];
	FILE *file = NULL;

	do
		fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
	while (fd < 0 && errno == EINTR);
	bool ok = fd >= 0;

	if (ok &&
		(pread(fd, start, sizeof start, 0) != (ssize_t)sizeof start ||
			memcmp(start, "From ", sizeof start) != 0)) {
		close(fd);
		return true;
	}
	file = ok ? fdopen(fd, "r") : NULL;
	ok = file != NULL;
	if (ok) {
		struct scan scan = {.mbox = mbox,
			.trashed = trashed,
			.identity = digest_new(),
			.whole = digest_new(),
			.plain = digest_new()};

		setvbuf(file, NULL, _IOFBF, BLOCK);
		ok = read_lines(&scan, file);
		digest_free(scan.identity);
		digest_free(scan.whole);
		digest_free(scan.plain);
	}
	if (!ok)
		error_set(err, ERROR_WRITE, "cannot look through %s: %s", path,
			strerror(errno));
	if (file != NULL)
		fclose(file);
	else if (fd >= 0)
		close(fd);
	return ok;
}

static int by_header(const void *a, const void *b)
{
	const struct local_message *x = a;
	const struct local_message *y = b;

	return memcmp(x->header_sha256, y->header_sha256, LETTER_DIGEST);
}

/* The first of those with this header, and behind the last; equal: none. */
static void find_all(struct local_mbox *mbox, const struct letter *letter,
	size_t *first, size_t *end)
{
	size_t low = 0;
	size_t high = mbox->count;

	if (!mbox->sorted && mbox->count > 0)
		qsort(mbox->messages, mbox->count, sizeof mbox->messages[0],
			by_header);
	mbox->sorted = true;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(mbox->messages[middle].header_sha256,
			    letter->header_sha256, LETTER_DIGEST) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*first = *end = low;
	while (*end < mbox->count &&
		memcmp(mbox->messages[*end].header_sha256,
			letter->header_sha256, LETTER_DIGEST) == 0)
		++*end;
}

static bool has_text(
	const struct local_message *message, const struct letter *letter)
{
	for (size_t k = 0; k < LOCAL_TEXTS; k++) {
		if (memcmp(message->texts[k], letter->sha256, LETTER_DIGEST) ==
			0)
			return true;
	}
	return false;
}

/*
 * Without a header to know it by: by its text alone. If that is not there,
 * nobody can tell whether it was changed or removed.
 */
static enum local_state find_text(
	const struct local_mbox *mbox, const struct letter *letter)
{
	for (size_t i = 0; i < mbox->count; i++) {
		if (has_text(&mbox->messages[i], letter))
			return mbox->messages[i].trashed ? LOCAL_TRASHED
							 : LOCAL_HERE;
	}
	return LOCAL_UNREADABLE;
}

enum local_state local_mbox_find(
	struct local_mbox *mbox, const struct letter *letter)
{
	size_t first;
	size_t end;

	if (!letter->identified)
		return find_text(mbox, letter);
	find_all(mbox, letter, &first, &end);
	if (first == end)
		return LOCAL_GONE;
	for (size_t i = first; i < end; i++) {
		if (!mbox->messages[i].trashed)
			return LOCAL_HERE;
	}
	return LOCAL_TRASHED;
}

enum local_state local_mbox_verify(
	struct local_mbox *mbox, const struct letter *letter)
{
	size_t first;
	size_t end;

	if (!letter->identified)
		return find_text(mbox, letter);
	find_all(mbox, letter, &first, &end);
	if (first == end)
		return LOCAL_GONE;
	for (size_t i = first; i < end; i++) {
		if (has_text(&mbox->messages[i], letter))
			return LOCAL_HERE;
	}
	return LOCAL_CHANGED;
}

bool local_mbox_read(const struct local_mbox *mbox,
	bool (*visit)(void *data, const struct letter *letter, int64_t since,
		struct error *err),
	void *data, struct error *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < mbox->count; i++) {
		const struct local_message *message = &mbox->messages[i];
		/* Where it lies in the mbox is of no use to anybody later. */
		struct letter letter = {.octets = message->octets,
			.lines = message->lines,
			.length = message->octets,
			.identified = message->identified};

		memcpy(letter.sha256, message->texts[1], LETTER_DIGEST);
		memcpy(letter.header_sha256, message->header_sha256,
			LETTER_DIGEST);
		ok = visit(data, &letter, message->since, err);
	}
	return ok;
}
