/* SPDX-License-Identifier: ISC */
#include "io/mail/local_mbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/header.h"
#include "core/plain.h"
#include "core/xalloc.h"
#include "io/mail/local_file.h"
#include "io/mail/local_note.h"
#include "io/process/digest.h"

#define BLOCK (128 * 1024)

/* What becomes of a message as its lines pass. */
struct scan {
	struct local_mbox *mbox;
	uint64_t at;	/* of the line that is read, in the file */
	uint64_t began; /* the message, too */
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
	uint64_t added_octets; /* of these: by readers */
	uint64_t added_lines;
	struct header header;
	struct digest *identity; /* owned */
	struct digest *whole;	 /* owned */
	struct digest *plain;	 /* owned; without what readers add */
};

void local_mbox_release(struct local_mbox *mbox)
{
	for (size_t i = 0; i < mbox->path_count; i++)
		free(mbox->paths[i]);
	free(mbox->paths);
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
	scan->added_octets = scan->added_lines = 0;
	scan->began = scan->at;
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

/* Room for one more. */
static struct local_message *add(struct local_mbox *mbox)
{
	if (mbox->count == mbox->room) {
		mbox->room = mbox->room > 0 ? mbox->room * 2 : 64;
		mbox->messages = xreallocarray(
			mbox->messages, mbox->room, sizeof mbox->messages[0]);
	}
	mbox->sorted = false;
	return &mbox->messages[mbox->count++];
}

static void end(struct scan *scan)
{
	struct local_mbox *mbox = scan->mbox;
	struct local_message *message;

	if (!scan->in_message)
		return;
	scan->in_message = false;
	header_end(&scan->header);
	message = add(mbox);
	message->at = scan->began;
	message->length = scan->at - scan->began;
	message->mbox = mbox->path_count - 1;
	message->read = true;
	message->trashed = scan->trashed;
	message->identified = header_is_identity(&scan->header);
	message->id_hash = local_id_hash(scan->header.message_id);
	message->since = scan->since;
	message->octets = scan->octets + 1;
	message->lines = scan->lines + 1;
	message->added_octets = scan->added_octets;
	message->added_lines = scan->added_lines;
	digest_finish(scan->identity, message->header_sha256);
	finish(scan->whole, message->texts[0], message->texts[1]);
	finish(scan->plain, message->texts[2], message->texts[3]);
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
		(folded ? scan->left_out : plain_is_added(line, length));
	if (!scan->left_out) {
		digest_update(scan->plain, line, length);
	} else {
		scan->added_octets += length + whole;
		scan->added_lines += whole;
	}
	scan->ended = whole;
	scan->after_blank = length == 0;
	if (length == 0)
		scan->in_header = false;
}

/* Reads line by line up to an octet of the file. */
static bool read_lines(struct scan *scan, FILE *file, uint64_t end_at)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	while (scan->at < end_at && (n = getline(&line, &room, file)) > 0) {
		bool whole = line[n - 1] == '\n';

		take_line(scan, line, (size_t)n - whole, whole);
		scan->at += (uint64_t)n;
	}
	free(line);
	end(scan);
	return ferror(file) == 0;
}

/* Reads what lies between two octets of the file, the first a From_ line's. */
static bool scan_part(struct local_mbox *mbox, FILE *file, bool trashed,
	uint64_t from, uint64_t to)
{
	struct scan scan = {.mbox = mbox,
		.trashed = trashed,
		.at = from,
		.identity = digest_new(),
		.whole = digest_new(),
		.plain = digest_new()};
	bool ok = fseeko(file, (off_t)from, SEEK_SET) == 0 &&
		read_lines(&scan, file, to);

	digest_free(scan.identity);
	digest_free(scan.whole);
	digest_free(scan.plain);
	return ok;
}

/* length: so much of it will be read, at most. */
static FILE *open_mbox(const char *path, uint64_t length)
{
	int fd;

	do
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	while (fd < 0 && errno == EINTR);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (fd >= 0 && file == NULL)
		close(fd);
	if (file != NULL)
		setvbuf(file, NULL, _IOFBF,
			length < BLOCK ? (size_t)length : BLOCK);
	return file;
}

/* Takes what is noted and still holds; where the rest begins. */
static uint64_t take_note(
	struct local_mbox *mbox, int fd, const char *path, bool trashed)
{
	const struct local_notes *notes = mbox->notes;
	size_t length;
	size_t count;
	uint64_t from;
	const void *note = notes == NULL
		? NULL
		: notes->recall(notes->data, path, &length);
	struct local_message *noted = note == NULL
		? NULL
		: local_note_read(fd, note, length, &count, &from);

	if (noted == NULL)
		return 0;
	for (size_t i = 0; i < count; i++) {
		struct local_message *message = add(mbox);

		*message = noted[i];
		message->mbox = mbox->path_count - 1;
		message->trashed = trashed;
	}
	free(noted);
	return from;
}

static bool is_unchanged(const struct stat *before, const struct stat *after)
{
	return before->st_size == after->st_size &&
		before->st_mtim.tv_sec == after->st_mtim.tv_sec &&
		before->st_mtim.tv_nsec == after->st_mtim.tv_nsec;
}

/* Notes what it holds, if any of it had to be read and it did not change
 * meanwhile. */
static void keep_note(const struct local_mbox *mbox, size_t first, int fd,
	const struct stat *before, const char *path)
{
	const struct local_notes *notes = mbox->notes;
	struct stat after;
	size_t length;

	if (notes == NULL || mbox->count == first ||
		!mbox->messages[mbox->count - 1].read ||
		fstat(fd, &after) < 0 || !is_unchanged(before, &after))
		return;
	void *note = local_note_make(
		fd, &mbox->messages[first], mbox->count - first, &length);

	if (note != NULL)
		notes->keep(notes->data, path, note, length);
	free(note);
}

bool local_mbox_look(struct local_mbox *mbox, const char *path, bool trashed)
{
	FILE *file = open_mbox(path, UINT64_MAX);
	size_t first = mbox->count;
	struct stat before;
	bool ok = file != NULL && fstat(fileno(file), &before) == 0;
	char start[5];

	if (ok &&
		(pread(fileno(file), start, sizeof start, 0) !=
				(ssize_t)sizeof start ||
			memcmp(start, "From ", sizeof start) != 0)) {
		fclose(file);
		return true;
	}
	if (ok) {
		mbox->paths = xreallocarray(mbox->paths, mbox->path_count + 1,
			sizeof mbox->paths[0]);
		mbox->paths[mbox->path_count++] = xstrdup(path);
		uint64_t from = take_note(mbox, fileno(file), path, trashed);

		ok = from >= (uint64_t)before.st_size ||
			scan_part(mbox, file, trashed, from, UINT64_MAX);
	}
	int saved = errno;

	if (ok)
		keep_note(mbox, first, fileno(file), &before, path);
	if (file != NULL)
		fclose(file);
	errno = saved;
	return ok;
}

/* Reads a message that was only noted; false: it is not there any more. */
static bool read_again(const struct local_mbox *mbox,
	const struct local_message *noted, struct local_message *now)
{
	struct local_mbox one = {.path_count = 1};
	FILE *file = open_mbox(mbox->paths[noted->mbox], noted->length);
	bool ok = file != NULL &&
		scan_part(&one, file, noted->trashed, noted->at,
			noted->at + noted->length) &&
		one.count == 1 && one.messages[0].length == noted->length;

	if (ok)
		*now = one.messages[0];
	if (file != NULL)
		fclose(file);
	free(one.messages);
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

/* Is the letter's copy this message, as far as its header tells? */
static bool has_header(
	const struct local_message *message, const struct letter *letter)
{
	uint64_t id = local_id_hash(letter->message_id);

	return (message->identified &&
		       memcmp(message->header_sha256, letter->header_sha256,
			       LETTER_DIGEST) == 0) ||
		(id != 0 && message->id_hash == id);
}

bool local_mbox_has(struct local_mbox *mbox, const struct letter *letter,
	enum local_state *state)
{
	bool found = false;

	for (size_t i = 0; i < mbox->count; i++) {
		const struct local_message *message = &mbox->messages[i];

		if (!(letter->identified ? has_header(message, letter)
					 : has_text(message, letter)))
			continue;
		*state = message->trashed ? LOCAL_TRASHED : LOCAL_HERE;
		found = true;
		if (!message->trashed)
			break;
	}
	return found;
}

enum local_state local_mbox_find(
	struct local_mbox *mbox, const struct letter *letter)
{
	enum local_state state = LOCAL_GONE;
	size_t first = 0;
	size_t end = 0;

	if (letter->identified)
		find_all(mbox, letter, &first, &end);
	for (size_t i = first; i < end; i++) {
		if (!mbox->messages[i].trashed)
			return LOCAL_HERE;
		state = LOCAL_TRASHED;
	}
	if (first == end && !letter->identified)
		local_mbox_has(mbox, letter, &state);
	return state;
}

/* Is this what was stored, as it is read now? */
static bool is_as_stored(const struct local_mbox *mbox,
	const struct local_message *message, const struct letter *letter)
{
	struct local_message now;

	if (message->read)
		return has_text(message, letter);
	return read_again(mbox, message, &now) && has_text(&now, letter);
}

enum local_state local_mbox_verify(
	struct local_mbox *mbox, const struct letter *letter)
{
	size_t first = 0;
	size_t end = mbox->count;

	if (letter->identified)
		find_all(mbox, letter, &first, &end);
	if (first == end)
		return letter->identified ? LOCAL_GONE : LOCAL_UNREADABLE;
	for (size_t i = first; i < end; i++) {
		const struct local_message *message = &mbox->messages[i];

		if ((letter->identified || has_text(message, letter)) &&
			is_as_stored(mbox, message, letter))
			return LOCAL_HERE;
	}
	return letter->identified ? LOCAL_CHANGED : LOCAL_UNREADABLE;
}

/* The letter's name is its From_ line, by which it is known where it lies. */
static void read_from_line(const struct local_mbox *mbox,
	const struct local_message *message, struct letter *letter)
{
	FILE *file = open_mbox(mbox->paths[message->mbox], LETTER_NAME_MAX);

	if (file == NULL)
		return;
	if (fseeko(file, (off_t)message->at, SEEK_SET) == 0 &&
		fgets(letter->name, sizeof letter->name, file) != NULL)
		letter->name[strcspn(letter->name, "\n")] = '\0';
	fclose(file);
}

bool local_mbox_read(const struct local_mbox *mbox,
	bool (*visit)(void *data, const struct letter *letter, int64_t since,
		struct error *err),
	void *data, struct error *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < mbox->count; i++) {
		const struct local_message *message = &mbox->messages[i];
		struct letter letter = {.octets = message->octets,
			.lines = message->lines,
			.offset = message->at,
			.length = message->length,
			.identified = message->identified};

		read_from_line(mbox, message, &letter);

		memcpy(letter.sha256, message->texts[1], LETTER_DIGEST);
		memcpy(letter.header_sha256, message->header_sha256,
			LETTER_DIGEST);
		ok = visit(data, &letter, message->since, err);
		if (!ok || message->added_octets == 0)
			continue;
		/* As it was before a reader wrote into it. */
		memcpy(letter.sha256, message->texts[3], LETTER_DIGEST);
		letter.octets -= message->added_octets;
		letter.lines -= message->added_lines;
		ok = visit(data, &letter, message->since, err);
	}
	return ok;
}
