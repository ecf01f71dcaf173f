/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/convert_fdm.h"
#include "core/xalloc.h"

#define TEXT_MAX (64 * 1024)
#define EXPANDED_MAX (4 * 1024 * 1024)

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

static void fail(struct fdm_words *words, const char *why)
{
	convert_fail(words->out, words->line, "%s", why);
}

static void skip_noise(struct fdm_words *words)
{
	for (; words->at < words->end; words->at++) {
		const char *next = words->at + 1;

		if (*words->at == '\n')
			words->line++;
		else if (*words->at == '#')
			for (; next < words->end && *next != '\n'; next++)
				words->at = next;
		else if (strchr(" \t\r", *words->at) == NULL)
			return;
	}
}

/* The rest of a word, from its first character; owned. */
static char *read_name(struct fdm_words *words)
{
	const char *begin = words->at;

	while (words->at < words->end && is_name(*words->at))
		words->at++;
	return xasprintf("%.*s", (int)(words->at - begin), begin);
}

/* Reads $name, ${name}, %name or %{name}; owned, without braces. */
static char *read_macro_name(struct fdm_words *words)
{
	char type = *words->at++;
	bool braces = words->at < words->end && *words->at == '{';

	words->at += braces;
	char *rest = read_name(words);
	char *name = xasprintf("%c%s", type, rest);

	if (rest[0] == '\0')
		fail(words, "a macro has no name");
	if (braces && (words->at == words->end || *words->at++ != '}'))
		fail(words, "a macro has no }");
	free(rest);
	return name;
}

static struct fdm_macro *find_macro(struct fdm_words *words, const char *name)
{
	for (size_t i = 0; i < words->count; i++) {
		if (strcmp(words->macros[i].name, name) == 0)
			return &words->macros[i];
	}
	return NULL;
}

/* Adds what a macro within a text stands for. */
static void add_macro(struct fdm_words *words, struct buffer *text)
{
	char *name = read_macro_name(words);
	const struct fdm_macro *macro = find_macro(words, name);

	if (macro == NULL)
		convert_fail(words->out, words->line,
			"the macro %s is not defined in this file", name);
	else if ((words->expanded += strlen(macro->text)) > EXPANDED_MAX ||
		!buffer_append(text, macro->text, strlen(macro->text)))
		fail(words, "a text is too long");
	free(name);
}

/* Adds the next character of a text in double quotes. */
static void add_character(struct fdm_words *words, struct buffer *text)
{
	static const char letters[] = "rnt";
	static const char meant[] = "\r\n\t";
	char c = *words->at++;

	if (c == '\\' && words->at < words->end) {
		const char *letter = strchr(letters, *words->at);

		c = letter != NULL && *words->at != '\0'
			? meant[letter - letters]
			: *words->at;
		words->at++;
	}
	if (!buffer_append(text, &c, 1))
		fail(words, "a text is too long");
}

/* What is in quotes; with escapes and macros in double ones. Owned. */
static char *read_text(struct fdm_words *words)
{
	char quote = *words->at++;
	struct buffer text;

	buffer_init(&text, TEXT_MAX);
	while (words->at < words->end && *words->at != quote &&
		!words->out->failed) {
		bool macro = words->at + 1 < words->end &&
			words->at[1] == '{' &&
			(*words->at == '$' || *words->at == '%');

		words->line += *words->at == '\n';
		if (quote == '"' && macro)
			add_macro(words, &text);
		else if (quote == '"')
			add_character(words, &text);
		else if (!buffer_append(&text, words->at++, 1))
			fail(words, "a text is too long");
	}
	if (words->at < words->end)
		words->at++;
	else
		fail(words, "a quote is not closed");
	char *whole = xasprintf("%.*s", (int)buffer_length(&text),
		buffer_length(&text) == 0 ? "" : buffer_bytes(&text));

	buffer_wipe(&text);
	return whole;
}

/* $(command): fdm expands macros within its quotes, which is not done here. */
static char *read_command(struct fdm_words *words)
{
	const char *begin = words->at += 2;
	const char *end = memchr(begin, ')', (size_t)(words->end - begin));

	if (end == NULL || memchr(begin, '(', (size_t)(end - begin)) != NULL ||
		memchr(begin, '\\', (size_t)(end - begin)) != NULL ||
		memchr(begin, '$', (size_t)(end - begin)) != NULL ||
		memchr(begin, '%', (size_t)(end - begin)) != NULL ||
		memchr(begin, '\n', (size_t)(end - begin)) != NULL) {
		fail(words,
			"a command has parts that keepmail does not convert");
		return xstrdup("");
	}
	words->at = end + 1;
	return xasprintf("%.*s", (int)(end - begin), begin);
}

/* Is the name of a macro followed by "="? Then it is defined. */
static bool is_definition(struct fdm_words *words)
{
	skip_noise(words);
	if (words->at == words->end || *words->at != '=' ||
		(words->at + 1 < words->end && words->at[1] == '='))
		return false;
	words->at++;
	return true;
}

/* The value of a macro has to be a text or a number itself. */
static void define(struct fdm_words *words, const char *name)
{
	struct fdm_macro *macro = find_macro(words, name);
	bool text = name[0] == '$';

	char *value = NULL;
	bool more = true;

	/* "a" + "b" is one text. */
	while (more && !words->out->failed) {
		skip_noise(words);
		char c = words->at < words->end ? *words->at : '\0';
		char *part = text && (c == '"' || c == '\'') ? read_text(words)
			: !text && isdigit((unsigned char)c) ? read_name(words)
							     : NULL;

		if (part == NULL || value == NULL) {
			convert_replace(&value, part);
		} else {
			convert_replace(&value, xasprintf("%s%s", value, part));
			convert_free(part);
		}
		skip_noise(words);
		more = value != NULL && words->at < words->end &&
			*words->at == '+';
		words->at += more;
	}

	if (value == NULL ||
		(macro == NULL && words->count == FDM_MACROS_MAX)) {
		fail(words,
			value == NULL
				? "a macro has no value that keepmail can read"
				: "these are too many macros");
		convert_free(value);
		return;
	}
	if (macro == NULL)
		macro = &words->macros[words->count++];
	convert_replace(&macro->name, xstrdup(name));
	convert_replace(&macro->text, value);
	macro->kind = text ? FDM_TEXT : FDM_NUMBER;
}

/* A macro that is used, as the next token; or defined: then there is none. */
static bool read_macro(struct fdm_words *words)
{
	char *name = read_macro_name(words);
	const struct fdm_macro *macro = find_macro(words, name);
	bool defines = !words->out->failed && is_definition(words);

	if (defines)
		define(words, name);
	else if (macro == NULL)
		convert_fail(words->out, words->line,
			"the macro %s is not defined in this file", name);
	else
		words->token.kind = macro->kind;
	if (macro != NULL &&
		(words->expanded += strlen(macro->text)) > EXPANDED_MAX)
		fail(words, "a text is too long");
	if (!defines)
		words->token.text = xstrdup(macro == NULL ? "" : macro->text);
	free(name);
	return !defines;
}

/* A word that decides what is read: keepmail does not know what that is. */
static void check_word(struct fdm_words *words)
{
	static const char *const other[] = {
		"include", "ifdef", "ifndef", "endif", NULL};

	for (const char *const *one = other; *one != NULL; one++) {
		if (strcmp(words->token.text, *one) == 0)
			convert_fail(words->out, words->line,
				"%s cannot be converted: make one file of it first",
				*one);
	}
}

/* False: it was the definition of a macro. */
static bool read_token(struct fdm_words *words)
{
	struct fdm_token *token = &words->token;

	convert_replace(&token->text, NULL);
	token->kind = FDM_END;
	skip_noise(words);
	token->line = words->line;
	if (words->at == words->end)
		return true;
	char c = *words->at;
	bool command = words->at + 1 < words->end && words->at[1] == '(';

	if (c == '"' || c == '\'') {
		token->kind = FDM_TEXT;
		token->text = read_text(words);
	} else if (c == '$' && command) {
		token->kind = FDM_COMMAND;
		token->text = read_command(words);
	} else if (c == '$' || (c == '%' && !command)) {
		return read_macro(words);
	} else if (is_name(c)) {
		token->text = read_name(words);
		token->kind =
			convert_is_number(token->text) ? FDM_NUMBER : FDM_WORD;
		check_word(words);
	} else {
		token->kind = FDM_MARK;
		token->text = xasprintf("%c", c);
		words->at++;
	}
	return true;
}

void fdm_next(struct fdm_words *words)
{
	while (!words->out->failed && !read_token(words))
		continue;
	if (words->out->failed)
		words->token.kind = FDM_END;
}

bool fdm_is(const struct fdm_words *words, const char *word)
{
	return (words->token.kind == FDM_WORD ||
		       words->token.kind == FDM_MARK) &&
		strcmp(words->token.text, word) == 0;
}

bool fdm_begins(const struct fdm_words *words)
{
	return words->token.kind == FDM_END || fdm_is(words, "account") ||
		fdm_is(words, "action") || fdm_is(words, "match") ||
		fdm_is(words, "set") || fdm_is(words, "cache");
}

void fdm_unexpected(struct fdm_words *words)
{
	if (words->token.kind == FDM_END)
		fail(words, "the file ends before its last statement does");
	else
		convert_fail(words->out, words->token.line,
			"a word is not expected there, or keepmail does not know it");
	words->token.kind = FDM_END;
}

char *fdm_take(struct fdm_words *words)
{
	char *text = NULL;

	if (words->token.kind == FDM_TEXT || words->token.kind == FDM_NUMBER)
		text = xstrdup(words->token.text);
	else
		fdm_unexpected(words);
	fdm_next(words);
	while (fdm_is(words, "+")) {
		fdm_next(words);
		if (words->token.kind != FDM_TEXT)
			fdm_unexpected(words);
		else
			convert_replace(&text,
				xasprintf("%s%s", text, words->token.text));
		fdm_next(words);
	}
	return text;
}

void fdm_release(struct fdm_words *words)
{
	for (size_t i = 0; i < words->count; i++) {
		free(words->macros[i].name);
		convert_free(words->macros[i].text);
	}
	convert_free(words->token.text);
}
