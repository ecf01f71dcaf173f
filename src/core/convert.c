/* SPDX-License-Identifier: ISC */
#include "core/convert.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/convert_internal.h"
#include "core/text.h"
#include "core/xalloc.h"

/* More is no rc file. */
#define ACCOUNTS_MAX 1000
#define NOTES_MAX 500
#define NOTE_SIZE 1000

bool convert_knows(enum seen_format from)
{
	switch (from) {
	case SEEN_FETCHMAIL:
	case SEEN_GETMAIL:
	case SEEN_MPOP:
	case SEEN_FDM:
		return true;
	case SEEN_THUNDERBIRD:
	case SEEN_CLAWS:
		break;
	}
	return false;
}

/*
 * Where mail is lost, or sorted, in another way than before, or the file does
 * not say that it is deleted, the server keeps it.
 */
static void settle(struct convert *out, struct convert_account *account,
	const char *program)
{
	const char *when = convert_get(account, "delete");

	if (convert_get(account, "server") == NULL)
		convert_refuse(account, "it names no server");
	if (account->refused != NULL)
		return;
	if (when == NULL) {
		convert_note(out, account->line,
			"%s deletes the mail of account %s from the server once it has fetched it, since it is not told to keep it; keepmail leaves it there unless delete is set",
			program, account->name);
	} else if (account->doubt &&
		(strcmp(when, "never") != 0 ||
			convert_get(account, "delete-larger-than") != NULL)) {
		convert_note(out, account->line,
			"account %s deletes mail from the server, but not all of its settings could be converted: keepmail leaves the mail there unless delete is set",
			account->name);
		convert_drop(account, "delete");
		convert_drop(account, "delete-larger-than");
	}
}

bool convert_text(enum seen_format from, const char *text, size_t length,
	struct convert *out)
{
	*out = (struct convert){.count = 0};
	out->accounts = xcalloc(ACCOUNTS_MAX, sizeof out->accounts[0]);
	out->notes = xcalloc(NOTES_MAX, sizeof out->notes[0]);
	if (memchr(text, '\0', length) != NULL)
		convert_fail(out, 0, "it is not a text file");
	else if (from == SEEN_FETCHMAIL)
		convert_fetchmail(text, length, out);
	else if (from == SEEN_GETMAIL)
		convert_getmail(text, length, out);
	else if (from == SEEN_MPOP)
		convert_mpop(text, length, out);
	else if (from == SEEN_FDM)
		convert_fdm(text, length, out);
	if (!out->failed && out->count == 0)
		convert_fail(out, 0,
			"there is no account in it that keepmail can fetch");
	for (size_t i = 0; i < out->count && !out->failed; i++)
		settle(out, &out->accounts[i], seen_names[from]);
	return !out->failed;
}

void convert_free(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

void convert_replace(char **at, char *value)
{
	convert_free(*at);
	*at = value;
}

void convert_release(struct convert *convert)
{
	for (size_t i = 0; i < convert->count; i++) {
		struct convert_account *account = &convert->accounts[i];

		for (size_t k = 0; k < account->count; k++)
			convert_free(account->settings[k].value);
		free(account->name);
		free(account->seen);
		free(account->used);
		free(account->refused);
		free(account->trust);
	}
	for (size_t i = 0; i < convert->note_count; i++)
		free(convert->notes[i]);
	free(convert->accounts);
	free(convert->notes);
	*convert = (struct convert){.count = 0};
}

static size_t find(const struct convert_account *account, const char *name)
{
	size_t i = 0;

	while (i < account->count &&
		strcmp(account->settings[i].name, name) != 0)
		i++;
	return i;
}

const char *convert_get(const struct convert_account *account, const char *name)
{
	size_t i = find(account, name);

	return i == account->count ? NULL : account->settings[i].value;
}

struct convert_account *convert_begin(
	struct convert *out, const char *name, size_t line)
{
	if (out->count == ACCOUNTS_MAX) {
		convert_fail(out, line, "there are more than %d accounts",
			ACCOUNTS_MAX);
		return &out->accounts[out->count - 1];
	}
	struct convert_account *account = &out->accounts[out->count++];

	account->name = xstrdup(name);
	account->line = line;
	return account;
}

void convert_take(
	struct convert_account *account, const char *name, char *value)
{
	size_t i = find(account, name);

	if (value == NULL)
		return;
	if (i == CONVERT_SETTINGS_MAX) {
		convert_refuse(account, "it has too many settings");
		convert_free(value);
		return;
	}
	if (i == account->count)
		account->settings[account->count++].name = name;
	convert_replace(&account->settings[i].value, value);
}

void convert_put(
	struct convert_account *account, const char *name, const char *value)
{
	convert_take(account, name, xstrdup(value));
}

void convert_drop(struct convert_account *account, const char *name)
{
	size_t i = find(account, name);

	if (i == account->count)
		return;
	convert_free(account->settings[i].value);
	account->settings[i] = account->settings[--account->count];
	account->settings[account->count].value = NULL;
}

static void add_note(
	struct convert *out, size_t line, const char *format, va_list args)
{
	char text[NOTE_SIZE];
	char shown[NOTE_SIZE];

	vsnprintf(text, sizeof text, format, args);
	text_printable_long(shown, sizeof shown, text, strlen(text));
	/* The last one is what failed, or that there are more. */
	if (out->note_count == NOTES_MAX)
		free(out->notes[--out->note_count]);
	out->notes[out->note_count++] = line == 0
		? xstrdup(shown)
		: xasprintf("line %zu: %s", line, shown);
}

void convert_note(struct convert *out, size_t line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!out->failed && out->note_count < NOTES_MAX - 1)
		add_note(out, line, format, args);
	else if (!out->failed && out->note_count < NOTES_MAX)
		out->notes[out->note_count++] =
			xstrdup("and more has no counterpart");
	va_end(args);
}

void convert_fail(struct convert *out, size_t line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!out->failed)
		add_note(out, line, format, args);
	va_end(args);
	out->failed = true;
}

void convert_refuse(struct convert_account *account, const char *format, ...)
{
	char text[NOTE_SIZE];
	char shown[NOTE_SIZE];
	va_list args;

	if (account->refused != NULL)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	text_printable_long(shown, sizeof shown, text, strlen(text));
	account->refused = xstrdup(shown);
}

void convert_leave_out(struct convert *out, size_t line, const char *what)
{
	convert_note(
		out, line, "%s has no counterpart, and was left out", what);
}

void convert_doubt(
	struct convert *out, struct convert_account *account, const char *what)
{
	convert_leave_out(out, account->line, what);
	account->doubt = true;
}

void convert_distrust(struct convert_account *account, const char *what)
{
	free(account->trust);
	account->trust = xstrdup(what);
}

bool convert_is_zero(const char *text)
{
	return strspn(text, "0") == strlen(text);
}

bool convert_is_number(const char *text)
{
	return text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
}
