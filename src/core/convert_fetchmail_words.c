/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/convert_fetchmail.h"
#include "core/xalloc.h"

static const struct fm_option options[] = {
	{"aka", false, FM_TEXTS, FM_QUIET},
	{"via", false, FM_TEXT, FM_VIA},
	{"localdomains", false, FM_TEXTS, FM_DOUBTED},
	{"local", false, FM_TEXTS, FM_DOUBTED},
	{"proto", false, FM_TEXT, FM_PROTOCOL},
	{"protocol", false, FM_TEXT, FM_PROTOCOL},
	{"port", false, FM_NUMBER, FM_PORT},
	{"service", false, FM_VALUE, FM_PORT},
	{"auth", false, FM_TEXT, FM_AUTH},
	{"authenticate", false, FM_TEXT, FM_AUTH},
	{"preauth", false, FM_TEXT, FM_AUTH},
	{"preauthenticate", false, FM_TEXT, FM_AUTH},
	{"timeout", false, FM_NUMBER, FM_TIMEOUT},
	{"interval", false, FM_NUMBER, FM_NOTED},
	{"envelope", false, FM_ENVELOPE, FM_DOUBTED},
	{"qvirtual", false, FM_TEXT, FM_DOUBTED},
	{"principal", false, FM_TEXT, FM_REFUSED},
	{"interface", false, FM_TEXT, FM_REFUSED},
	{"monitor", false, FM_TEXT, FM_REFUSED},
	{"plugin", false, FM_TEXT, FM_REFUSED},
	{"plugout", false, FM_TEXT, FM_NOTED},
	{"esmtpname", false, FM_TEXT, FM_QUIET},
	{"esmtppassword", false, FM_TEXT, FM_QUIET},
	{"uidl", false, FM_FLAG, FM_QUIET},
	{"dns", false, FM_FLAG, FM_QUIET},
	{"checkalias", false, FM_FLAG, FM_QUIET},
	{"tracepolls", false, FM_FLAG, FM_QUIET},
	{"bad-header", false, FM_TEXT, FM_QUIET},
	{"is", true, FM_FLAG, FM_NAMES},
	{"to", true, FM_FLAG, FM_NAMES},
	{"pass", true, FM_TEXT, FM_PASSWORD},
	{"password", true, FM_TEXT, FM_PASSWORD},
	{"mda", true, FM_TEXT, FM_MDA},
	{"keep", true, FM_FLAG, FM_KEEP},
	{"ssl", true, FM_FLAG, FM_SSL},
	{"sslproto", true, FM_TEXT, FM_SSLPROTO},
	{"sslkey", true, FM_TEXT, FM_KEY},
	{"sslcert", true, FM_TEXT, FM_CERT},
	{"sslcertfile", true, FM_TEXT, FM_CA},
	{"sslcertpath", true, FM_TEXT, FM_TRUST},
	{"sslcertck", true, FM_FLAG, FM_QUIET},
	{"sslcommonname", true, FM_TEXT, FM_NOTED},
	{"sslfingerprint", true, FM_TEXT, FM_TRUST},
	{"limit", true, FM_NUMBER, FM_LIMIT},
	{"preconnect", true, FM_TEXT, FM_REFUSED},
	{"pre", true, FM_TEXT, FM_REFUSED},
	{"postconnect", true, FM_TEXT, FM_DOUBTED},
	{"post", true, FM_TEXT, FM_DOUBTED},
	{"flush", true, FM_FLAG, FM_DOUBTED},
	{"limitflush", true, FM_FLAG, FM_DOUBTED},
	{"bsmtp", true, FM_TEXT, FM_DOUBTED},
	{"lmtp", true, FM_FLAG, FM_DOUBTED},
	{"smtp", true, FM_TEXTS, FM_DOUBTED},
	{"smtphost", true, FM_TEXTS, FM_DOUBTED},
	{"fetchdomains", true, FM_TEXTS, FM_DOUBTED},
	{"smtpaddress", true, FM_TEXT, FM_NOTED},
	{"smtpname", true, FM_TEXT, FM_NOTED},
	{"antispam", true, FM_NUMBERS, FM_QUIET},
	{"mimedecode", true, FM_FLAG, FM_NOTED},
	{"mimedec", true, FM_FLAG, FM_NOTED},
	{"fetchlimit", true, FM_NUMBER, FM_NOTED},
	{"fetchsizelimit", true, FM_NUMBER, FM_QUIET},
	{"batchlimit", true, FM_NUMBER, FM_QUIET},
	{"expunge", true, FM_NUMBER, FM_QUIET},
	{"fastuidl", true, FM_NUMBER, FM_QUIET},
	{"warnings", true, FM_NUMBER, FM_QUIET},
	{"folder", true, FM_TEXTS, FM_QUIET},
	{"folders", true, FM_TEXTS, FM_QUIET},
	{"fetchall", true, FM_FLAG, FM_QUIET},
	{"rewrite", true, FM_FLAG, FM_QUIET},
	{"forcecr", true, FM_FLAG, FM_QUIET},
	{"stripcr", true, FM_FLAG, FM_QUIET},
	{"pass8bits", true, FM_FLAG, FM_QUIET},
	{"pass8", true, FM_FLAG, FM_QUIET},
	{"dropstatus", true, FM_FLAG, FM_QUIET},
	{"dropdelivered", true, FM_FLAG, FM_QUIET},
	{"idle", true, FM_FLAG, FM_QUIET},
	{"forceidle", true, FM_FLAG, FM_QUIET},
	{"properties", true, FM_TEXT, FM_QUIET},
};

const char *const fm_set_flags[] = {"bouncemail", "spambounce", "softbounce",
	"syslog", "invisible", "showdots", NULL};

/* These end a list of names, too. */
static const char *const other_words[] = {"set", "poll", "server", "skip",
	"defaults", "user", "username", "here", "there", "no", NULL};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_end_of_word(const struct fm_reading *reading, const char *at)
{
	return at == reading->end || is_blank(*at) ||
		strchr("=;:,", *at) != NULL;
}

/* Blanks, punctuation that means nothing, comments, and line ends. */
static void skip_noise(struct fm_reading *reading)
{
	for (; reading->at < reading->end; reading->at++) {
		const char *next = reading->at + 1;
		bool last = next == reading->end;

		if (*reading->at == '\n')
			reading->line++;
		else if (*reading->at == '#')
			while (!last && *next != '\n') {
				reading->at = next++;
				last = next == reading->end;
			}
		else if (*reading->at == '\\' && !last && *next == '\n')
			continue;
		else if (!is_blank(*reading->at) &&
			strchr(";:,", *reading->at) == NULL)
			return;
	}
}

/* The number behind a backslash: \xHH, \0NNN (octal), or \NNN (decimal). */
static char read_code(const char **at)
{
	bool hex = **at == 'x' || **at == 'X';
	unsigned base = hex ? 16 : **at == '0' ? 8 : 10;
	unsigned code = 0;
	int most = hex ? 2 : 3;

	*at += hex;
	for (; most > 0 && isxdigit((unsigned char)**at); most--, ++*at) {
		unsigned digit = isdigit((unsigned char)**at)
			? (unsigned)(**at - '0')
			: (unsigned)(tolower((unsigned char)**at) - 'a' + 10);

		if (digit >= base)
			break;
		code = code * base + digit;
	}
	return (char)code;
}

/* Replaces fetchmail's escapes. False: they hold what no text can. */
static bool unescape(char *text)
{
	static const char letters[] = "ntbr";
	static const char meant[] = "\n\t\b\r";
	const char *at = text;
	bool ok = true;

	while (*at != '\0') {
		char c = *at++;
		const char *letter =
			c == '\\' && *at != '\0' ? strchr(letters, *at) : NULL;

		if (c == '\\' && *at == '\n') {
			at++;
			continue;
		}
		if (c == '\\' && *at == '\0')
			return false;
		if (c == '\\' && strchr("0123456789xX", *at) != NULL)
			c = read_code(&at);
		else if (letter != NULL && at++)
			c = meant[letter - letters];
		else if (c == '\\')
			c = *at++;
		ok = ok && c != '\0';
		*text++ = c;
	}
	*text = '\0';
	return ok;
}

/* Can "no" come before it? */
static bool is_flag(const char *word)
{
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		bool flag = options[i].shape == FM_FLAG ||
			options[i].shape == FM_ENVELOPE;

		if (flag && options[i].effect != FM_NAMES &&
			strcmp(options[i].name, word) == 0)
			return true;
	}
	for (const char *const *one = fm_set_flags; *one != NULL; one++) {
		if (strcmp(*one, word) == 0)
			return true;
	}
	return false;
}

/* What is in quotes. It has to be a word of its own. */
static char *read_quoted(struct fm_reading *reading)
{
	const char *begin = reading->at + 1;
	const char *end =
		memchr(begin, *reading->at, (size_t)(reading->end - begin));

	if (end == NULL || !is_end_of_word(reading, end + 1)) {
		convert_fail(reading->out, reading->line,
			end == NULL ? "a quote is not closed"
				    : "something follows a closing quote");
		return NULL;
	}
	for (const char *at = begin; at < end; at++)
		reading->line += *at == '\n';
	reading->at = end + 1;
	return xasprintf("%.*s", (int)(end - begin), begin);
}

static char *read_bare(struct fm_reading *reading)
{
	const char *begin = reading->at;

	while (!is_end_of_word(reading, reading->at))
		reading->at++;
	return xasprintf("%.*s", (int)(reading->at - begin), begin);
}

static void read_token(struct fm_reading *reading)
{
	struct fm_token *token = &reading->token;

	convert_replace(&token->text, NULL);
	token->kind = FM_END;
	token->no = false;
	if (reading->out->failed)
		return;
	skip_noise(reading);
	token->line = reading->line;
	if (reading->at == reading->end)
		return;
	if (*reading->at == '=') {
		reading->at++;
		token->kind = FM_EQUALS;
		return;
	}
	bool quoted = *reading->at == '"' || *reading->at == '\'';

	token->text = quoted ? read_quoted(reading) : read_bare(reading);
	if (token->text == NULL)
		return;
	token->kind = quoted ? FM_QUOTED : FM_WORD;
	if (!unescape(token->text))
		convert_fail(reading->out, reading->line,
			"an escape in it cannot be converted");
	if (reading->out->failed)
		token->kind = FM_END;
}

void fm_next_name(struct fm_reading *reading)
{
	read_token(reading);
	if (reading->token.kind == FM_WORD)
		reading->token.kind = FM_QUOTED;
}

static bool is_word(const struct fm_reading *reading, const char *const *list)
{
	if (reading->token.kind != FM_WORD)
		return false;
	while (*list != NULL && strcmp(reading->token.text, *list) != 0)
		list++;
	return *list != NULL;
}

void fm_next(struct fm_reading *reading)
{
	static const char *const noise[] = {
		"with", "and", "has", "wants", "options", NULL};
	static const char *const no[] = {"no", NULL};
	struct fm_token *token = &reading->token;

	do
		read_token(reading);
	while (is_word(reading, noise));
	if (is_word(reading, no)) {
		read_token(reading);
		if (token->kind != FM_WORD || !is_flag(token->text))
			fm_unexpected(reading);
		token->no = true;
	} else if (token->kind == FM_WORD &&
		strncmp(token->text, "no", 2) == 0 &&
		strncmp(token->text + 2, "ssl", 3) != 0 &&
		is_flag(token->text + 2)) {
		convert_replace(&token->text, xstrdup(token->text + 2));
		token->no = true;
	}
}

bool fm_is(const struct fm_reading *reading, const char *word)
{
	const char *const list[] = {word, NULL};

	return !reading->token.no && is_word(reading, list);
}

bool fm_is_any(const struct fm_reading *reading, const char *const *list)
{
	return !reading->token.no && is_word(reading, list);
}

/* The word may be part of a password, and is not shown. */
void fm_unexpected(struct fm_reading *reading)
{
	if (reading->token.kind == FM_END)
		convert_fail(reading->out, reading->token.line,
			"the file ends before its last statement does");
	else
		convert_fail(reading->out, reading->token.line,
			"a word is not expected there, or keepmail does not know it");
	reading->token.kind = FM_END;
}

static const struct fm_option *find_option(const struct fm_reading *reading)
{
	if (reading->token.kind != FM_WORD)
		return NULL;
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		if (strcmp(options[i].name, reading->token.text) == 0)
			return &options[i];
	}
	return NULL;
}

static bool is_keyword(const struct fm_reading *reading)
{
	return is_word(reading, other_words) || find_option(reading) != NULL;
}

static bool is_text(const struct fm_reading *reading)
{
	return reading->token.kind == FM_QUOTED ||
		(reading->token.kind == FM_WORD && !is_keyword(reading));
}

static char *take_text(struct fm_reading *reading)
{
	char *text = NULL;

	if (is_text(reading))
		text = xstrdup(reading->token.text);
	else
		fm_unexpected(reading);
	fm_next(reading);
	return text;
}

char *fm_read_text(struct fm_reading *reading)
{
	fm_next(reading);
	if (reading->token.kind == FM_EQUALS)
		fm_next(reading);
	return take_text(reading);
}

static bool is_number(const struct fm_reading *reading)
{
	const char *text = reading->token.text;

	return reading->token.kind == FM_WORD &&
		convert_is_number(text[0] == '-' ? text + 1 : text);
}

void fm_read_names(struct fm_reading *reading, struct fm_names *names)
{
	*names = (struct fm_names){.several = false};
	while (is_text(reading)) {
		names->several = names->several || names->first != NULL ||
			strcmp(reading->token.text, "*") == 0;
		if (names->first == NULL)
			names->first = xstrdup(reading->token.text);
		fm_next(reading);
		if (reading->token.kind != FM_EQUALS)
			continue;
		/* "here=there": one name here is another one there. */
		names->several = true;
		fm_next_name(reading);
		free(take_text(reading));
	}
	if (names->first == NULL)
		fm_unexpected(reading);
}

const struct fm_option *fm_find_option(
	struct fm_reading *reading, bool of_user, bool *on)
{
	const struct fm_option *option = find_option(reading);

	*on = !reading->token.no;
	return option != NULL && option->of_user == of_user ? option : NULL;
}

/* A list ends with what is no part of it. */
static void skip_list(struct fm_reading *reading, bool numbers)
{
	size_t count = 0;

	while (numbers ? is_number(reading) : is_text(reading)) {
		fm_next(reading);
		count++;
	}
	if (count == 0)
		fm_unexpected(reading);
}

char *fm_read_value(
	struct fm_reading *reading, const struct fm_option *option, bool on)
{
	/* What follows these may look like a keyword. */
	if (option->effect == FM_NAMES || option->effect == FM_PASSWORD ||
		option->effect == FM_AUTH)
		fm_next_name(reading);
	else
		fm_next(reading);
	switch (option->shape) {
	case FM_FLAG:
		return xstrdup(on ? "yes" : "no");
	case FM_TEXT:
	case FM_VALUE:
		break;
	case FM_NUMBER:
		if (!is_number(reading))
			fm_unexpected(reading);
		break;
	case FM_TEXTS:
	case FM_NUMBERS:
		skip_list(reading, option->shape == FM_NUMBERS);
		return NULL;
	case FM_ENVELOPE:
		if (!on)
			return NULL;
		if (is_number(reading))
			fm_next(reading);
		break;
	}
	return take_text(reading);
}
