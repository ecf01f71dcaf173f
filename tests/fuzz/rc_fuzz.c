/* SPDX-License-Identifier: ISC */
/*
 * Any text as an rc file. It is either parsed as by the simple reference, or
 * has a mistake with a position in the text. No statement is lost: when the
 * statements are printed and parsed again, the list is the same; and a
 * statement before a mistake is the same without what follows. No message shows
 * a password.
 */
#include <stdbool.h>
#include <string.h>

#include "core/rc.h"
#include "fuzz.h"
#include "rc_reference.h"

#define SECRET "hunter2"

static const char *variable(const char *name)
{
	return strcmp(name, "HOME") == 0     ? "/home/me"
		: strcmp(name, "EMPTY") == 0 ? ""
		: strcmp(name, "ODD") == 0   ? "a\"}\n$\\\x7f'"
					     : NULL;
}

static void check_place(struct rc_place place, const char *text, size_t length)
{
	PROMISE(place.line >= 1 && place.column >= 1);
	for (size_t line = 1; line < place.line; line++) {
		const char *end = memchr(text, '\n', length);

		PROMISE(end != NULL);
		length -= (size_t)(end + 1 - text);
		text = end + 1;
	}
	const char *end = length == 0 ? NULL : memchr(text, '\n', length);

	/* The position after the line's last character is where something is
	 * missing. */
	PROMISE(place.column <=
		(end == NULL ? length : (size_t)(end - text)) + 1);
}

static bool is_before(struct rc_place a, struct rc_place b)
{
	return a.line < b.line || (a.line == b.line && a.column < b.column);
}

static void check_mistakes(const struct rc *rc, const char *text, size_t length)
{
	for (size_t i = 0; i < rc->mistake_count; i++) {
		const struct rc_mistake *one = &rc->mistakes[i];

		check_place(one->place, text, length);
		PROMISE(one->text[0] != '\0');
		for (const char *p = one->text; *p != '\0'; p++)
			PROMISE((unsigned char)*p >= ' ' && *p != 0x7f);
		PROMISE(i == 0 ||
			!is_before(one->place, rc->mistakes[i - 1].place));
	}
}

static void check_statements(
	const struct rc *rc, const char *text, size_t length)
{
	bool open = false;

	PROMISE(rc->believed <= rc->count);
	PROMISE(rc->mistake_count > 0 || rc->believed == rc->count);
	for (size_t i = 0; i < rc->count; i++) {
		const struct rc_statement *one = &rc->statements[i];

		check_place(one->place, text, length);
		PROMISE(i == 0 ||
			!is_before(one->place, rc->statements[i - 1].place));
		/* Nothing after a mistake is believed. */
		PROMISE(i >= rc->believed || rc->mistake_count == 0 ||
			one->place.line < rc->mistakes[0].place.line);
		PROMISE((one->value != NULL) == (one->kind == RC_SETTING));
		PROMISE(one->name != NULL || one->kind == RC_END ||
			(one->kind == RC_ACCOUNT && i >= rc->believed));
		PROMISE(one->kind != RC_END || open);
		PROMISE(one->kind != RC_ACCOUNT || !open);
		PROMISE(one->kind != RC_INCLUDE || !open);
		if (one->kind == RC_ACCOUNT || one->kind == RC_END)
			open = one->kind == RC_ACCOUNT;
	}
	PROMISE(!open);
}

static bool are_same(const struct rc_statement *a, const struct rc_statement *b)
{
	return a->kind == b->kind &&
		(a->name == NULL ? b->name == NULL
				 : b->name != NULL &&
					strcmp(a->name, b->name) == 0) &&
		(a->value == NULL || strcmp(a->value, b->value) == 0);
}

struct page {
	char text[1 << 18];
	size_t length;
};

static void print(struct page *page, const char *text)
{
	size_t n = strlen(text);

	PROMISE(n < sizeof page->text - page->length);
	memcpy(page->text + page->length, text, n);
	page->length += n;
}

static void print_quoted(struct page *page, const char *text)
{
	print(page, "\"");
	for (; *text != '\0'; text++) {
		char one[8] = {*text};

		if (strchr("\"\\$", *text) != NULL ||
			(unsigned char)*text < ' ' || *text == 0x7f)
			snprintf(one, sizeof one, "\\x%02x",
				(unsigned)(unsigned char)*text);
		print(page, one);
	}
	print(page, "\"");
}

/* In canonical quoting. */
static void print_all(struct page *page, const struct rc *rc)
{
	page->length = 0;
	/* So that a name at the very beginning does not look like UTF-16. */
	print(page, "\n");
	for (size_t i = 0; i < rc->count; i++) {
		const struct rc_statement *one = &rc->statements[i];

		if (one->kind == RC_SETTING) {
			print(page, one->name);
			print(page, " = ");
			print_quoted(page, one->value);
		} else if (one->kind == RC_END) {
			print(page, "}");
		} else {
			print(page,
				one->kind == RC_ACCOUNT ? "account "
							: "include(");
			print_quoted(page, one->name);
			print(page, one->kind == RC_ACCOUNT ? " {" : ")");
		}
		print(page, "\n");
	}
}

static void check_again(const struct rc *rc)
{
	static struct page page;
	struct rc again;

	print_all(&page, rc);
	PROMISE(rc_parse(&again, page.text, page.length, variable));
	PROMISE(again.count == rc->count);
	for (size_t i = 0; i < rc->count; i++)
		PROMISE(are_same(&rc->statements[i], &again.statements[i]));
	rc_release(&again);
}

/*
 * Without the text from the first mistake's line on, the rest is parsed the
 * same.
 */
static void check_before(const struct rc *rc, const char *text, size_t length)
{
	size_t before = 0;
	size_t line = rc->mistakes[0].place.line;
	struct rc part;

	for (size_t i = 1; i < line; i++) {
		const char *end = memchr(text + before, '\n', length - before);

		before = (size_t)(end + 1 - text);
	}
	rc_parse(&part, text, before, variable);
	for (size_t i = 0; i < rc->count && rc->statements[i].place.line < line;
		i++) {
		PROMISE(i < part.count);
		PROMISE(are_same(&rc->statements[i], &part.statements[i]));
	}
	/* An account that is open there is not closed, which is one mistake. */
	PROMISE(part.mistake_count <= 1);
	rc_release(&part);
}

/*
 * An unknown name after a password in quotes may be a part of it that the
 * quotes split off, and is refused without being shown. This is not decided by
 * the grammar.
 */
static bool is_torn_off(const struct rc *rc)
{
	static const char torn[] = "what follows the password";

	for (size_t i = 0; i < rc->mistake_count; i++) {
		if (strncmp(rc->mistakes[i].text, torn, sizeof torn - 1) != 0)
			return false;
	}
	return rc->mistake_count > 0;
}

static void check_reference(
	const struct rc *rc, const char *text, size_t length)
{
	static struct reference reference;
	static const char kinds[] = {[RC_SETTING] = '=',
		[RC_ACCOUNT] = '{',
		[RC_END] = '}',
		[RC_INCLUDE] = '('};
	bool too_much;

	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		length -= 3;
	}
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] >= 0x80)
			return;
	}
	bool good =
		reference_read(&reference, text, length, variable, &too_much);

	if (too_much || (good && is_torn_off(rc)))
		return;
	PROMISE(good == (rc->mistake_count == 0));
	if (!good)
		return;
	PROMISE(reference.count == rc->count);
	for (size_t i = 0; i < rc->count; i++) {
		const struct rc_statement *one = &rc->statements[i];

		PROMISE(reference.statements[i].kind == kinds[one->kind]);
		PROMISE(reference.statements[i].line == one->place.line);
		PROMISE(one->name == NULL ||
			strcmp(one->name, reference.statements[i].name) == 0);
		PROMISE(one->value == NULL ||
			strcmp(one->value, reference.statements[i].value) == 0);
	}
}

static bool has(const char *text, size_t length, const char *word)
{
	return length > 0 && memmem(text, length, word, strlen(word)) != NULL;
}

/*
 * Takes the first two lines as a password, in which one word must not be shown.
 */
static void check_secret(const char *text, size_t length, bool alone)
{
	static char room[FUZZ_MAX + 64];
	struct rc rc;

	/* These say that something else begins. */
	if (memchr(text, '=', length) != NULL || has(text, length, "account") ||
		has(text, length, "include"))
		return;
	int n = snprintf(room, sizeof room,
		"%spassword = ", alone ? "" : "account a { ");
	size_t half = length / 2;

	memcpy(room + n, text, half);
	memcpy(room + n + half, SECRET, strlen(SECRET));
	memcpy(room + n + half + strlen(SECRET), text + half, length - half);
	rc_parse(&rc, room, (size_t)n + length + strlen(SECRET), variable);
	rc_check(&rc);
	for (size_t i = 0; i < rc.mistake_count; i++)
		PROMISE(strstr(rc.mistakes[i].text, SECRET) == NULL);
	rc_release(&rc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct rc rc;

	if (size > FUZZ_MAX || size == 0)
		return 0;
	bool good = rc_parse(&rc, text, size, variable);

	PROMISE(good == (rc.mistake_count == 0));
	check_mistakes(&rc, text, size);
	check_statements(&rc, text, size);
	check_reference(&rc, text, size);
	if (good)
		check_again(&rc);
	else
		check_before(&rc, text, size);
	size_t mistakes = rc.mistake_count;

	good = rc_check(&rc);
	PROMISE(good == (rc.mistake_count == 0));
	PROMISE(rc.mistake_count >= mistakes);
	check_mistakes(&rc, text, size);
	check_statements(&rc, text, size);
	rc_release(&rc);
	const char *end = memchr(text, '\n', size);

	check_secret(text, end == NULL ? size : (size_t)(end - text),
		data[size - 1] & 1);
	return 0;
}
