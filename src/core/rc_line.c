/* SPDX-License-Identifier: ISC */
/* Reads a line of an rc file, and recovers after mistakes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rc_internal.h"
#include "core/setting.h"
#include "core/text.h"

static const char one_a_line[] =
	"there is a second setting on this line: begin it on a line of its "
	"own, or put the value before it in quotes";
static const char nothing_behind[] =
	"this follows a complete statement: begin it on a line of its own";

/* A word where a name is expected: length bytes of the line. */
struct name {
	const char *at;
	size_t length;
};

static bool ends_name(char c)
{
	return rc_is_blank(c) ||
		(c != '\0' && strchr("${}()=,+#\"':", c) != NULL);
}

static struct name name_at(const char *at, const char *stop)
{
	const char *p = at;

	while (p < stop && !ends_name(*p) && rc_plain_size(p, stop) > 0)
		p += rc_plain_size(p, stop);
	return (struct name){at, (size_t)(p - at)};
}

static bool is_name(struct name name, const char *word)
{
	return name.length == strlen(word) &&
		memcmp(name.at, word, name.length) == 0;
}

static bool is_known(struct name name)
{
	for (size_t i = 0; i < setting_count; i++) {
		if (is_name(name, settings[i].name))
			return true;
	}
	return is_name(name, "jobs");
}

/* A proxy's URL may have a password in it. */
static bool is_secret(struct name name)
{
	return is_name(name, "password") || is_name(name, "proxy");
}

static const char *show(char room[128], struct name name)
{
	return text_printable(room, 128, name.at, name.length);
}

/* Skips blanks, and comments that are closed on the line. */
static const char *after_blanks(const char *at, const char *stop)
{
	while (at < stop) {
		const char *p = at + 2;

		if (rc_is_blank(*at)) {
			at++;
			continue;
		}
		if (stop - at < 4 || at[0] != '/' || at[1] != '*')
			break;
		while (stop - p > 1 && (p[0] != '*' || p[1] != '/'))
			p++;
		if (stop - p < 2)
			break;
		at = p + 2;
	}
	return at;
}

/* Does a setting begin here? *known: is there a setting of this name? */
static bool is_setting_ahead(const struct rc_reader *r, bool *known)
{
	struct name name = name_at(r->at, r->stop);
	const char *behind = after_blanks(name.at + name.length, r->stop);

	*known = is_known(name);
	return name.length > 0 && behind < r->stop && *behind == '=';
}

/* Is this } the last on its line, except for comments and further }? */
static bool is_last(const struct rc_reader *r)
{
	const char *behind = after_blanks(r->at + 1, r->stop);

	return behind == r->stop || strchr("#/}", *behind) != NULL;
}

/*
 * Continues after a mistake at what cannot be part of it: the } of the account,
 * or a known setting.
 */
static void resync(struct rc_reader *r)
{
	bool known;

	for (;;) {
		rc_skip_blanks(r);
		if (r->at == r->stop || (*r->at == '}' && is_last(r)) ||
			(is_setting_ahead(r, &known) && known))
			break;
		char c = *r->at;
		const char *close = c != '"' && c != '\''
			? NULL
			: memchr(r->at + 1, c, (size_t)(r->stop - r->at - 1));

		if (close != NULL)
			r->at = close + 1;
		else
			rc_skip_word(r);
	}
	/* In "account a { user = x${y}" the } may be the account's or not. */
	if (r->account.begins_here && r->at == r->stop && r->stop[-1] == '}')
		r->account.end_unclear = true;
	r->must_end = NULL;
}

/* Does the value really end at at? If not, that is reported. */
static bool value_ends(struct rc_reader *r)
{
	bool known;

	if (r->at < r->stop && !rc_is_blank(*r->at) && *r->at != '}' &&
		rc_plain_size(r->at, r->stop) > 0) {
		rc_mistake(r, r->at,
			"%s continues right after its closing quotation mark: put all of it in one pair of quotes, or a blank before what comes next",
			r->subject);
		rc_skip_word(r);
		resync(r);
		return false;
	}
	rc_skip_blanks(r);
	if (r->at == r->stop || *r->at == '}' ||
		(is_setting_ahead(r, &known) &&
			(r->account.begins_here || r->was_quoted || known)))
		return true;
	if (rc_is_typographic(r, r->at))
		rc_refuse_typographic(r, r->at);
	else
		rc_mistake(r, r->at,
			"%s contains a blank: put it in quotes, as in %s",
			r->subject, r->usage);
	rc_skip_word(r);
	resync(r);
	return false;
}

/* Reports an unknown setting; not by name if it may be part of a secret. */
static void refuse_unknown(struct rc_reader *r, struct name name)
{
	if (r->hidden) {
		rc_mistake(r, name.at,
			"what follows the password (or proxy) is no setting: "
			"put its value in quotes");
	} else if (!r->suppressed) {
		char *copy = rc_copy(name.at, name.length);

		r->mistaken = true;
		rc_add_unknown(r->rc, rc_place_of(r, name.at), copy);
		rc_wipe(copy);
	}
}

/* To be called with at on the =. */
static void read_setting(struct rc_reader *r, struct name name)
{
	char shown[128];
	bool torn = r->hidden && !is_known(name);

	if (torn)
		refuse_unknown(r, name);
	r->suppressed = r->suppressed || torn;
	r->hidden = torn || is_secret(name);
	show(shown, name);
	snprintf(r->subject, sizeof r->subject, "the value of %s", shown);
	snprintf(r->usage, sizeof r->usage, "%s = \"VALUE\"", shown);
	if (r->must_end != NULL && !r->was_quoted)
		rc_mistake(r, name.at, "%s", r->must_end);
	r->must_end = r->account.begins_here ? NULL : one_a_line;
	r->at++;
	const char *value_at = after_blanks(r->at, r->stop);

	r->was_quoted =
		value_at < r->stop && (*value_at == '"' || *value_at == '\'');
	char *value = rc_read_value(r, "}");

	if (value == NULL) {
		resync(r);
		return;
	}
	/* Nothing is believed of a line that is only partly understood. */
	if (value_ends(r) && !r->suppressed && !r->account.end_unclear &&
		r->account.depth == 0)
		rc_add_statement(r, RC_SETTING, rc_place_of(r, name.at),
			rc_copy(name.at, name.length), value);
	else
		rc_wipe(value);
}

/* name is owned by rc from now on; NULL: the account has none. */
static void open_account(struct rc_reader *r, const char *at, char *name)
{
	r->account.place = rc_place_of(r, at);
	text_printable(r->account.name, sizeof r->account.name,
		name == NULL ? "" : name, name == NULL ? 0 : strlen(name));
	r->account.reported = false;
	r->account.end_unclear = false;
	r->account.depth = 0;
	r->must_end = NULL;
	rc_add_statement(r, RC_ACCOUNT, r->account.place, name, NULL);
}

static void close_account(struct rc_reader *r, const char *at)
{
	rc_add_statement(r, RC_END, rc_place_of(r, at), NULL, NULL);
	r->account.place.line = 0;
	r->account.begins_here = false;
}

/* account or include within an account, which probably lacks its }. */
static void refuse_inside(struct rc_reader *r, const char *at, const char *what)
{
	if (!r->account.reported && !r->account.end_unclear)
		rc_mistake(r, at,
			"%s inside of account %s: its closing } is missing "
			"above (it begins on line %zu)",
			what, r->account.name, r->account.place.line);
	r->account.reported = true;
}

/* To be called with at after the word account. */
static void read_account(struct rc_reader *r, const char *begin)
{
	if (r->account.place.line > 0) {
		refuse_inside(r, begin, "account");
		close_account(r, begin);
	} else if (r->must_end != NULL) {
		rc_mistake(r, begin, "%s", r->must_end);
	}
	r->hidden = false;
	snprintf(r->subject, sizeof r->subject, "the account's name");
	snprintf(r->usage, sizeof r->usage, "account NAME {");
	char *name = rc_read_value(r, "{");
	bool named = name != NULL;

	open_account(r, begin, name);
	rc_skip_blanks(r);
	if (r->at < r->stop && *r->at == '{') {
		r->at++;
		r->account.begins_here = true;
		return;
	}
	const char *brace = memchr(r->at, '{', (size_t)(r->stop - r->at));

	if (named)
		rc_mistake(r, r->at,
			brace == NULL ? "the { of account %s is missing: write "
					"account NAME { on one line"
				      : "account %s has more than one word as "
					"its name: write account NAME {",
			r->account.name);
	r->at = brace == NULL ? r->stop : brace + 1;
	r->account.begins_here = brace != NULL;
	r->account.brace_due = brace == NULL;
}

/* To be called with at after the word include. */
static void read_include(struct rc_reader *r, const char *begin)
{
	bool misplaced = r->account.place.line > 0;
	char *file = NULL;
	bool good = false;

	if (misplaced)
		refuse_inside(r, begin, "include");
	else if (r->must_end != NULL)
		rc_mistake(r, begin, "%s", r->must_end);
	r->hidden = false;
	snprintf(r->subject, sizeof r->subject, "the file to include");
	snprintf(r->usage, sizeof r->usage, "include(\"FILE\")");
	rc_skip_blanks(r);
	if (r->at < r->stop && *r->at == '(') {
		r->at++;
		file = rc_read_value(r, "),");
		if (file == NULL) {
			resync(r);
			return;
		}
		rc_skip_blanks(r);
		good = r->at < r->stop && *r->at == ')';
	}
	if (!good) {
		rc_mistake(r, begin,
			"include takes one file name: include(\"FILE\")");
		rc_wipe(file);
		r->at = r->stop;
		return;
	}
	r->at++;
	r->must_end = nothing_behind;
	r->was_quoted = false;
	if (misplaced || r->suppressed)
		rc_wipe(file);
	else
		rc_add_statement(
			r, RC_INCLUDE, rc_place_of(r, begin), file, NULL);
}

/* The { that follows at, perhaps with a title in between; NULL: there is none.
 */
static const char *brace_ahead(const struct rc_reader *r, struct name *title)
{
	const char *at = after_blanks(r->at, r->stop);
	bool quoted = at < r->stop && (*at == '"' || *at == '\'');

	*title = name_at(at + quoted, r->stop);
	at = title->at + title->length + quoted;
	if (at > r->stop)
		return NULL;
	at = after_blanks(at, r->stop);
	return at < r->stop && *at == '{' ? at : NULL;
}

/* An unknown block is read as an account, so that its } has a {. */
static void open_block(struct rc_reader *r, struct name name, struct name title)
{
	if (r->account.place.line > 0)
		r->account.depth++;
	else
		open_account(r, name.at,
			title.length == 0 || r->hidden
				? NULL
				: rc_copy(title.at, title.length));
	r->account.begins_here = r->account.depth == 0;
}

/* Reports a name that no = follows; to be called with at after the name. */
static void refuse_name(struct rc_reader *r, struct name name)
{
	char shown[128];
	struct name title;
	const char *behind = after_blanks(r->at, r->stop);
	const char *brace = brace_ahead(r, &title);

	show(shown, name);
	if (!is_known(name)) {
		refuse_unknown(r, name);
		if (brace != NULL) {
			open_block(r, name, title);
			r->at = brace + 1;
			return;
		}
	} else if (behind < r->stop && *behind == ':') {
		rc_mistake(r, behind,
			"there is a : after %s: write = instead, as in %s = \"VALUE\"",
			shown, shown);
	} else if (r->stop - behind > 1 && behind[0] == '+' &&
		behind[1] == '=') {
		rc_mistake(r, behind, "there is no += here: write %s = VALUE",
			shown);
	} else {
		rc_mistake(r, name.at,
			"there is no = after %s: write %s = VALUE", shown,
			shown);
	}
	/* A line that begins with a setting is not part of a password. */
	if (is_known(name) && after_blanks(r->begin, r->stop) == name.at)
		r->hidden = false;
	r->hidden = r->hidden || is_secret(name);
	rc_skip_word(r);
	resync(r);
}

static void read_name(struct rc_reader *r)
{
	struct name name = name_at(r->at, r->stop);
	const char *behind = name.at + name.length;

	if (name.length == 0) {
		if (rc_is_typographic(r, r->at))
			rc_refuse_typographic(r, r->at);
		else
			rc_mistake(r, r->at,
				"a setting is expected here: SETTING = VALUE, "
				"account NAME { or include(\"FILE\")");
		rc_skip_word(r);
		resync(r);
		return;
	}
	r->at = behind;
	rc_skip_blanks(r);
	bool equals = r->at < r->stop && *r->at == '=';

	if (is_name(name, "account") && !equals) {
		read_account(r, name.at);
	} else if (is_name(name, "include") && !equals) {
		read_include(r, name.at);
	} else if (is_name(name, "account") || is_name(name, "include")) {
		rc_mistake(r, name.at, "write %s, without =",
			is_name(name, "account") ? "account NAME {"
						 : "include(\"FILE\")");
		r->at = r->stop;
	} else if (equals) {
		read_setting(r, name);
	} else {
		r->at = behind;
		refuse_name(r, name);
	}
}

static void read_brace(struct rc_reader *r)
{
	if (*r->at == '{' && !r->account.brace_due) {
		rc_mistake(r, r->at,
			"there is no account NAME in front of this {");
		if (r->account.place.line > 0)
			r->account.depth++;
		else
			open_account(r, r->at, NULL);
	} else if (*r->at == '}' && r->account.depth > 0) {
		r->account.depth--;
	} else if (*r->at == '}' && r->account.place.line > 0) {
		close_account(r, r->at);
		r->must_end = nothing_behind;
		r->was_quoted = false;
	} else if (*r->at == '}' && !r->account.end_unclear) {
		rc_mistake(r, r->at,
			"there is no account that this } could close: remove "
			"it, or one too many above");
	}
	r->account.brace_due = false;
	r->at++;
}

void rc_read_line(struct rc_reader *r)
{
	for (;;) {
		rc_skip_blanks(r);
		if (r->at == r->stop)
			return;
		if (*r->at == '{' || *r->at == '}') {
			read_brace(r);
			continue;
		}
		r->account.brace_due = false;
		read_name(r);
	}
}
