/* SPDX-License-Identifier: ISC */
/*
 * The grammar of keepmailrc(5), written as plainly as possible. It can be short
 * because it describes no mistakes, and only says "no". Shares no code with the
 * program.
 */
#include "rc_reference.h"

#include <string.h>

/*
 * A position in the text; a line ends at \n, which is 0 at the end of the text.
 */
struct scan {
	struct reference *out;
	const char *p;
	const char *end;
	size_t line;
	bool comment; /* within a block comment */
	bool too_much;
	const char *(*variable)(const char *name);
};

static int peek(const struct scan *s, size_t ahead)
{
	return (size_t)(s->end - s->p) > ahead ? s->p[ahead] : '\n';
}

static void keep(struct scan *s, char c)
{
	if (s->out->used < REFERENCE_ROOM)
		s->out->room[s->out->used++] = c;
	else
		s->too_much = true;
}

static void keep_text(struct scan *s, const char *text)
{
	while (*text != '\0')
		keep(s, *text++);
}

static bool is_one_of(int c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* A statement does not continue after the end of its line. */
static void blanks(struct scan *s)
{
	while (peek(s, 0) != '\n') {
		if (s->comment) {
			s->comment = !(peek(s, 0) == '*' && peek(s, 1) == '/');
			s->p += s->comment ? 1 : 2;
		} else if (is_one_of(peek(s, 0), " \t")) {
			s->p++;
		} else if (peek(s, 0) == '/' && peek(s, 1) == '*') {
			s->comment = true;
			s->p += 2;
		} else if (peek(s, 0) == '#' ||
			(peek(s, 0) == '/' && peek(s, 1) == '/')) {
			while (peek(s, 0) != '\n')
				s->p++;
		} else {
			return;
		}
	}
}

static int number(struct scan *s, const char *digits, int most)
{
	int base = (int)strlen(digits);
	int value = 0;
	int n = 0;

	for (; n < most; n++, s->p++) {
		int c = peek(s, 0);

		c = c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c;
		const char *at =
			is_one_of(c, digits) ? strchr(digits, c) : NULL;

		if (at == NULL)
			break;
		value = value * base + (int)(at - digits);
	}
	return n < most ? -1 : value;
}

static bool escape(struct scan *s)
{
	static const char from[] = "n\nt\tr\rb\bf\fa\ae\033v\v";
	int c = peek(s, 0);

	if (c == '\n')
		return false;
	if (c == 'x' || (c >= '0' && c <= '9')) {
		s->p += c == 'x';
		int value = c == 'x' ? number(s, "0123456789abcdef", 2)
				     : number(s, "01234567", 3);

		keep(s, (char)value);
		return value > 0 && value < 256;
	}
	s->p++;
	for (size_t i = 0; from[i] != '\0'; i += 2) {
		if (from[i] == c) {
			keep(s, from[i + 1]);
			return true;
		}
	}
	keep(s, (char)c);
	return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
}

static bool is_word(int c, bool first)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(!first && c >= '0' && c <= '9');
}

/* After ${: NAME} or NAME:-DEFAULT} */
static bool expansion(struct scan *s)
{
	char name[64];
	size_t n = 0;

	while (is_word(peek(s, 0), n == 0)) {
		if (n < sizeof name - 1)
			name[n++] = *s->p;
		else
			s->too_much = true;
		s->p++;
	}
	name[n] = '\0';
	if (n == 0)
		return false;
	const char *value = s->variable(name);

	if (peek(s, 0) == '}') {
		s->p++;
		keep_text(s, value == NULL ? "" : value);
		return value != NULL;
	}
	if (peek(s, 0) != ':' || peek(s, 1) != '-')
		return false;
	s->p += 2;
	size_t before = s->out->used;

	while (peek(s, 0) != '}') {
		int c = peek(s, 0);

		if (is_one_of(c, "\n\"") || (c == '$' && peek(s, 1) == '{'))
			return false;
		s->p++;
		if (c != '\\')
			keep(s, (char)c);
		else if (!escape(s))
			return false;
	}
	s->p++;
	if (value != NULL && value[0] != '\0') {
		s->out->used = before;
		keep_text(s, value);
	}
	return true;
}

static bool quoted(struct scan *s, int quote)
{
	for (;;) {
		int c = peek(s, 0);

		if (c == '\n')
			return false;
		s->p++;
		if (c == quote)
			return true;
		if (quote == '"' && c == '\\') {
			if (!escape(s))
				return false;
		} else if (quote == '"' && c == '$' && peek(s, 0) == '{') {
			s->p++;
			if (!expansion(s))
				return false;
		} else {
			keep(s, (char)c);
		}
	}
}

/* A value; one without quotes may be ended by any of ends. NULL: none. */
static const char *value(struct scan *s, const char *ends)
{
	const char *kept = s->out->room + s->out->used;
	const char *from;

	blanks(s);
	from = s->p;
	if (is_one_of(peek(s, 0), "\"'")) {
		s->p++;
		if (!quoted(s, *from))
			return NULL;
	} else {
		while (!is_one_of(peek(s, 0), "\n \t${}()=,+#\"'"))
			keep(s, *s->p++);
		if (s->p == from ||
			!(is_one_of(peek(s, 0), "\n \t") ||
				is_one_of(peek(s, 0), ends)))
			return NULL;
		/* hunter2}x is a password that needs quotes. */
		if (peek(s, 0) == '}' && !is_one_of(peek(s, 1), "\n \t}#"))
			return NULL;
	}
	keep(s, '\0');
	return kept;
}

static const char *name_word(struct scan *s)
{
	const char *kept = s->out->room + s->out->used;
	const char *from = s->p;

	while (!is_one_of(peek(s, 0), "\n \t${}()=,+#\"':"))
		keep(s, *s->p++);
	keep(s, '\0');
	return s->p == from ? NULL : kept;
}

static void add(struct scan *s, char kind, const char *name, const char *text)
{
	struct reference *out = s->out;

	if (out->count == REFERENCE_MAX) {
		s->too_much = true;
		return;
	}
	out->statements[out->count].kind = kind;
	out->statements[out->count].line = s->line;
	out->statements[out->count].name = name;
	out->statements[out->count++].value = text;
}

static bool take(struct scan *s, int c)
{
	blanks(s);
	if (peek(s, 0) != c)
		return false;
	s->p++;
	return true;
}

/* *is_quoted: the end of its value is certain. */
static bool setting(struct scan *s, const char *name, bool *is_quoted)
{
	if (!take(s, '='))
		return false;
	blanks(s);
	*is_quoted = is_one_of(peek(s, 0), "\"'");
	const char *text = value(s, "}");

	if (text == NULL)
		return false;
	add(s, '=', name, text);
	return !*is_quoted || is_one_of(peek(s, 0), "\n \t}");
}

/* SETTING, or account NAME { SETTING... } or include(FILE), and its end. */
static bool one_line(struct scan *s, bool *open)
{
	const char *text;
	bool here = false;
	bool is_quoted = false;
	bool follows = false; /* a quoted value came: another setting may
				 follow */

	blanks(s);
	while (peek(s, 0) != '\n') {
		if (*open && take(s, '}')) {
			add(s, '}', NULL, NULL);
			*open = false;
			break;
		}
		const char *name = name_word(s);

		if (name == NULL || s->too_much)
			return false;
		blanks(s);
		if (strcmp(name, "account") == 0) {
			text = *open || follows ? NULL : value(s, "{");
			if (text == NULL || !take(s, '{'))
				return false;
			add(s, '{', text, NULL);
			*open = true;
			here = true;
			blanks(s);
			continue;
		}
		if (strcmp(name, "include") == 0) {
			text = *open || follows || !take(s, '(')
				? NULL
				: value(s, ")");
			if (text == NULL || !take(s, ')'))
				return false;
			add(s, '(', text, NULL);
			break;
		}
		if (!setting(s, name, &is_quoted))
			return false;
		blanks(s);
		follows = true;
		if (!here && !is_quoted && !(*open && peek(s, 0) == '}'))
			break;
	}
	blanks(s);
	return peek(s, 0) == '\n';
}

/* Does this line contain only characters allowed in a text file? */
static bool is_text(const char *p, const char *end)
{
	for (; p < end; p++) {
		if ((*p < ' ' && *p != '\t') || *p == 0x7f)
			return false;
	}
	return true;
}

bool reference_read(struct reference *out, const char *text, size_t length,
	const char *(*variable)(const char *name), bool *too_much)
{
	struct scan s = {.out = out, .variable = variable};
	bool open = false;
	bool good = true;

	out->count = 0;
	out->used = 0;
	while (length > 0 && good) {
		const char *end = memchr(text, '\n', length);
		size_t n = end == NULL ? length : (size_t)(end - text);
		size_t shown = n > 0 && text[n - 1] == '\r' ? n - 1 : n;

		s.p = text;
		s.end = text + shown;
		s.line++;
		good = is_text(text, s.end) && one_line(&s, &open);
		text += n;
		length -= n;
		if (length > 0) {
			text++;
			length--;
		}
	}
	*too_much = s.too_much;
	return good && !open && !s.comment && !s.too_much;
}
