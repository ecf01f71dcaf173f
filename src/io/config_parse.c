/* SPDX-License-Identifier: ISC */
/* From the octets of an rc file to settings and their lines. */
#include <confuse.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "core/xalloc.h"
#include "io/config_inside.h"

#define JOBS_MAX 64

/*
 * libconfuse is asked for the syntax alone. Every option is a string to it, and
 * a callback collects the text and line of each as it is read, so that one
 * wrong value does not hide the next.
 */

static void layer_init(struct config_layer *layer, const char *name, int line)
{
	*layer = (struct config_layer){
		.name = xstrdup(name),
		.texts = xcalloc(setting_count, sizeof layer->texts[0]),
		.lines = xcalloc(setting_count, sizeof layer->lines[0]),
		.line = line,
	};
}

static void layer_release(struct config_layer *layer)
{
	for (size_t i = 0; layer->texts != NULL && i < setting_count; i++) {
		if (layer->texts[i] != NULL)
			explicit_bzero(
				layer->texts[i], strlen(layer->texts[i]));
		free(layer->texts[i]);
	}
	free(layer->texts);
	free(layer->lines);
	free(layer->name);
	*layer = (struct config_layer){.line = 0};
}

/* One setting was read: is it one, and is it set only once here? */
static void collect(struct config_layer *layer, const char *name,
	const char *text, int line)
{
	const char *path = config_reading.file->path;
	size_t at = setting_find(name);

	if (strcmp(name, "password") == 0)
		config_reading.file->password_line = line;
	const struct setting *setting = &settings[at];
	struct account scratch;

	account_init(&scratch);
	if (!config_apply(&scratch, setting, text)) {
		char shown[256];

		text_printable(shown, sizeof shown, text, strlen(text));
		/* A proxy's may have a password, too. */
		if (strcmp(name, "password") == 0 ||
			(strcmp(name, "proxy") == 0 &&
				strchr(text, '@') != NULL))
			snprintf(shown, sizeof shown, "(not shown)");
		config_mistake(path, line, "%s = %s: expected %s", name,
			shown[0] == '\0' ? "\"\"" : shown, setting->expected);
	}
	account_release(&scratch);
	for (size_t i = 0; i < setting_count; i++) {
		if (layer->texts[i] == NULL)
			continue;
		if (i == at)
			config_mistake(path, line,
				"%s is set twice (first on line %d): leave "
				"one of them out",
				name, layer->lines[i]);
		else if (setting->group != SETTING_ALONE &&
			settings[i].group == setting->group)
			config_mistake(path, line,
				"%s contradicts %s on line %d: leave one of "
				"them out",
				name, settings[i].name, layer->lines[i]);
	}
	free(layer->texts[at]);
	layer->texts[at] = xstrdup(text);
	layer->lines[at] = line;
	if (strcmp(name, "password") == 0)
		config_reading.file->has_password = true;
}

static struct config_layer *account_layer(const char *title, int line)
{
	struct config_file *file = config_reading.file;
	size_t i = 0;

	while (i < file->account_count &&
		strcmp(file->accounts[i].name, title) != 0)
		i++;
	if (i == file->account_count) {
		file->accounts = xreallocarray(file->accounts,
			file->account_count + 1, sizeof file->accounts[0]);
		layer_init(&file->accounts[file->account_count++], title, line);
	}
	return &file->accounts[i];
}

static void set_jobs(const char *text, int line)
{
	uint64_t jobs;

	if (text_parse_number(text, JOBS_MAX, &jobs) && jobs > 0)
		config_reading.config->jobs = (unsigned)jobs;
	else
		config_mistake(config_reading.file->path, line,
			"jobs = %.80s: expected a number from 1 to %d", text,
			JOBS_MAX);
}

static void unknown_setting(const char *name, int line)
{
	const char *names[64];
	size_t count = 0;

	for (; count < setting_count; count++)
		names[count] = settings[count].name;
	names[count++] = "account";
	names[count++] = "include";
	names[count++] = "jobs";
	const char *near = text_nearest(name, names, count);
	char shown[256];

	text_printable(shown, sizeof shown, name, strlen(name));
	/* "password = two words": the second may be a part of it. */
	if (line == config_reading.file->password_line) {
		config_mistake(config_reading.file->path, line,
			"what follows the password is no setting: put the "
			"password in quotes");
		config_reading.file->said_line = line;
		return;
	}
	config_mistake(config_reading.file->path, line,
		"no such setting '%s'%s%s%s", shown,
		near == NULL ? ": see keepmailrc(5)" : ": did you mean '",
		near == NULL ? "" : near, near == NULL ? "" : "'?");
	config_reading.file->said_line = line;
}

/* libconfuse's validation callback of every string option. */
static int on_value(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *name = cfg_opt_name(opt);
	const char *text = cfg_opt_getnstr(opt, 0);
	const char *title = cfg_title(cfg);

	if (text == NULL)
		text = "";
	if (setting_find(name) == setting_count && strcmp(name, "jobs") != 0) {
		unknown_setting(name, cfg->line);
	} else if (title == NULL) {
		if (strcmp(name, "jobs") == 0)
			set_jobs(text, cfg->line);
		else
			collect(&config_reading.file->top, name, text,
				cfg->line);
	} else if (strcmp(name, "jobs") == 0) {
		config_mistake(config_reading.file->path, cfg->line,
			"jobs is for all accounts: set it outside of "
			"account %s",
			title);
	} else {
		struct config_layer *layer = account_layer(title, cfg->line);

		if (!layer->closed)
			collect(layer, name, text, cfg->line);
	}
	return 0;
}

/* libconfuse's validation callback of a section that has ended. */
static int on_section(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *path = config_reading.file->path;

	if (strcmp(cfg_opt_name(opt), "account") != 0) {
		unknown_setting(cfg_opt_name(opt), cfg->line);
		return 0;
	}
	const char *title =
		cfg_title(cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1));

	if (title == NULL)
		return 0;
	struct config_layer *layer = account_layer(title, cfg->line);

	if (layer->closed)
		config_mistake(path, cfg->line,
			"account %.80s stands here twice (first on line %d): "
			"give one of them another name",
			title, layer->line);
	layer->closed = true;
	return 0;
}

static int on_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	struct config_file *file = config_reading.file;

	(void)opt;
	if (argc != 1) {
		config_mistake(file->path, cfg->line,
			"include takes one file name: include(\"FILE\")");
		return 0;
	}
	file->includes = xreallocarray(file->includes, file->include_count + 1,
		sizeof file->includes[0]);
	file->includes[file->include_count++] =
		(struct config_include){xstrdup(argv[0]), cfg->line};
	return 0;
}

/* account or include inside an account: it was not closed. */
static bool is_misplaced(cfg_t *cfg, const char *name)
{
	struct config_file *file = config_reading.file;

	if (strcmp(name, "account") != 0 && strcmp(name, "include") != 0)
		return false;
	config_mistake(file->path, cfg->line,
		"%s inside of account %.80s: its closing } is missing above",
		name, cfg_title(cfg) == NULL ? "" : cfg_title(cfg));
	file->torn = true;
	return true;
}

/* The name behind libconfuse's "no such option 'NAME'", to be taught to it. */
static void learn_unknown(const char *name, int line)
{
	struct config_file *file = config_reading.file;

	for (size_t i = 0; i < file->unknown_count; i++) {
		if (strcmp(file->unknown[i].name, name) == 0)
			return;
	}
	if (file->unknown_count < UNKNOWN_MAX) {
		file->unknown[file->unknown_count++] = (struct config_unknown){
			.name = xstrdup(name), .line = line};
		file->again = true;
	}
}

/* A line that makes no sense right after an unknown name: perhaps a section. */
static bool unknown_is_section(int line)
{
	struct config_file *file = config_reading.file;

	if (file->unknown_count == 0)
		return false;
	struct config_unknown *last = &file->unknown[file->unknown_count - 1];

	if (last->section || last->line != line)
		return false;
	last->section = true;
	file->again = true;
	return true;
}

/* A word that is no setting, with no value behind it. */
static bool is_stray(const char *text)
{
	static const char stray[] = "missing equal sign after option '";
	struct config_file *file = config_reading.file;
	size_t n = sizeof stray - 1;

	if (strncmp(text, stray, n) != 0)
		return false;
	for (size_t i = 0; i < file->unknown_count; i++) {
		size_t length = strlen(file->unknown[i].name);

		if (strncmp(text + n, file->unknown[i].name, length) == 0 &&
			text[n + length] == '\'') {
			unknown_setting(
				file->unknown[i].name, file->unknown[i].line);
			return true;
		}
	}
	return false;
}

static void on_error(cfg_t *cfg, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void on_error(cfg_t *cfg, const char *format, va_list args)
{
	struct config_file *file = config_reading.file;
	char text[512];

	vsnprintf(text, sizeof text, format, args);
	static const char unknown[] = "no such option '";

	if (strncmp(text, unknown, sizeof unknown - 1) == 0) {
		char *name = text + sizeof unknown - 1;

		name[strcspn(name, "'")] = '\0';
		if (is_misplaced(cfg, name))
			return;
		learn_unknown(name, cfg->line);
		return;
	}
	/* The first pass that fails behind a freshly learnt name. */
	if (config_reading.silent && unknown_is_section(cfg->line))
		return;
	file->torn = true;
	if (is_stray(text))
		return;
	if (cfg->line == file->said_line)
		return;
	char shown[256];

	text_printable(shown, sizeof shown, text, strlen(text));
	config_mistake(file->path, cfg->line,
		"cannot make sense of this: %s (the syntax is SETTING = VALUE, "
		"values with blanks or any of + # $ = ( ) { } , in quotes, and "
		"account NAME { ... })",
		shown);
}

void config_file_forget(struct config_file *file)
{
	layer_release(&file->top);
	for (size_t i = 0; i < file->account_count; i++)
		layer_release(&file->accounts[i]);
	free(file->accounts);
	for (size_t i = 0; i < file->include_count; i++)
		free(file->includes[i].pattern);
	free(file->includes);
	file->accounts = NULL;
	file->account_count = 0;
	file->includes = NULL;
	file->include_count = 0;
}

static void add_strings(cfg_opt_t *opts, size_t *count)
{
	for (size_t i = 0; i < setting_count; i++)
		opts[(*count)++] = (cfg_opt_t)CFG_STR(
			settings[i].name, NULL, CFGF_NODEFAULT);
	opts[(*count)++] = (cfg_opt_t)CFG_STR("jobs", NULL, CFGF_NODEFAULT);
	for (size_t i = 0; i < config_reading.file->unknown_count; i++) {
		if (!config_reading.file->unknown[i].section)
			opts[(*count)++] = (cfg_opt_t)CFG_STR(
				config_reading.file->unknown[i].name, NULL,
				CFGF_NODEFAULT);
	}
}

static void watch(cfg_t *cfg, const char *prefix, const cfg_opt_t *opts)
{
	for (; opts->name != NULL; opts++) {
		char *name = xasprintf("%s%s", prefix, opts->name);

		if (opts->type == CFGT_STR)
			cfg_set_validate_func(cfg, name, on_value);
		else if (opts->type == CFGT_SEC)
			cfg_set_validate_func(cfg, name, on_section);
		free(name);
	}
}

/* Wipes what libconfuse still holds of passwords. */
static void wipe_passwords(cfg_t *cfg)
{
	char *text = cfg_getstr(cfg, "password");

	if (text != NULL)
		explicit_bzero(text, strlen(text));
	for (unsigned i = 0; i < cfg_size(cfg, "account"); i++) {
		text = cfg_getstr(cfg_getnsec(cfg, "account", i), "password");
		if (text != NULL)
			explicit_bzero(text, strlen(text));
	}
}

/* One pass of libconfuse over the file. */
static void parse_once(struct config_file *file, FILE *stream)
{
	cfg_opt_t inner[128];
	cfg_opt_t outer[200];
	size_t n = 0;
	size_t m = 0;

	config_file_forget(file);
	layer_init(&file->top, NULL, 0);
	file->again = false;
	file->said_line = 0;
	file->torn = false;
	add_strings(inner, &n);
	inner[n] = (cfg_opt_t)CFG_END();
	add_strings(outer, &m);
	for (size_t i = 0; i < file->unknown_count; i++) {
		if (file->unknown[i].section)
			outer[m++] = (cfg_opt_t)CFG_SEC(file->unknown[i].name,
				inner, CFGF_MULTI | CFGF_TITLE);
	}
	outer[m++] =
		(cfg_opt_t)CFG_SEC("account", inner, CFGF_MULTI | CFGF_TITLE);
	outer[m++] = (cfg_opt_t)CFG_FUNC("include", on_include);
	outer[m] = (cfg_opt_t)CFG_END();
	cfg_t *cfg = cfg_init(outer, CFGF_NONE);

	cfg_set_error_function(cfg, on_error);
	watch(cfg, "", outer);
	watch(cfg, "account|", inner);
	rewind(stream);
	cfg_parse_fp(cfg, stream);
	wipe_passwords(cfg);
	cfg_free(cfg);
}

/*
 * Unknown names end libconfuse's parsing, so the file is read again, with each
 * taught to it, until it comes through; only the last pass reports.
 */
void config_parse_stream(struct config_file *file, FILE *stream)
{
	config_reading.silent = true;
	do
		parse_once(file, stream);
	while (file->again);
	config_reading.silent = false;
	parse_once(file, stream);
	for (size_t i = 0; i < file->unknown_count; i++)
		free(file->unknown[i].name);
	file->unknown_count = 0;
}
