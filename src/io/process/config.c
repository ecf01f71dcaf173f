/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <glob.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"
#include "core/xalloc.h"
#include "io/process/config_internal.h"

#define INCLUDE_DEPTH 16
#define DEFAULT_JOBS 4

/* The state of config_read, since files include each other. */
static struct {
	struct config *config;
	void (*report)(const char *line);
	size_t mistakes;
	char *default_state;
	const char *forced_state;
} reading;

/* What was read last, for config_recall_password. */
static struct config_source last_read;

void config_mistake(const char *path, size_t line, const char *format, ...)
{
	char text[1024];
	char place[32] = "";
	va_list args;

	if (line > 0)
		snprintf(place, sizeof place, ":%zu", line);
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	char *whole = xasprintf("%s%s: %s", path, place, text);

	/* A report is one line, whatever the file contains. */
	for (char *p = whole; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	}
	reading.report(whole);
	reading.mistakes++;
	free(whole);
}

static const char *home(void)
{
	const char *path = getenv("HOME");

	if (path != NULL && path[0] == '/')
		return path;
	const struct passwd *user = getpwuid(getuid());

	return user == NULL ? NULL : user->pw_dir;
}

char *config_expand_path(const char *text)
{
	if (text[0] == '~' && (text[1] == '/' || text[1] == '\0')) {
		const char *at = home();

		return at == NULL ? NULL : xasprintf("%s%s", at, text + 1);
	}
	return text[0] == '/' ? xstrdup(text) : NULL;
}

static void check_permissions(
	const struct config_file *file, const struct stat *st)
{
	if (st->st_uid != geteuid() && st->st_uid != 0)
		config_mistake(file->path, 0,
			"it belongs to another user, who could redirect your mail: copy it to a file of your own");
	else if ((st->st_mode & 022) != 0)
		config_mistake(file->path, 0,
			"others can write to it and could redirect your mail: run chmod go-w '%s'",
			file->path);
	if (file->has_password && (st->st_mode & 077) != 0)
		config_mistake(file->path, 0,
			"it contains a password and can be read by others: run chmod 600 '%s'",
			file->path);
}

/* Bad values were reported when the file was read. */
static void apply_layer(
	struct account *account, const struct config_layer *layer)
{
	for (size_t i = 0; i < setting_count; i++) {
		if (layer->texts[i] != NULL)
			settings[i].set(account, layer->texts[i]);
	}
}

/* Defaults of the outermost file first, so that inner ones override them. */
static void apply_defaults(
	struct account *account, const struct config_file *file)
{
	if (file->parent != NULL)
		apply_defaults(account, file->parent);
	apply_layer(account, &file->top);
}

/* Could a missing setting be in a line that was not understood? */
static bool is_doubtful(
	const struct config_file *file, const struct config_layer *layer)
{
	if (layer->doubtful)
		return true;
	for (; file != NULL; file = file->parent) {
		if (file->top.doubtful)
			return true;
	}
	return false;
}

static void report_account(const struct account *account, const char *sentence)
{
	config_mistake(account->file, (size_t)account->line, "account %s: %s",
		account->name, sentence);
}

static void check_readable(
	const struct account *account, const char *name, const char *path)
{
	if (path != NULL && access(path, R_OK) < 0)
		config_mistake(account->file, (size_t)account->line,
			"account %s: cannot read %s = %s: %s", account->name,
			name, path, strerror(errno));
}

static void add_account(
	const struct config_file *file, const struct config_layer *layer)
{
	struct config *config = reading.config;
	struct account account;

	/* Bad names were reported when the file was read. */
	if (layer->name == NULL || !account_name_is_good(layer->name))
		return;
	for (size_t i = 0; i < config->count; i++) {
		if (strcmp(config->accounts[i].name, layer->name) == 0) {
			/* Duplicates in one file were reported as well. */
			if (i >= file->first)
				return;
			config_mistake(file->path, layer->line,
				"account %s is already defined in %s:%d: give one of them another name",
				layer->name, config->accounts[i].file,
				config->accounts[i].line);
			return;
		}
	}
	account_init(&account);
	account.name = xstrdup(layer->name);
	account.file = xstrdup(file->path);
	account.line = (int)layer->line;
	apply_defaults(&account, file);
	apply_layer(&account, layer);
	if (reading.forced_state != NULL || account.state == NULL) {
		free(account.state);
		account.state = xstrdup(reading.forced_state != NULL
				? reading.forced_state
				: reading.default_state);
	}
	if (!is_doubtful(file, layer)) {
		setting_check(&account, report_account);
		check_readable(&account, "tls-ca", account.tls.ca);
		check_readable(&account, "oauth-tls-ca", account.oauth.tls.ca);
		check_readable(&account, "tls-cert", account.tls.cert);
		check_readable(&account, "tls-key", account.tls.key);
	}
	config->accounts = xreallocarray(config->accounts, config->count + 1,
		sizeof config->accounts[0]);
	config->accounts[config->count++] = account;
}

static void read_file(
	const char *path, const struct config_file *parent, size_t line);

static void read_include(
	const struct config_file *file, const struct rc_statement *include)
{
	const char *slash = strrchr(file->path, '/');
	char *pattern = config_expand_path(include->name);
	glob_t found;

	/* A relative name is relative to the including file. */
	if (pattern == NULL)
		pattern = xasprintf("%.*s%s",
			slash == NULL ? 0 : (int)(slash - file->path + 1),
			file->path, include->name);
	int result = glob(pattern, 0, NULL, &found);

	if (result == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			read_file(found.gl_pathv[i], file, include->place.line);
		globfree(&found);
	} else if (strpbrk(pattern, "*?[") == NULL) {
		config_mistake(file->path, include->place.line,
			"cannot include %s: %s", pattern, strerror(ENOENT));
	}
	free(pattern);
}

static bool includes_itself(const struct config_file *file)
{
	for (const struct config_file *above = file->parent; above != NULL;
		above = above->parent) {
		if (above->device == file->device &&
			above->inode == file->inode)
			return true;
	}
	return false;
}

/* Reads a file, its accounts, and the files that it includes. */
static void read_file(
	const char *path, const struct config_file *parent, size_t line)
{
	struct config_file file = {
		.path = path,
		.parent = parent,
		.depth = parent == NULL ? 0 : parent->depth + 1,
	};
	struct stat st;
	size_t size;

	if (file.depth > INCLUDE_DEPTH) {
		config_mistake(parent->path, line,
			"more than %d files include one another: does %s "
			"include itself?",
			INCLUDE_DEPTH, path);
		return;
	}
	char *text = config_file_load(path, &st, &size);

	if (text == NULL)
		return;
	file.device = st.st_dev;
	file.inode = st.st_ino;
	bool itself = includes_itself(&file);

	if (itself)
		config_mistake(parent->path, line, "%s includes itself", path);
	else
		config_file_parse(&file, text, size, &reading.config->jobs);
	explicit_bzero(text, size);
	free(text);
	if (!itself)
		check_permissions(&file, &st);
	file.first = reading.config->count;
	for (size_t i = 0; i < file.account_count; i++)
		add_account(&file, &file.accounts[i]);
	/* Even after a mistake, to find the mistakes in included files. */
	for (size_t i = 0; i < file.rc.count; i++) {
		if (file.rc.statements[i].kind == RC_INCLUDE)
			read_include(&file, &file.rc.statements[i]);
	}
	config_file_forget(&file);
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

static char *usual_path(void)
{
	return in_home("XDG_CONFIG_HOME", ".config/", "keepmail/keepmailrc");
}

static char *old_path(void)
{
	return in_home(NULL, "", ".keepmailrc");
}

char *config_default_path(bool *there)
{
	const char *named = getenv("KEEPMAIL_CONFIG");
	char *places[2];

	if (named != NULL && named[0] != '\0') {
		*there = access(named, F_OK) == 0;
		return xstrdup(named);
	}
	places[0] = usual_path();
	places[1] = old_path();
	for (size_t i = 0; i < 2; i++) {
		*there = access(places[i], F_OK) == 0;
		if (!*there)
			continue;
		free(places[1 - i]);
		return places[i];
	}
	free(places[1]);
	return places[0];
}

/* Reads the first file of the search order that exists. */
static bool read_default(struct error *err)
{
	const char *named = getenv("KEEPMAIL_CONFIG");
	bool there;
	char *path = config_default_path(&there);

	/* That one which is named is missing is reported as its mistake. */
	there = there || (named != NULL && named[0] != '\0');
	if (there) {
		read_file(path, NULL, 0);
	} else {
		char *other = old_path();

		error_set(err, ERROR_CONFIG,
			"no rc file: looked for %s and %s. Run keepmail setup ADDRESS, or write one (man keepmailrc has examples), or name one with -f FILE",
			path, other);
		free(other);
	}
	free(path);
	return there;
}

static bool are_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Each account must know the others: mail is moved between their mailboxes. */
static void set_others(struct config *config)
{
	for (size_t i = 0; i < config->count; i++) {
		struct account *account = &config->accounts[i];

		account->copies.elsewhere = xcalloc(
			config->count, sizeof account->copies.elsewhere[0]);
		account->copies.unrecorded = xcalloc(
			config->count, sizeof account->copies.unrecorded[0]);
		account->names =
			xcalloc(config->count, sizeof account->names[0]);
		for (size_t k = 0; k < config->count; k++) {
			const struct account *other = &config->accounts[k];

			account->names[account->name_count++] = other->name;
			if (!account_is_place(other->destination.kind))
				continue;
			if (other->destination.path != NULL &&
				!are_same(other->state, account->state))
				account->copies.unrecorded
					[account->copies.unrecorded_count++] =
					other->destination.path;
			if (other->destination.path != NULL &&
				!are_same(other->destination.path,
					account->destination.path) &&
				are_same(other->run_as, account->run_as))
				account->copies.elsewhere
					[account->copies.elsewhere_count++] =
					other->destination.path;
		}
	}
}

bool config_read(struct config *config, const struct config_source *source,
	void (*report)(const char *line), struct error *err)
{
	*config = (struct config){.jobs = DEFAULT_JOBS};
	last_read = *source;
	memset(&reading, 0, sizeof reading);
	reading.config = config;
	reading.report = report;
	reading.default_state = default_state();
	reading.forced_state = source->state_dir;
	bool found = source->count > 0;

	for (size_t i = 0; i < source->count; i++)
		read_file(source->files[i], NULL, 0);
	if (!found)
		found = read_default(err);
	free(reading.default_state);
	if (!found)
		return false;
	if (reading.mistakes > 0)
		return error_set(err, ERROR_CONFIG,
			"%zu %s in the rc file: nothing was done; fix %s and try again",
			reading.mistakes,
			text_plural(reading.mistakes, "mistake", "mistakes"),
			text_plural(reading.mistakes, "it", "them"));
	if (config->count == 0)
		return error_set(err, ERROR_CONFIG,
			"the rc file has no account: add account NAME { "
			"... } (man keepmailrc has examples)");
	set_others(config);
	return true;
}

static void ignore_mistake(const char *line)
{
	(void)line;
}

static bool is_same_login(const struct account *a, const struct account *b)
{
	return are_same(a->server.host, b->server.host) &&
		are_same(a->login.user, b->login.user) &&
		are_same(a->server.proxy, b->server.proxy) &&
		are_same(a->tls.ca, b->tls.ca) &&
		are_same(a->tls.pin, b->tls.pin) &&
		a->server.port == b->server.port &&
		a->tls.mode == b->tls.mode && a->tls.min == b->tls.min &&
		a->login.auth == b->login.auth &&
		a->oauth.provider == b->oauth.provider &&
		are_same(a->oauth.token_url, b->oauth.token_url) &&
		a->login.cleartext_password == b->login.cleartext_password;
}

static void move_secret(char **to, char **from)
{
	*to = *from;
	*from = NULL;
}

/* Reads all files, since any may have defaults for the account. */
bool config_recall_password(struct account *account)
{
	struct error ignored = {.kind = ERROR_NONE};
	struct config config;
	struct config_source source = last_read;
	bool ok = config_read(&config, &source, ignore_mistake, &ignored);

	for (size_t i = 0; ok && i < config.count; i++) {
		struct account *one = &config.accounts[i];

		/* After a change, the password may be another server's. */
		if (strcmp(one->name, account->name) != 0 ||
			!is_same_login(one, account))
			continue;
		account_forget_secrets(account);
		move_secret(&account->login.password, &one->login.password);
		move_secret(&account->oauth.client.password,
			&one->oauth.client.password);
		move_secret(&account->destination.gmail.oauth.client.password,
			&one->destination.gmail.oauth.client.password);
	}
	config_release(&config);
	return account->login.password != NULL ||
		account->oauth.client.password != NULL ||
		account->destination.gmail.oauth.client.password != NULL;
}

void config_release(struct config *config)
{
	for (size_t i = 0; i < config->count; i++)
		account_release(&config->accounts[i]);
	free(config->accounts);
	*config = (struct config){.count = 0};
}
