/* SPDX-License-Identifier: ISC */
/*
 * The answers to UIDL and LIST, cut into arbitrary blocks, read into a
 * maildrop, and compared with a simple reading of their lines: the same
 * messages, uids, copies and sizes.
 */
#include <stdbool.h>
#include <string.h>

#include "core/maildrop.h"
#include "core/pop3.h"
#include "engine/listing.h"
#include "fuzz.h"
#include "reference.h"

#define LINES_MAX (FUZZ_MAX / 2)

/* listing.c needs a session; the functions tested here do not use it. */
bool session_push(struct session *session, enum pop3_answer answer,
	uint32_t tag, const char *command, struct error *err)
{
	(void)session;
	(void)answer;
	(void)tag;
	(void)command;
	(void)err;
	abort();
}

const char *session_words(struct session *session, const char *words,
	size_t length, size_t *shown)
{
	(void)session;
	*shown = length;
	return words;
}

bool session_next(struct session *session, struct pipeline_event *event,
	struct error *err)
{
	(void)session;
	(void)event;
	(void)err;
	abort();
}

/* ---- the reference ---------------------------------------------------------
 */

struct listed {
	uint32_t number;
	const char *uid;
	size_t length;
	uint64_t size;
	uint32_t ordinal;
};

static struct listed wanted[LINES_MAX];
static size_t wanted_count;

/* The next line of a listing, without a stuffed dot; NULL at "." or the end. */
static const char *next_line(
	const char **wire, size_t *size, size_t *length, bool *ended)
{
	const char *line = reference_line(wire, size, POP3_LISTED_MAX, length);

	*ended = line != NULL && *length == 1 && line[0] == '.';
	if (line == NULL || *ended)
		return NULL;
	if (*length > 0 && line[0] == '.') {
		line++;
		(*length)--;
	}
	return line;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * "NUMBER SP REST", with any spaces or TABs around both: returns where REST
 * begins, or 0 if the line has another format. *length is set to the end of
 * REST.
 */
static size_t number_of(const char *line, size_t *length, uint32_t *number)
{
	uint64_t n = 0;
	size_t i = 0;

	while (*length > 0 && is_blank(line[*length - 1]))
		--*length;
	while (i < *length && is_blank(line[i]))
		i++;
	while (i < *length && strchr("0123456789", line[i]) && line[i] != 0) {
		n = n * 10 + (uint64_t)(line[i++] - '0');
		if (n > INT32_MAX)
			return 0;
	}
	*number = (uint32_t)n;
	if (n == 0 || (i < *length && !is_blank(line[i])))
		return 0;
	while (i < *length && is_blank(line[i]))
		i++;
	return i;
}

/* False: this listing must be refused. */
static bool read_uidl(const char **wire, size_t *size, bool *ended)
{
	const char *line;
	size_t length;

	wanted_count = 0;
	while ((line = next_line(wire, size, &length, ended)) != NULL) {
		struct listed *one = &wanted[wanted_count];
		size_t rest = number_of(line, &length, &one->number);

		if (rest == 0)
			return false;
		*one = (struct listed){.number = one->number,
			.uid = line + rest,
			.length = length - rest,
			.size = MAILDROP_SIZE_UNKNOWN};
		if (one->length > MAILDROP_UID_MAX)
			one->length = 0;
		wanted_count++;
	}
	return true;
}

/* Sorts by number, by insertion; false if a number occurs twice. */
static bool sort_wanted(void)
{
	for (size_t i = 1; i < wanted_count; i++) {
		struct listed one = wanted[i];
		size_t k = i;

		for (; k > 0 && wanted[k - 1].number > one.number; k--)
			wanted[k] = wanted[k - 1];
		if (k > 0 && wanted[k - 1].number == one.number)
			return false;
		wanted[k] = one;
	}
	for (size_t i = 0; i < wanted_count; i++) {
		for (size_t k = 0; k < i; k++)
			wanted[i].ordinal +=
				wanted[k].length == wanted[i].length &&
				memcmp(wanted[k].uid, wanted[i].uid,
					wanted[i].length) == 0;
	}
	return true;
}

/* Reads a size: digits up to a space, a TAB, a NUL or the end. */
static bool size_of(const char *text, size_t length, uint64_t *size)
{
	size_t n = 0;
	uint64_t value = 0;

	while (n < length && !is_blank(text[n]))
		n++;
	if (n == 0 || n >= 24 || *text < '0' || *text > '9')
		return false;
	for (; n > 0 && *text >= '0' && *text <= '9'; text++, n--) {
		unsigned digit = (unsigned)(*text - '0');

		if (value > ((uint64_t)INT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*size = value;
	return n == 0 || *text == '\0';
}

static void read_list(const char **wire, size_t *size)
{
	const char *line;
	size_t length;
	bool ended;

	while ((line = next_line(wire, size, &length, &ended)) != NULL) {
		uint32_t number;
		uint64_t octets;
		size_t rest = number_of(line, &length, &number);

		if (rest == 0 || !size_of(line + rest, length - rest, &octets))
			continue;
		for (size_t i = 0; i < wanted_count; i++) {
			if (wanted[i].number == number)
				wanted[i].size = octets;
		}
	}
}

/* ---- the same by the program -----------------------------------------------
 */

struct input {
	char *bytes;
	size_t at;
	size_t end;  /* of the block */
	size_t size; /* of everything */
	uint32_t cuts;
};

/*
 * Reads a listing; true at its end. sizes: it is LIST. *refused: UIDL has an
 * invalid line.
 */
static bool feed(struct input *input, struct maildrop *maildrop, bool sizes,
	bool *refused)
{
	struct pop3_parser parser;
	struct pop3_event event = {.type = POP3_MORE};
	struct error err = {.kind = ERROR_NONE};
	char status[] = "+OK\r\n";
	uint32_t number;
	const char *uid;
	size_t length;

	pop3_init(&parser);
	pop3_expect(&parser, POP3_LISTING);
	pop3_feed(&parser, status, 5, &event);
	*refused = false;
	while (!parser.idle && !*refused && input->at < input->size) {
		if (input->at == input->end)
			input->end += fuzz_block(
				&input->cuts, input->size - input->at);
		size_t taken = pop3_feed(&parser, input->bytes + input->at,
			input->end - input->at, &event);

		PROMISE(taken > 0 && taken <= input->end - input->at);
		input->at += taken;
		PROMISE(event.type == POP3_LINE || event.type == POP3_MORE ||
			event.type == POP3_END || event.type == POP3_BROKEN);
		if (event.type == POP3_LINE && sizes)
			listing_take_size(maildrop, event.text, event.length);
		else if (event.type == POP3_LINE)
			*refused = !pop3_parse_listed(event.text, event.length,
					   &number, &uid, &length) ||
				!maildrop_add(
					maildrop, number, uid, length, &err);
	}
	PROMISE(parser.line.size <= 2 * POP3_LISTED_MAX);
	pop3_release(&parser);
	return event.type == POP3_END;
}

static void compare(const struct maildrop *maildrop)
{
	PROMISE(maildrop->count == wanted_count);
	for (size_t i = 0; i < wanted_count; i++) {
		const struct message *got = &maildrop->messages[i];
		struct uid uid = maildrop_uid(maildrop, got);

		PROMISE(got->number == wanted[i].number);
		PROMISE(got->uid_length == wanted[i].length);
		PROMISE(memcmp(uid.bytes, wanted[i].uid, uid.length) == 0);
		PROMISE(got->size == wanted[i].size);
		PROMISE(got->ordinal == wanted[i].ordinal);
		PROMISE(maildrop_find(maildrop, uid, i) == i);
		PROMISE(maildrop_find(maildrop, uid, i + 1) == i);
		uid.ordinal = got->copies;
		PROMISE(got->ordinal > 0 ||
			maildrop_find(maildrop, uid, 0) == MAILDROP_NOT_FOUND);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t key[2] = {1, 2};
	struct input input = {.at = 0};
	struct maildrop maildrop;
	struct error err = {.kind = ERROR_NONE};
	bool refused;
	bool ended;

	if (size < sizeof input.cuts || size > FUZZ_MAX)
		return 0;
	memcpy(&input.cuts, data, sizeof input.cuts);
	const char *wire = (const char *)data + sizeof input.cuts;

	size -= sizeof input.cuts;
	input.bytes = malloc(size > 0 ? size : 1);
	PROMISE(input.bytes != NULL);
	memcpy(input.bytes, wire, size);
	input.size = size;
	maildrop_init(&maildrop, key);
	bool good = read_uidl(&wire, &size, &ended);

	PROMISE(feed(&input, &maildrop, false, &refused) == (good && ended));
	PROMISE(refused == !good);
	/* The part of a listing that was cut off is indexed here, too. */
	if (good) {
		good = sort_wanted();
		PROMISE(maildrop_index(&maildrop, &err) == good);
		PROMISE(good == (err.kind == ERROR_NONE));
	}
	if (good && ended) {
		read_list(&wire, &size);
		feed(&input, &maildrop, true, &refused);
	}
	if (good)
		compare(&maildrop);
	maildrop_release(&maildrop);
	free(input.bytes);
	return 0;
}
