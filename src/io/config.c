/* SPDX-License-Identifier: ISC */
#include "io/config.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#include <glob.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/setting.h"
#include "core/text.h"
#include "core/xalloc.h"

#define INCLUDE_DEPTH 16
#define DEFAULT_JOBS 4
#define JOBS_MAX 64
#define UNKNOWN_MAX 64
#define FILE_MAX_OCTETS (4 << 20)

/*
 * libconfuse is asked for the syntax alone. Every option is a string to it, and
 * a callback collects the text and line of each as it is read, so that one
 * wrong value does not hide the next.
 */

/* The settings of one place: the top of a file, or an account. */
struct layer {
	char *name;   /* the account's; NULL at the top of a file */
	char **texts; /* setting_count of them; NULL: not set here */
	int *lines;
	int line;    /* where it begins */
	bool closed; /* its section has ended */
};

struct include {
	char *pattern;
	int line;
};

/* A name that libconfuse does not know, taught to it so that it reads on. */
struct unknown {
	char *name;
	int line;
	bool section;
};

struct file {
	const char *path;
	const struct file *parent; /* that includes this one; or NULL */
	unsigned depth;
	dev_t device; /* with inode: which file it is, by whatever name */
	ino_t inode;
	struct layer top;
	struct layer *accounts;
	size_t account_count;
	struct include *includes;
	size_t include_count;
	struct unknown unknown[UNKNOWN_MAX];
	size_t unknown_count;
	bool again;	   /* something unknown was found: read it once more */
	int password_line; /* where the last one stood */
	int said_line;	   /* a mistake on this line was reported already */
	bool torn;	   /* its syntax is wrong: not all of it was read */
	bool has_password;
};

/* libconfuse's callbacks carry no pointer of ours. */
static struct {
	struct config *config;
	struct file *file;
	void (*report)(const char *line);
	size_t mistakes;
	bool silent; /* a pass that will be repeated */
	char *default_state;
	const char *forced_state;
} reading;

static void mistake(const char *path, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void mistake(const char *path, int line, const char *format, ...)
{
	char text[1024];
	char place[32] = "";
	va_list args;

	if (reading.silent)
		return;
	if (line > 0)
		snprintf(place, sizeof place, ":%d", line);
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	char *whole = xasprintf("%s%s: %s", path, place, text);

	/* A report is one line, whatever stands in the file. */
	for (char *p = whole; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	}
	reading.report(whole);
	reading.mistakes++;
	free(whole);
}

static void layer_init(struct layer *layer, const char *name, int line)
{
	*layer = (struct layer){
		.name = xstrdup(name),
		.texts = xcalloc(setting_count, sizeof layer->texts[0]),
		.lines = xcalloc(setting_count, sizeof layer->lines[0]),
		.line = line,
	};
}

static void layer_release(struct layer *layer)
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
	*layer = (struct layer){.line = 0};
}

static const char *home(void)
{
	const char *path = getenv("HOME");

	if (path != NULL && path[0] == '/')
		return path;
	const struct passwd *user = getpwuid(getuid());

	return user == NULL ? NULL : user->pw_dir;
}

/* ~ and ~/ expanded; NULL when the result is no absolute path. */
static char *expand_path(const char *text)
{
	if (text[0] == '~' && (text[1] == '/' || text[1] == '\0')) {
		const char *at = home();

		return at == NULL ? NULL : xasprintf("%s%s", at, text + 1);
	}
	return text[0] == '/' ? xstrdup(text) : NULL;
}

static bool apply(struct account *account, const struct setting *setting,
	const char *text)
{
	if (!setting->is_path)
		return setting->set(account, text);
	char *path = expand_path(text);
	bool ok = path != NULL && setting->set(account, path);

	free(path);
	return ok;
}

/* One setting was read: is it one, and is it set only once here? */
static void collect(
	struct layer *layer, const char *name, const char *text, int line)
{
	const char *path = reading.file->path;
	size_t at = setting_find(name);

	if (strcmp(name, "password") == 0)
		reading.file->password_line = line;
	const struct setting *setting = &settings[at];
	struct account scratch;

	account_init(&scratch);
	if (!apply(&scratch, setting, text)) {
		char shown[256];

		text_printable(shown, sizeof shown, text, strlen(text));
		/* A proxy's may have a password, too. */
		if (strcmp(name, "password") == 0 ||
			(strcmp(name, "proxy") == 0 &&
				strchr(text, '@') != NULL))
			snprintf(shown, sizeof shown, "(not shown)");
		mistake(path, line, "%s = %s: expected %s", name,
			shown[0] == '\0' ? "\"\"" : shown, setting->expected);
	}
	account_release(&scratch);
	for (size_t i = 0; i < setting_count; i++) {
		if (layer->texts[i] == NULL)
			continue;
		if (i == at)
			mistake(path, line,
				"%s is set twice (first on line %d): leave "
				"one of them out",
				name, layer->lines[i]);
		else if (setting->group != SETTING_ALONE &&
			settings[i].group == setting->group)
			mistake(path, line,
				"%s contradicts %s on line %d: leave one of "
				"them out",
				name, settings[i].name, layer->lines[i]);
	}
	free(layer->texts[at]);
	layer->texts[at] = xstrdup(text);
	layer->lines[at] = line;
	if (strcmp(name, "password") == 0)
		reading.file->has_password = true;
}

static struct layer *account_layer(const char *title, int line)
{
	struct file *file = reading.file;
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
		reading.config->jobs = (unsigned)jobs;
	else
		mistake(reading.file->path, line,
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
	if (line == reading.file->password_line) {
		mistake(reading.file->path, line,
			"what follows the password is no setting: put the "
			"password in quotes");
		reading.file->said_line = line;
		return;
	}
	mistake(reading.file->path, line, "no such setting '%s'%s%s%s", shown,
		near == NULL ? ": see keepmailrc(5)" : ": did you mean '",
		near == NULL ? "" : near, near == NULL ? "" : "'?");
	reading.file->said_line = line;
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
			collect(&reading.file->top, name, text, cfg->line);
	} else if (strcmp(name, "jobs") == 0) {
		mistake(reading.file->path, cfg->line,
			"jobs is for all accounts: set it outside of "
			"account %s",
			title);
	} else {
		struct layer *layer = account_layer(title, cfg->line);

		if (!layer->closed)
			collect(layer, name, text, cfg->line);
	}
	return 0;
}

/* libconfuse's validation callback of a section that has ended. */
static int on_section(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *path = reading.file->path;

	if (strcmp(cfg_opt_name(opt), "account") != 0) {
		unknown_setting(cfg_opt_name(opt), cfg->line);
		return 0;
	}
	const char *title =
		cfg_title(cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1));

	if (title == NULL)
		return 0;
	struct layer *layer = account_layer(title, cfg->line);

	if (layer->closed)
		mistake(path, cfg->line,
			"account %.80s stands here twice (first on line %d): "
			"give one of them another name",
			title, layer->line);
	layer->closed = true;
	return 0;
}

static int on_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	struct file *file = reading.file;

	(void)opt;
	if (argc != 1) {
		mistake(file->path, cfg->line,
			"include takes one file name: include(\"FILE\")");
		return 0;
	}
	file->includes = xreallocarray(file->includes, file->include_count + 1,
		sizeof file->includes[0]);
	file->includes[file->include_count++] =
		(struct include){xstrdup(argv[0]), cfg->line};
	return 0;
}

/* account or include inside an account: it was not closed. */
static bool is_misplaced(cfg_t *cfg, const char *name)
{
	struct file *file = reading.file;

	if (strcmp(name, "account") != 0 && strcmp(name, "include") != 0)
		return false;
	mistake(file->path, cfg->line,
		"%s inside of account %.80s: its closing } is missing above",
		name, cfg_title(cfg) == NULL ? "" : cfg_title(cfg));
	file->torn = true;
	return true;
}

/* The name behind libconfuse's "no such option 'NAME'", to be taught to it. */
static void learn_unknown(const char *name, int line)
{
	struct file *file = reading.file;

	for (size_t i = 0; i < file->unknown_count; i++) {
		if (strcmp(file->unknown[i].name, name) == 0)
			return;
	}
	if (file->unknown_count < UNKNOWN_MAX) {
		file->unknown[file->unknown_count++] =
			(struct unknown){.name = xstrdup(name), .line = line};
		file->again = true;
	}
}

/* A line that makes no sense right after an unknown name: perhaps a section. */
static bool unknown_is_section(int line)
{
	struct file *file = reading.file;

	if (file->unknown_count == 0)
		return false;
	struct unknown *last = &file->unknown[file->unknown_count - 1];

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
	struct file *file = reading.file;
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
	struct file *file = reading.file;
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
	if (reading.silent && unknown_is_section(cfg->line))
		return;
	file->torn = true;
	if (is_stray(text))
		return;
	if (cfg->line == file->said_line)
		return;
	char shown[256];

	text_printable(shown, sizeof shown, text, strlen(text));
	mistake(file->path, cfg->line,
		"cannot make sense of this: %s (the syntax is SETTING = VALUE, "
		"values with blanks or any of + # $ = ( ) { } , in quotes, and "
		"account NAME { ... })",
		shown);
}

static void file_forget(struct file *file)
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
	for (size_t i = 0; i < reading.file->unknown_count; i++) {
		if (!reading.file->unknown[i].section)
			opts[(*count)++] = (cfg_opt_t)CFG_STR(
				reading.file->unknown[i].name, NULL,
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
static void parse_once(struct file *file, FILE *stream)
{
	cfg_opt_t inner[128];
	cfg_opt_t outer[200];
	size_t n = 0;
	size_t m = 0;

	file_forget(file);
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
static void parse_stream(struct file *file, FILE *stream)
{
	reading.silent = true;
	do
		parse_once(file, stream);
	while (file->again);
	reading.silent = false;
	parse_once(file, stream);
	for (size_t i = 0; i < file->unknown_count; i++)
		free(file->unknown[i].name);
	file->unknown_count = 0;
}

static void check_permissions(const struct file *file, const struct stat *st)
{
	if (st->st_uid != geteuid() && st->st_uid != 0)
		mistake(file->path, 0,
			"it belongs to another user, who could change where "
			"your mail goes: copy it to a file of your own");
	else if ((st->st_mode & 022) != 0)
		mistake(file->path, 0,
			"others can write to it, and could change where your "
			"mail goes: run chmod go-w '%s'",
			file->path);
	if (file->has_password && (st->st_mode & 077) != 0)
		mistake(file->path, 0,
			"it holds a password and others can read it: run "
			"chmod 600 '%s'",
			file->path);
}

/* A refused value was a value: that it is missing need not be said, too. */
static void stand_in(struct account *account, const char *name)
{
	static const struct {
		const char *name;
		const char *text;
	} values[] = {{"server", "localhost"}, {"user", "nobody"},
		{"maildir", "/"}, {"mbox", "/"}};

	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		if (strcmp(name, values[i].name) == 0)
			settings[setting_find(name)].set(
				account, values[i].text);
	}
}

static void apply_layer(struct account *account, const struct layer *layer)
{
	for (size_t i = 0; i < setting_count; i++) {
		if (layer->texts[i] != NULL &&
			!apply(account, &settings[i], layer->texts[i]))
			stand_in(account, settings[i].name);
	}
}

/* Defaults of the outermost file first, so that nearer ones win. */
static void apply_defaults(struct account *account, const struct file *file)
{
	if (file->parent != NULL)
		apply_defaults(account, file->parent);
	apply_layer(account, &file->top);
}

static void report_account(const struct account *account, const char *sentence)
{
	mistake(account->file, account->line, "account %s: %s", account->name,
		sentence);
}

static void check_readable(
	const struct account *account, const char *name, const char *path)
{
	if (path != NULL && access(path, R_OK) < 0)
		mistake(account->file, account->line,
			"account %s: cannot read %s = %s: %s", account->name,
			name, path, strerror(errno));
}

static void add_account(const struct file *file, const struct layer *layer)
{
	struct config *config = reading.config;
	struct account account;
	char shown[256];

	text_printable(shown, sizeof shown, layer->name, strlen(layer->name));
	if (!account_name_is_good(layer->name)) {
		mistake(file->path, layer->line,
			"account \"%s\": a name has letters, digits and any of "
			"._@+-, begins with a letter, a digit, _ or @, and is "
			"at most 64 long",
			shown);
		return;
	}
	for (size_t i = 0; i < config->count; i++) {
		if (strcmp(config->accounts[i].name, layer->name) == 0) {
			mistake(file->path, layer->line,
				"account %s stands in %s:%d already: give one "
				"of them another name",
				layer->name, config->accounts[i].file,
				config->accounts[i].line);
			return;
		}
	}
	account_init(&account);
	account.name = xstrdup(layer->name);
	account.file = xstrdup(file->path);
	account.line = layer->line;
	apply_defaults(&account, file);
	apply_layer(&account, layer);
	if (reading.forced_state != NULL || account.state == NULL) {
		free(account.state);
		account.state = xstrdup(reading.forced_state != NULL
				? reading.forced_state
				: reading.default_state);
	}
	setting_check(&account, report_account);
	check_readable(&account, "tls-ca", account.tls_ca);
	check_readable(&account, "tls-cert", account.tls_cert);
	check_readable(&account, "tls-key", account.tls_key);
	config->accounts = xreallocarray(config->accounts, config->count + 1,
		sizeof config->accounts[0]);
	config->accounts[config->count++] = account;
}

static void read_file(const char *path, const struct file *parent, int line);

static void read_include(const struct file *file, const struct include *include)
{
	const char *slash = strrchr(file->path, '/');
	char *pattern = expand_path(include->pattern);
	glob_t found;

	/* A relative name is relative to the file that it stands in. */
	if (pattern == NULL)
		pattern = xasprintf("%.*s%s",
			slash == NULL ? 0 : (int)(slash - file->path + 1),
			file->path, include->pattern);
	int result = glob(pattern, 0, NULL, &found);

	if (result == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			read_file(found.gl_pathv[i], file, include->line);
		globfree(&found);
	} else if (strpbrk(pattern, "*?[") == NULL) {
		mistake(file->path, include->line, "cannot include %s: %s",
			pattern, strerror(ENOENT));
	}
	free(pattern);
}

/*
 * Makes blanks of the comments (# and // to the end of the line, and between
 * slash-star and star-slash), except for their line ends: libconfuse 3.3 counts
 * some lines of comments more than once, and every line after them is reported
 * wrong. On the way it sees what libconfuse lets pass: a # in a value, and
 * braces that are never closed.
 */
static void blank_comments(const char *path, char *p)
{
	char before = '\n';
	int line = 1;
	int opened = 0; /* the line of the first { that is open */
	unsigned depth = 0;

	while (*p != '\0') {
		bool starts = strchr(" \t\r\n={}(),\"'", before) != NULL;

		if (*p == '#' && !starts)
			mistake(path, line,
				"# right behind a value begins a comment: put "
				"the value in quotes, or a blank before the #");
		line += *p == '\n';
		before = *p;
		if (*p == '"' || *p == '\'') {
			char quote = *p++;

			while (*p != '\0' && *p != quote) {
				line += *p == '\n' ||
					(*p == '\\' && p[1] == '\n');
				p += *p == '\\' && p[1] != '\0' ? 2 : 1;
			}
			p += *p != '\0';
		} else if (starts && p[0] == '/' && p[1] == '*') {
			char *end = strstr(p + 2, "*/");
			char *stop = end == NULL ? p + strlen(p) : end + 2;

			for (; p < stop; p++) {
				line += *p == '\n';
				*p = *p == '\n' ? '\n' : ' ';
			}
		} else if (starts &&
			(p[0] == '#' || strncmp(p, "//", 2) == 0)) {
			for (; *p != '\0' && *p != '\n'; p++)
				*p = ' ';
		} else {
			if (*p == '{' && depth++ == 0)
				opened = line;
			if (*p == '}' && depth > 0)
				depth--;
			p++;
		}
	}
	/* libconfuse takes the end of the file for it. */
	if (depth > 0)
		mistake(path, opened,
			"the { on this line has no closing }: the file may be "
			"cut off");
}

/*
 * The text of a file, ended by a line end and a NUL, in new memory of *size
 * octets that the caller wipes; NULL, with the mistake reported, if it cannot
 * be read.
 */
static char *read_text(const char *path, struct stat *st, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t length = 0;
	char *text = NULL;

	if (fd < 0 || fstat(fd, st) < 0) {
		mistake(path, 0, "cannot read it: %s", strerror(errno));
	} else if (!S_ISREG(st->st_mode) || st->st_size > FILE_MAX_OCTETS) {
		mistake(path, 0, "it is not a regular file of at most %d MiB",
			FILE_MAX_OCTETS >> 20);
	} else {
		*size = (size_t)st->st_size + 2;
		text = xcalloc(*size, 1);
		while (length < *size - 2) {
			ssize_t n = read(fd, text + length, *size - 2 - length);

			if (n < 0)
				mistake(path, 0, "cannot read it: %s",
					strerror(errno));
			if (n <= 0)
				break;
			length += (size_t)n;
		}
		text[length] = '\n';
	}
	if (fd >= 0)
		close(fd);
	return text;
}

/* Reads a file, its accounts, and the files that it includes. */
static void read_file(const char *path, const struct file *parent, int line)
{
	struct file file = {
		.path = path,
		.parent = parent,
		.depth = parent == NULL ? 0 : parent->depth + 1,
	};
	char buffer[BUFSIZ];
	struct stat st;
	size_t size;

	if (file.depth > INCLUDE_DEPTH) {
		mistake(parent->path, line,
			"more than %d files include one another: does %s "
			"include itself?",
			INCLUDE_DEPTH, path);
		return;
	}
	char *text = read_text(path, &st, &size);
	FILE *stream = text == NULL ? NULL : fmemopen(text, size - 1, "r");

	if (stream == NULL)
		return;
	file.device = st.st_dev;
	file.inode = st.st_ino;
	for (const struct file *above = parent; above != NULL;
		above = above->parent) {
		if (above->device != file.device || above->inode != file.inode)
			continue;
		mistake(parent->path, line, "%s includes itself", path);
		fclose(stream);
		explicit_bzero(text, size);
		free(text);
		return;
	}
	blank_comments(path, text);
	/* Our own buffer, so that it can be wiped: it held passwords. */
	setvbuf(stream, buffer, _IOFBF, sizeof buffer);
	reading.file = &file;
	parse_stream(&file, stream);
	fclose(stream);
	explicit_bzero(buffer, sizeof buffer);
	explicit_bzero(text, size);
	free(text);
	check_permissions(&file, &st);
	for (size_t i = 0; i < file.account_count && !file.torn; i++)
		add_account(&file, &file.accounts[i]);
	for (size_t i = 0; i < file.include_count; i++)
		read_include(&file, &file.includes[i]);
	file_forget(&file);
}

static char *in_home(
	const char *variable, const char *fallback, const char *name)
{
	const char *base = variable == NULL ? NULL : getenv(variable);

	if (base != NULL && base[0] == '/')
		return xasprintf("%s/%s", base, name);
	const char *at = home();

	return xasprintf("%s/%s%s", at == NULL ? "" : at, fallback, name);
}

static char *default_state(void)
{
	const char *path = getenv("KEEPMAIL_STATE");

	if (path != NULL && path[0] == '/')
		return xstrdup(path);
	return in_home("XDG_STATE_HOME", ".local/state/", "keepmail");
}

/* Reads the first file of the search order that is there. */
static bool read_default(struct error *err)
{
	const char *named = getenv("KEEPMAIL_CONFIG");
	char *places[2] = {
		in_home("XDG_CONFIG_HOME", ".config/", "keepmail/keepmailrc"),
		in_home(NULL, "", ".keepmailrc"),
	};
	bool found = false;

	if (named != NULL && named[0] != '\0') {
		read_file(named, NULL, 0);
		found = true;
	}
	for (size_t i = 0; i < 2 && !found; i++) {
		found = access(places[i], F_OK) == 0;
		if (found)
			read_file(places[i], NULL, 0);
	}
	if (!found)
		error_set(err, ERROR_CONFIG,
			"no rc file: looked for %s and %s. Write one (man "
			"keepmailrc has examples), or name one with -f FILE",
			places[0], places[1]);
	free(places[0]);
	free(places[1]);
	return found;
}

bool config_read(struct config *config, const char *const *files, size_t count,
	const char *state_dir, void (*report)(const char *line),
	struct error *err)
{
	*config = (struct config){.jobs = DEFAULT_JOBS};
#ifdef M_PERTURB
	/* The parser's own copies of passwords are overwritten as it frees. */
	mallopt(M_PERTURB, 0x55);
#endif
	memset(&reading, 0, sizeof reading);
	reading.config = config;
	reading.report = report;
	reading.default_state = default_state();
	reading.forced_state = state_dir;
	bool found = count > 0;

	for (size_t i = 0; i < count; i++)
		read_file(files[i], NULL, 0);
	if (count == 0)
		found = read_default(err);
	free(reading.default_state);
	reading.file = NULL;
#ifdef M_PERTURB
	mallopt(M_PERTURB, 0);
#endif
	if (!found)
		return false;
	if (reading.mistakes > 0)
		return error_set(err, ERROR_CONFIG,
			"%zu mistake%s in the rc file: nothing was fetched; "
			"mend %s and try again",
			reading.mistakes, reading.mistakes == 1 ? "" : "s",
			reading.mistakes == 1 ? "it" : "them");
	if (config->count == 0)
		return error_set(err, ERROR_CONFIG,
			"the rc file has no account: add account NAME { "
			"... } (man keepmailrc has examples)");
	return true;
}

static void ignore_mistake(const char *line)
{
	(void)line;
}

bool config_recall_password(struct account *account)
{
	const char *files[1] = {account->file};
	struct error ignored = {.kind = ERROR_NONE};
	struct config config;
	bool ok = config_read(
		&config, files, 1, account->state, ignore_mistake, &ignored);

	for (size_t i = 0; ok && i < config.count; i++) {
		struct account *one = &config.accounts[i];

		if (strcmp(one->name, account->name) != 0)
			continue;
		account->password = one->password;
		one->password = NULL;
	}
	config_release(&config);
	return account->password != NULL;
}

void config_release(struct config *config)
{
	for (size_t i = 0; i < config->count; i++)
		account_release(&config->accounts[i]);
	free(config->accounts);
	*config = (struct config){.count = 0};
}
