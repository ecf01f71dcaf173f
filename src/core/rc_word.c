/* SPDX-License-Identifier: ISC */
/* Reads the words of an rc file: blanks, comments, bare and quoted values. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/rc_internal.h"
#include "core/text.h"
#include "core/xalloc.h"

enum odd {
	ODD_NOT,
	ODD_BLANK,
	ODD_INVISIBLE,
	ODD_QUOTE,
};

/* Is the character here easily mistaken for another? *size is set anyway. */
static enum odd odd_at(
	const char *at, const char *stop, uint32_t *code, size_t *size)
{
	uint32_t c;

	*size = text_utf8(at, (size_t)(stop - at), &c);
	*code = c;
	if (*size < 2) {
		*size = 1;
		return ODD_NOT;
	}
	if (c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
		c == 0x202f || c == 0x205f || c == 0x3000)
		return ODD_BLANK;
	if (text_is_unsafe(c))
		return ODD_INVISIBLE;
	if (c == 0xab || c == 0xbb || (c >= 0x2018 && c <= 0x201f) ||
		c == 0x2039 || c == 0x203a || c == 0xff02)
		return ODD_QUOTE;
	return ODD_NOT;
}

size_t rc_plain_size(const char *at, const char *stop)
{
	uint32_t code;
	size_t size;

	return odd_at(at, stop, &code, &size) == ODD_NOT ? size : 0;
}

bool rc_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Characters of the syntax, which bare words cannot contain. */
static bool is_special(char c)
{
	return c != '\0' && strchr("${}()=,+#\"'", c) != NULL;
}

char *rc_copy(const char *bytes, size_t length)
{
	char *copy = xmalloc(length + 1);

	memcpy(copy, bytes, length);
	copy[length] = '\0';
	return copy;
}

void rc_wipe(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

/* Skips a comment up to star-slash or the end of the line. */
static void skip_long_comment(struct rc_reader *r)
{
	while (r->at < r->stop) {
		if (r->at[0] == '*' && r->stop - r->at > 1 && r->at[1] == '/') {
			r->at += 2;
			r->comment.line = 0;
			return;
		}
		r->at++;
	}
}

void rc_skip_blanks(struct rc_reader *r)
{
	uint32_t code;
	size_t size;

	if (r->comment.line > 0)
		skip_long_comment(r);
	while (r->at < r->stop) {
		bool slash = *r->at == '/' && r->stop - r->at > 1;
		enum odd odd = odd_at(r->at, r->stop, &code, &size);

		if (*r->at == '#' || (slash && r->at[1] == '/')) {
			r->at = r->stop;
		} else if (slash && r->at[1] == '*') {
			r->comment = rc_place_of(r, r->at);
			r->at += 2;
			skip_long_comment(r);
		} else if (odd == ODD_BLANK || odd == ODD_INVISIBLE) {
			rc_mistake(r, r->at,
				odd == ODD_BLANK
					? "there is a no-break space (U+%04X) "
					  "instead of a blank: replace it by "
					  "a plain one"
					: "there is an invisible character "
					  "(U+%04X): remove it",
				(unsigned)code);
			r->suppressed = true;
			r->at += size;
		} else if (rc_is_blank(*r->at)) {
			r->at++;
		} else {
			return;
		}
	}
}

bool rc_is_typographic(const struct rc_reader *r, const char *at)
{
	uint32_t code;
	size_t size;

	return at < r->stop && odd_at(at, r->stop, &code, &size) == ODD_QUOTE;
}

void rc_refuse_typographic(struct rc_reader *r, const char *at)
{
	uint32_t code;
	size_t size;

	odd_at(at, r->stop, &code, &size);
	rc_mistake(r, at,
		"there is a typographic quotation mark (U+%04X): replace the "
		"typographic quotation marks by plain ones, \" or '",
		(unsigned)code);
	r->suppressed = true;
}

void rc_skip_word(struct rc_reader *r)
{
	while (r->at < r->stop && !rc_is_blank(*r->at))
		r->at++;
}

/* Where a decoded value is written; to NULL: it is only measured. */
struct writing {
	char *to;
	size_t length;
};

static void put(struct writing *w, const char *bytes, size_t length)
{
	if (w->to != NULL)
		memcpy(w->to + w->length, bytes, length);
	w->length += length;
}

static int digit_of(char c, int base)
{
	int value = c >= '0' && c <= '9' ? c - '0'
		: c >= 'a' && c <= 'f'	 ? c - 'a' + 10
		: c >= 'A' && c <= 'F'	 ? c - 'A' + 10
					 : base;

	return value < base ? value : -1;
}

/*
 * Reads the number of a character, which must have exactly so many digits;
 * otherwise the \1 of sed and others would become a control character.
 */
static bool put_number(struct rc_reader *r, struct writing *w,
	const char *backslash, int base, int digits)
{
	const char *from = r->at;
	int value = 0;

	while (r->at < r->stop && r->at - from < digits &&
		digit_of(*r->at, base) >= 0)
		value = value * base + digit_of(*r->at++, base);
	if (r->at - from < digits || value < 1 || value > 255) {
		rc_mistake(r, backslash,
			"%s has a backslash with a number that is not one of "
			"\\x01 to \\xff or \\001 to \\377: write \\\\ for a "
			"backslash",
			r->subject);
		return false;
	}
	put(w, &(char){(char)value}, 1);
	return true;
}

/* An escape in double quotes; to be called with at on the backslash. */
static bool put_escape(struct rc_reader *r, struct writing *w)
{
	static const char names[] = "ntrbfaev";
	static const char values[] = "\n\t\r\b\f\a\033\v";
	const char *backslash = r->at++;

	if (r->at == r->stop)
		return true; /* the unclosed quote is reported instead */
	char c = *r->at;
	const char *named = c == '\0' ? NULL : strchr(names, c);

	if (c >= '0' && c <= '9')
		return put_number(r, w, backslash, 8, 3);
	r->at++;
	if (c == 'x')
		return put_number(r, w, backslash, 16, 2);
	if (named != NULL) {
		put(w, &values[named - names], 1);
	} else if (isalpha((unsigned char)c)) {
		rc_mistake(r, backslash,
			"%s has a backslash with a letter that means nothing: "
			"write \\\\ for a backslash, or use single quotes",
			r->subject);
		return false;
	} else {
		put(w, &c, 1);
	}
	return true;
}

/* The default in ${NAME:-DEFAULT}; to be called with at after the :-. */
static bool put_default(
	struct rc_reader *r, struct writing *w, const char *dollar)
{
	bool good = true;

	while (r->at < r->stop && *r->at != '}' && *r->at != '"' &&
		!(r->at[0] == '$' && r->stop - r->at > 1 && r->at[1] == '{')) {
		if (*r->at == '\\')
			good = put_escape(r, w) && good;
		else
			put(w, r->at++, 1);
	}
	if (r->at < r->stop && *r->at == '}') {
		r->at++;
		return good;
	}
	/* At the end of the line, only the unclosed quote is reported. */
	if (r->at < r->stop)
		rc_mistake(r, dollar,
			"%s has a ${ that no } closes, or another ${ in it: "
			"write \\$ for a dollar sign",
			r->subject);
	return false;
}

/* ${NAME} or ${NAME:-DEFAULT}; to be called with at on the dollar. */
static bool put_variable(struct rc_reader *r, struct writing *w)
{
	const char *dollar = r->at;
	const char *name = dollar + 2;
	struct writing nowhere = {.to = NULL};
	const char *p = name;

	while (p < r->stop && (isalnum((unsigned char)*p) || *p == '_'))
		p++;
	bool with_default = r->stop - p > 1 && p[0] == ':' && p[1] == '-';

	r->at = p;
	if (p == name || isdigit((unsigned char)*name) || p == r->stop ||
		(*p != '}' && !with_default)) {
		if (memchr(p, '"', (size_t)(r->stop - p)) != NULL)
			rc_mistake(r, dollar,
				"%s has a ${ that is no variable, which is "
				"written ${NAME} or ${NAME:-DEFAULT}: write "
				"\\$ for a dollar sign",
				r->subject);
		return false;
	}
	char *copy = rc_copy(name, (size_t)(p - name));
	const char *value = r->variable(copy);
	bool good = true;

	r->at += with_default ? 2 : 1;
	if (value != NULL)
		put(w, value, strlen(value));
	if (with_default)
		good = put_default(r,
			value == NULL || value[0] == '\0' ? w : &nowhere,
			dollar);
	if (value == NULL && !with_default) {
		char shown[128];

		text_printable(shown, sizeof shown, copy, strlen(copy));
		rc_mistake(r, dollar,
			"the environment variable %s is not set: set it, or "
			"write ${%s:-DEFAULT}",
			r->hidden ? "that is named here" : shown,
			r->hidden ? "NAME" : shown);
		good = false;
	}
	rc_wipe(copy);
	return good;
}

/* Reports a quotation mark that is not closed; the line's rest is skipped. */
static char *refuse_unclosed(struct rc_reader *r, const char *open)
{
	const char *last = r->stop;
	bool typographic = false;

	for (const char *p = open; p < r->stop && !typographic; p++)
		typographic = rc_is_typographic(r, p);
	rc_mistake(r, open,
		"the quotation mark here is not closed on its "
		"line%s: add a %c at the end of the value",
		typographic ? " (a typographic one does not close it)" : "",
		*open);
	while (last > open && rc_is_blank(last[-1]))
		last--;
	r->at = r->stop;
	if (r->account.begins_here &&
		memchr(open, '}', (size_t)(r->stop - open)) != NULL)
		r->account.reported = true;
	/* An account written on a single line has probably ended here. */
	if (r->account.begins_here && last - open > 1 && last[-1] == '}') {
		r->account.end_unclear = true;
		r->at = last - 1;
	}
	return NULL;
}

static char *read_single(struct rc_reader *r)
{
	const char *open = r->at++;
	const char *close = memchr(r->at, '\'', (size_t)(r->stop - r->at));

	if (close == NULL)
		return refuse_unclosed(r, open);
	char *value = rc_copy(r->at, (size_t)(close - r->at));

	r->at = close + 1;
	return value;
}

/* Decodes a double-quoted value; false: there was a mistake. */
static bool decode(struct rc_reader *r, const char *open, struct writing *w)
{
	bool good = true;

	r->at = open + 1;
	while (r->at < r->stop && *r->at != '"') {
		if (*r->at == '\\')
			good = put_escape(r, w) && good;
		else if (r->at[0] == '$' && r->stop - r->at > 1 &&
			r->at[1] == '{')
			good = put_variable(r, w) && good;
		else
			put(w, r->at++, 1);
	}
	if (r->at == r->stop) {
		refuse_unclosed(r, open);
		return false;
	}
	r->at++;
	return good;
}

/* Measured first, since growing memory would leave copies of a password. */
static char *read_double(struct rc_reader *r)
{
	const char *open = r->at;
	struct writing w = {.to = NULL};

	if (!decode(r, open, &w))
		return NULL;
	w.to = xmalloc(w.length + 1);
	w.length = 0;
	decode(r, open, &w);
	w.to[w.length] = '\0';
	return w.to;
}

/* Reports a character that a bare word cannot contain. */
static char *refuse_special(struct rc_reader *r)
{
	if (*r->at == '#')
		rc_mistake(r, r->at,
			"a # right after a value begins a comment: put the value in quotes, or a blank before the #");
	else
		rc_mistake(r, r->at,
			"%s has one of ${}()=,+\"': put it in quotes, as in "
			"%s",
			r->subject, r->usage);
	rc_skip_word(r);
	return NULL;
}

static char *read_bare(struct rc_reader *r, const char *ends)
{
	const char *from = r->at;
	const char *last = from;
	uint32_t code;
	size_t size;

	while (r->at < r->stop && !rc_is_blank(*r->at) && !is_special(*r->at)) {
		enum odd odd = odd_at(r->at, r->stop, &code, &size);

		if (odd == ODD_BLANK || odd == ODD_INVISIBLE)
			break;
		last = r->at;
		r->at += size;
	}
	if (rc_is_typographic(r, last)) {
		rc_refuse_typographic(r, last);
		return NULL;
	}
	if (r->at < r->stop && is_special(*r->at)) {
		const char *behind = r->at + 1;

		if (strchr(ends, *r->at) == NULL ||
			(*r->at == '}' && behind < r->stop &&
				!rc_is_blank(*behind) && *behind != '}' &&
				*behind != '#'))
			return refuse_special(r);
	}
	return rc_copy(from, (size_t)(r->at - from));
}

char *rc_read_value(struct rc_reader *r, const char *ends)
{
	const char *from = r->at;

	rc_skip_blanks(r);
	if (r->at == r->stop || strchr(ends, *r->at) != NULL) {
		bool hash = r->at == r->stop &&
			memchr(from, '#', (size_t)(r->stop - from)) != NULL;

		rc_mistake(r, from, "%s is missing%s: write %s", r->subject,
			hash ? ", since # begins a comment" : "", r->usage);
		return NULL;
	}
	if (rc_is_typographic(r, r->at)) {
		rc_refuse_typographic(r, r->at);
		rc_skip_word(r);
		return NULL;
	}
	return *r->at == '"'	 ? read_double(r)
		: *r->at == '\'' ? read_single(r)
				 : read_bare(r, ends);
}
