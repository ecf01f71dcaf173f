/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <unistd.h>

#include "commands/setup_internal.h"
#include "core/oauth.h"
#include "core/text.h"
#include "core/xalloc.h"
#include "io/process/config_edit.h"
#include "io/process/log.h"

bool setup_take_given(struct setup *setup, struct error *err)
{
	const struct options *options = &setup->invocation->options;

	for (size_t i = 0; i < options->setup.set_count; i++) {
		const char *text = options->setup.sets[i];
		size_t n = strcspn(text, "=");
		size_t end = n;

		if (text[n] == '\0')
			return error_set(err, ERROR_USAGE,
				"--set takes NAME=VALUE, such as --set delete=never");
		while (end > 0 && text[end - 1] == ' ')
			end--;
		char *name = xasprintf("%.*s", (int)end, text);
		const char *value = text + n + 1 + strspn(text + n + 1, " ");
		bool ok = setup_put(setup, name, value, err);

		free(name);
		if (!ok)
			return false;
	}
	return true;
}

/* What is around an address that was copied: "Jane <jane@example.org>". */
static char *strip(const char *text)
{
	const char *open = strchr(text, '<');
	const char *close = open == NULL ? NULL : strchr(open, '>');

	if (close != NULL)
		return xasprintf("%.*s", (int)(close - open - 1), open + 1);
	text += strspn(text, " \t");
	if (strncasecmp(text, "mailto:", 7) == 0)
		text += 7;
	size_t length = strlen(text);

	while (length > 0 && strchr(" \t.", text[length - 1]) != NULL)
		length--;
	return xasprintf("%.*s", (int)length, text);
}

static bool take_address(struct setup *setup, struct error *err)
{
	const struct invocation *invocation = setup->invocation;
	char *answer = invocation->word_count > 0
		? xstrdup(invocation->words[0])
		: setup_ask(setup, "Mail address", NULL);

	while (answer != NULL) {
		free(setup->address);
		setup->address = strip(answer);
		free(answer);
		setup->domain = provider_domain(setup->address);
		if (setup->domain != NULL)
			return true;
		if (!setup->asks)
			break;
		setup_say(setup,
			"This is not a mail address, such as jane@example.org; a domain with other letters is given as xn--...");
		answer = setup_ask(setup, "Mail address", NULL);
	}
	if (setup->asks)
		return setup_stopped(err);
	return error_set(err, ERROR_USAGE,
		"setup needs a mail address, such as jane@example.org");
}

bool setup_is_taken(const struct setup *setup, const char *name)
{
	for (size_t i = 0; i < setup->others->count; i++) {
		if (strcmp(setup->others->accounts[i].name, name) == 0)
			return true;
	}
	return false;
}

static bool take_given_name(struct setup *setup, struct error *err)
{
	const char *name = setup->invocation->options.setup.name;
	char shown[4 * TEXT_SHOWN_MAX + 8];

	setup->name = xstrdup(name);
	text_printable(shown, sizeof shown, name, strlen(name));
	if (!account_name_is_good(name))
		return error_set(err, ERROR_USAGE,
			"'%s' cannot be the name of an account: only letters, digits and ._@+- are allowed",
			shown);
	return !setup_is_taken(setup, name) ||
		error_set(err, ERROR_USAGE,
			"account %s already exists: choose another --name",
			shown);
}

/* As given, or the first part of the domain, and a number if need be. */
static bool take_name(struct setup *setup, struct error *err)
{
	int n = (int)strcspn(setup->domain, ".");

	if (setup->invocation->options.setup.name != NULL)
		return take_given_name(setup, err);
	n = n < 58 ? n : 58;
	setup->name = xasprintf("%.*s", n, setup->domain);
	for (unsigned i = 2; setup_is_taken(setup, setup->name) ||
		command_find(setup->name) != NULL;
		i++) {
		free(setup->name);
		setup->name = xasprintf("%.*s%u", n, setup->domain, i);
	}
	for (char *p = setup->name; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return true;
}

static size_t mistakes;

static void count_mistake(const char *line)
{
	mistakes++;
	log_line(LOG_ERRORS, "%s", line);
}

bool setup_read_others(struct setup *setup, struct error *err)
{
	const struct options *options = &setup->invocation->options;
	const char *const path = setup->path;
	const struct config_source source = {
		options->file_count > 0 ? options->files : &path,
		options->file_count > 0 ? options->file_count : 1,
		options->state_dir};

	for (size_t i = 0; i < source.count; i++) {
		if (access(source.files[i], F_OK) < 0)
			return true;
	}
	mistakes = 0;
	config_release(setup->others);
	if (config_read(setup->others, &source, count_mistake, err))
		return true;
	/* One that has no account yet is good enough. */
	if (mistakes == 0)
		*err = (struct error){.kind = ERROR_NONE};
	return mistakes == 0;
}

/* Can it be changed? Said before any question is asked. */
static bool can_write(const struct setup *setup, struct error *err)
{
	struct config_edit edit;
	bool can = setup->prints ||
		config_edit_begin(&edit, setup->path, "", false, err);

	if (!setup->prints)
		config_edit_discard(&edit);
	return can;
}

static bool check_page(const struct setup *setup, struct error *err)
{
	const char *url = setup->invocation->options.setup.autoconfig;

	return url == NULL || oauth_is_url(url) ||
		error_set(err, ERROR_USAGE,
			"--autoconfig takes a URL that begins with https://");
}

int setup_print(struct setup *setup, struct error *err)
{
	if (!setup_ask_all(setup, err))
		return error_status(err->kind);
	char *block = setup_make_block(setup);

	report_print(&setup->report, "%s", block);
	explicit_bzero(block, strlen(block));
	free(block);
	return EX_OK;
}

static int set_up(struct setup *setup, struct error *err)
{
	if (check_page(setup, err) && setup_read_others(setup, err) &&
		can_write(setup, err) &&
		setup->invocation->options.from != NULL)
		return setup_convert(setup, err);
	if (err->kind == ERROR_NONE && setup_take_given(setup, err) &&
		take_address(setup, err) && take_name(setup, err))
		return setup->prints ? setup_print(setup, err)
				     : setup_add(setup, err);
	return error_status(err->kind);
}

/* The last one that was named, or the usual one; absolute. */
static char *find_path(const struct options *options)
{
	bool there;
	char *path = options->file_count > 0
		? xstrdup(options->files[options->file_count - 1])
		: config_default_path(&there);
	char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);

	if (here == NULL)
		return path;
	char *whole = xasprintf("%s/%s", here, path);

	free(here);
	free(path);
	return whole;
}

int command_setup(const struct invocation *invocation)
{
	const struct options *options = &invocation->options;
	struct config others = {.count = 0};
	struct setup setup = {
		.others = &others,
		.invocation = invocation,
		.report = report_to(false),
		.asks = isatty(STDIN_FILENO),
		.prints = (options->given & OPTION_BIT(OPTION_PRINT)) != 0,
		.path = find_path(options),
	};
	struct error err = {.kind = ERROR_NONE};
	int status = set_up(&setup, &err);

	if (err.kind != ERROR_NONE)
		log_error(&err);
	setup_release(&setup);
	config_release(&others);
	return status;
}
