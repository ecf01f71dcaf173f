/* SPDX-License-Identifier: ISC */
/*
 * A mailbox and its server, generated from a few bytes. All its answers are
 * correct, except one in a session, which it gives twice or not at all.
 */
#include <string.h>

#include "fakes.h"

/* Few enough to be fast, but enough for several groups and a full batch. */
#define MESSAGES_MAX 320
/* Counts from here on stand for more than 40 messages. */
#define MANY 240
#define SIZES 4
#define SIZE_MIN 8

enum fault {
	FAULT_NONE,
	FAULT_TWICE,
	FAULT_MISSING,
};

/* The first bytes of a script. */
struct script {
	uint8_t count;
	uint8_t flags;	 /* bits: 1: no LIST; 2: RETR reports the size; 4: uids
			    are numbers; 8: no UIDL n; 16: stuffed dots; 32: UIDL
			    n without the number; 64: or with all the others */
	uint8_t refused; /* every 16th RETR from this one on; 0: none */
	uint8_t sizes[SIZES];
	uint8_t patterns; /* number of bytes that follow: a size for four
			     messages each */
};

/* The first bytes of each session's script. */
struct encounter {
	uint8_t fault;
	uint8_t fault_at[2]; /* at which command */
	uint8_t cut_at[2];   /* in which answer; 0: never */
	uint8_t cut_after;   /* after this many bytes of it */
};

struct letter_there {
	size_t size;
	bool marked; /* marked by DELE */
	bool erased;
};

static struct {
	struct script script;
	struct letter_there letters[MESSAGES_MAX];
	size_t count;

	/* In this session: the position in letters of each message number. */
	size_t numbered[MESSAGES_MAX];
	size_t listed;
	enum fault fault;
	size_t fault_at;
	size_t cut_at;
	size_t cut_after;
	size_t commands;
	char wire[FAKE_WIRE_MAX];
	size_t said;
	size_t arrives;
	bool cut;
} server;

static size_t read_16(const uint8_t octets[2])
{
	return octets[0] | (size_t)octets[1] << 8;
}

/* Missing bytes are 0. */
static size_t read_script(
	void *to, size_t wanted, const uint8_t *script, size_t size)
{
	size_t n = size < wanted ? size : wanted;

	memset(to, 0, wanted);
	if (n > 0)
		memcpy(to, script, n);
	return n;
}

size_t fake_server_reset(const uint8_t *script, size_t size)
{
	struct script *head = &server.script;
	size_t taken = read_script(head, sizeof *head, script, size);
	size_t patterns = head->patterns % 64;

	if (patterns > size - taken)
		patterns = size - taken;
	/* Usually few: from 64 on, a proof covers several messages. */
	server.count = 1 + head->count % 40;
	if (head->count >= MANY)
		server.count = 64 + (head->count - MANY) * 16U;
	for (size_t i = 0; i < server.count; i++) {
		unsigned which = (unsigned)i % SIZES;

		if (patterns > 0)
			which = (unsigned)script[taken + i / 4 % patterns] >>
				2 * (i % 4);
		server.letters[i] = (struct letter_there){
			.size = SIZE_MIN + head->sizes[which % SIZES]};
	}
	return taken + patterns;
}

size_t fake_server_connect(const uint8_t *script, size_t size)
{
	struct encounter encounter;
	size_t taken = read_script(&encounter, sizeof encounter, script, size);

	server.listed = 0;
	for (size_t i = 0; i < server.count; i++) {
		server.letters[i].marked = false;
		if (!server.letters[i].erased)
			server.numbered[server.listed++] = i;
	}
	server.fault = encounter.fault % 3;
	server.fault_at = read_16(encounter.fault_at);
	server.cut_at = read_16(encounter.cut_at);
	server.cut_after = encounter.cut_after;
	server.commands = 0;
	server.said = 0;
	server.arrives = 0;
	server.cut = false;
	return taken;
}

bool fake_server_is_honest(void)
{
	return server.fault == FAULT_NONE && server.cut_at == 0 &&
		fake_server_is_provable();
}

bool fake_server_is_provable(void)
{
	return (server.script.flags & (8 | 64)) == 0;
}

const char *fake_server_wire(void)
{
	return server.wire;
}

/* ---- answers ---------------------------------------------------------------
 */

static void say(const char *text, size_t length)
{
	PROMISE(length <= sizeof server.wire - server.said);
	memcpy(server.wire + server.said, text, length);
	server.said += length;
}

static void say_line(const char *text)
{
	say(text, strlen(text));
	say("\r\n", 2);
}

static void uid_of(size_t letter, char uid[16])
{
	/* A single number may be a size, reported by RETR. */
	bool plain = (server.script.flags & (4 | 32)) == 4;

	snprintf(uid, 16, "%s%zu", plain ? "" : "u", letter + SIZE_MIN);
}

/* The text as it is stored; on the wire, it has another CR. */
static size_t text_of(size_t letter, char text[300])
{
	size_t size = server.letters[letter].size;
	bool dots = (server.script.flags & 16) != 0 && size >= SIZE_MIN + 3;

	memset(text, 'x', size);
	text[snprintf(text, 7, "%06zu", letter)] = 'x';
	if (dots) {
		memcpy(text + 6, "\n.", 2);
		size--;
	}
	text[size - 2] = '\n';
	return size - 1;
}

static void say_text(size_t letter)
{
	char text[300];
	size_t length = text_of(letter, text);

	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n')
			say("\r", 1);
		else if (text[i] == '.')
			say(".", 1);
		say(text + i, 1);
	}
	say(".\r\n", 3);
}

/* The letter with a message number; SIZE_MAX: none. */
static size_t letter_numbered(size_t number)
{
	if (number == 0 || number > server.listed)
		return SIZE_MAX;
	return server.numbered[number - 1];
}

static void say_listing(bool uids)
{
	char line[64];
	char uid[16];

	say_line("+OK");
	for (size_t i = 0; i < server.listed; i++) {
		size_t letter = server.numbered[i];

		uid_of(letter, uid);
		if (uids)
			snprintf(line, sizeof line, "%zu %s", i + 1, uid);
		else
			snprintf(line, sizeof line, "%zu %zu", i + 1,
				server.letters[letter].size);
		say_line(line);
	}
	say_line(".");
}

static void say_uid(size_t number, size_t letter)
{
	char line[64];
	char uid[16];

	uid_of(letter, uid);
	if (server.script.flags & 32)
		snprintf(line, sizeof line, "+OK %s", uid);
	else
		snprintf(line, sizeof line, "+OK %zu %s", number, uid);
	say_line(line);
}

static void say_retr(size_t letter)
{
	unsigned first = server.script.refused % 16;
	char line[64];

	if (first > 0 && letter % 16 == first) {
		say_line("-ERR [SYS/TEMP] not now");
		return;
	}
	snprintf(line, sizeof line, "+OK %zu octets",
		server.letters[letter].size);
	say_line(server.script.flags & 2 ? line : "+OK");
	say_text(letter);
}

static void quit(void)
{
	for (size_t i = 0; i < server.count; i++)
		server.letters[i].erased |= server.letters[i].marked;
	say_line("+OK");
}

static void answer(const char *command)
{
	const char *blank = strchr(command, ' ');
	size_t number = blank == NULL ? 0 : strtoul(blank + 1, NULL, 10);
	size_t letter = letter_numbered(number);

	PROMISE(blank == NULL || letter != SIZE_MAX);
	switch (command[0]) {
	case 'U':
		if (blank == NULL)
			say_listing(true);
		else if (server.script.flags & 8)
			say_line("-ERR");
		else if (server.script.flags & 64)
			say_listing(true);
		else
			say_uid(number, letter);
		break;
	case 'L':
		if (server.script.flags & 1)
			say_line("-ERR");
		else
			say_listing(false);
		break;
	case 'R':
		say_retr(letter);
		break;
	case 'D':
		server.letters[letter].marked = true;
		say_line("+OK");
		break;
	case 'N':
		say_line("+OK");
		break;
	default:
		quit();
		break;
	}
}

size_t fake_server_take(const char *command)
{
	size_t before = server.said;
	size_t at = server.commands++;
	bool faulty = at == server.fault_at;

	/* The connection is closed. */
	if (server.cut)
		return server.arrives;
	answer(command);
	size_t length = server.said - before;

	if (faulty && server.fault == FAULT_TWICE)
		say(server.wire + before, length);
	else if (faulty && server.fault == FAULT_MISSING)
		server.said = before;
	server.arrives = server.said;
	if (server.cut_at > 0 && at == server.cut_at) {
		server.cut = true;
		if (before + server.cut_after < server.arrives)
			server.arrives = before + server.cut_after;
	}
	return server.arrives;
}

/* ---- what is true ----------------------------------------------------------
 */

bool fake_server_is_text(struct uid uid, const char *text, size_t length)
{
	char own[300];
	char digits[16] = "";

	PROMISE(uid.length > 0 && uid.length < sizeof digits);
	memcpy(digits, uid.bytes, uid.length);
	size_t letter = strtoul(digits + (digits[0] == 'u'), NULL, 10);

	PROMISE(letter >= SIZE_MIN && letter < server.count + SIZE_MIN);
	letter -= SIZE_MIN;
	return text_of(letter, own) == length && memcmp(own, text, length) == 0;
}

bool fake_server_is_uid(uint32_t number, struct uid uid)
{
	size_t letter = letter_numbered(number);
	char own[16];

	if (letter == SIZE_MAX)
		return false;
	uid_of(letter, own);
	return strlen(own) == uid.length &&
		memcmp(own, uid.bytes, uid.length) == 0;
}
