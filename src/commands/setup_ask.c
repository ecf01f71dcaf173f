/* SPDX-License-Identifier: ISC */
/* The questions of setup, and the settings that their answers make. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "commands/setup_internal.h"
#include "core/buffer.h"
#include "core/setting.h"
#include "core/text.h"
#include "core/xalloc.h"
#include "io/process/log.h"
#include "io/process/secret.h"

#define BLOCK_MAX (256 * 1024)

const char *setup_get(const struct setup *setup, const char *name)
{
	for (size_t i = 0; i < setup->count; i++) {
		if (strcmp(setup->settings[i].name, name) == 0)
			return setup->settings[i].value;
	}
	return NULL;
}

bool setup_has_one(const struct setup *setup, const char *const *names)
{
	for (; *names != NULL; names++) {
		if (setup_get(setup, *names) != NULL)
			return true;
	}
	return false;
}

void setup_drop(struct setup *setup, const char *name)
{
	for (size_t i = 0; i < setup->count; i++) {
		if (strcmp(setup->settings[i].name, name) != 0)
			continue;
		free(setup->settings[i].value);
		setup->settings[i] = setup->settings[--setup->count];
		return;
	}
}

/* Is the value good for this setting? */
static bool is_good(const struct setting *setting, const char *value)
{
	struct account scratch;
	const char *path = value + setting_path_at(setting, value);

	if (strpbrk(value, "\r\n") != NULL)
		return false;
	if (setting->is_path && path[0] != '/' && strncmp(path, "~/", 2) != 0)
		return false;
	account_init(&scratch);
	bool good = setting->set(&scratch, value);

	account_release(&scratch);
	return good;
}

bool setup_put(struct setup *setup, const char *name, const char *value,
	struct error *err)
{
	size_t at = setting_find(name);
	char shown[4 * TEXT_SHOWN_MAX + 8];

	text_printable(shown, sizeof shown, name, strlen(name));
	if (at == setting_count)
		return error_set(err, ERROR_USAGE,
			"there is no setting named '%s': see keepmailrc(5)",
			shown);
	if (!is_good(&settings[at], value))
		return error_set(err, ERROR_USAGE,
			"this is not a value of %s: it should be %s", shown,
			settings[at].expected);
	setup_drop(setup, name);
	if (setup->count == SETUP_SETTINGS_MAX)
		return error_set(
			err, ERROR_USAGE, "these are too many settings");
	setup->settings[setup->count++] =
		(struct setup_setting){settings[at].name, xstrdup(value)};
	return true;
}

/* With --print, standard output has only the account. */
static void show_question(
	struct setup *setup, const char *question, const char *otherwise)
{
	char text[1024];

	snprintf(text, sizeof text, "%s%s%s%s: ", question,
		otherwise == NULL ? "" : " [",
		otherwise == NULL ? "" : otherwise,
		otherwise == NULL ? "" : "]");
	if (setup->prints)
		fputs(text, stderr);
	else
		report_print(&setup->report, "%s", text);
	report_flush();
}

char *setup_ask(
	struct setup *setup, const char *question, const char *otherwise)
{
	char line[SETUP_LINE_MAX];

	if (!setup->asks)
		return otherwise == NULL ? NULL : xstrdup(otherwise);
	while (!*setup->invocation->stop) {
		show_question(setup, question, otherwise);
		if (fgets(line, sizeof line, stdin) == NULL)
			break;
		size_t length = strcspn(line, "\r\n");

		while (length > 0 && line[length - 1] == ' ')
			length--;
		line[length] = '\0';
		const char *text = line + strspn(line, " \t");

		if (text[0] != '\0')
			return xstrdup(text);
		if (otherwise != NULL)
			return xstrdup(otherwise);
	}
	return NULL;
}

bool setup_stopped(struct error *err)
{
	return error_set(
		err, ERROR_TEMPORARY, "setup was stopped: nothing was written");
}

bool setup_agrees(struct setup *setup, const char *question, bool otherwise,
	bool *yes, struct error *err)
{
	for (;;) {
		char *answer =
			setup_ask(setup, question, otherwise ? "yes" : "no");

		if (answer == NULL)
			return setup_stopped(err);
		*yes = strcasecmp(answer, "yes") == 0 ||
			strcasecmp(answer, "y") == 0;
		bool no = strcasecmp(answer, "no") == 0 ||
			strcasecmp(answer, "n") == 0;

		free(answer);
		if (*yes || no)
			return true;
		setup_say(setup, "Answer yes or no.");
	}
}

void setup_say(struct setup *setup, const char *format, ...)
{
	char text[1500];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (!log_shows(LOG_WARNINGS))
		return;
	if (setup->prints)
		log_line(LOG_SUMMARY, "%s", text);
	else
		report_line(&setup->report, 0, "%s", text);
	report_flush();
}

bool setup_ask_setting(struct setup *setup, const char *name,
	const char *question, const char *otherwise, struct error *err)
{
	while (setup_get(setup, name) == NULL) {
		struct error bad = {.kind = ERROR_NONE};
		char *answer = setup_ask(setup, question, otherwise);

		if (answer == NULL && setup->asks)
			return setup_stopped(err);
		if (answer == NULL)
			return error_set(err, ERROR_USAGE,
				"no %s was found or given, and there is no terminal to ask: use --set %s=VALUE",
				name, name);
		bool good = setup_put(setup, name, answer, &bad);

		free(answer);
		if (good)
			break;
		if (!setup->asks) {
			*err = bad;
			return false;
		}
		setup_say(setup, "%s.", bad.text);
	}
	return true;
}

/* As a person would write it: in quotes where that is needed. */
static void add_value(struct buffer *block, const char *value)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789.@_-";
	bool bare = strspn(value, plain) == strlen(value);
	const char *quote = bare		  ? ""
		: strpbrk(value, "\"\\$") == NULL ? "\""
		: strchr(value, '\'') == NULL	  ? "'"
						  : "\"";

	buffer_append(block, quote, strlen(quote));
	for (; *value != '\0'; value++) {
		if (quote[0] == '"' && strchr("\\\"$", *value) != NULL)
			buffer_append(block, "\\", 1);
		buffer_append(block, value, 1);
	}
	buffer_append(block, quote, strlen(quote));
}

static void add_setting(
	struct buffer *block, const struct setup_setting *setting)
{
	buffer_printf(block, "  %s = ", setting->name);
	add_value(block, setting->value);
	buffer_append(block, "\n", 1);
}

char *setup_make_block(const struct setup *setup)
{
	struct buffer block;

	buffer_init(&block, BLOCK_MAX);
	buffer_printf(&block, "account %s {\n", setup->name);
	/* In the order of the manual. */
	for (size_t i = 0; i < setting_count; i++) {
		for (size_t k = 0; k < setup->count; k++) {
			if (setup->settings[k].name == settings[i].name)
				add_setting(&block, &setup->settings[k]);
		}
	}
	buffer_printf(&block, "}\n");
	char *text = xasprintf(
		"%.*s", (int)buffer_length(&block), buffer_bytes(&block));

	buffer_wipe(&block);
	return text;
}

void setup_make_account(const struct setup *setup, struct account *account)
{
	account_init(account);
	account->name =
		xstrdup(setup->name == NULL ? setup->address : setup->name);
	account->file = xstrdup("the rc file");
	for (size_t i = 0; i < setup->count; i++) {
		const struct setup_setting *one = &setup->settings[i];

		settings[setting_find(one->name)].set(account, one->value);
	}
	if (account->server.port == 0)
		account->server.port = account_default_port(account->tls.mode);
}

void setup_release(struct setup *setup)
{
	for (size_t i = 0; i < setup->count; i++) {
		explicit_bzero(setup->settings[i].value,
			strlen(setup->settings[i].value));
		free(setup->settings[i].value);
	}
	free(setup->address);
	free(setup->name);
	free(setup->user);
	free(setup->path);
	free(setup->seen);
	secret_free(setup->secret);
}
