/* SPDX-License-Identifier: ISC */
/* The accounts of another fetcher's rc file. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "commands/setup_internal.h"
#include "core/convert.h"
#include "core/text.h"
#include "core/xalloc.h"
#include "io/process/log.h"

#define RC_MAX (1024 * 1024)

/* Where each program looks, below the home directory. */
static const struct {
	enum seen_format from;
	const char *path;
} usual[] = {
	{SEEN_FETCHMAIL, ".fetchmailrc"},
	{SEEN_GETMAIL, ".getmail/getmailrc"},
	{SEEN_GETMAIL, ".config/getmail/getmailrc"},
	{SEEN_MPOP, ".mpoprc"},
	{SEEN_MPOP, ".config/mpop/config"},
	{SEEN_FDM, ".fdm.conf"},
};

/* The file that was named, or the first usual one that is there. Owned. */
static char *find_file(const struct setup *setup, enum seen_format from)
{
	const char *home = getenv("HOME");

	if (setup->invocation->word_count > 0)
		return xstrdup(setup->invocation->words[0]);
	for (size_t i = 0; home != NULL && i < sizeof usual / sizeof usual[0];
		i++) {
		char *path = xasprintf("%s/%s", home, usual[i].path);

		if (usual[i].from == from && access(path, F_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

/* Reads the whole file; *length bytes, owned, to be wiped. */
static char *load(const char *path, size_t *length, struct error *err)
{
	char *text = xmalloc(RC_MAX);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : 1;

	*length = 0;
	while (n > 0 && *length < RC_MAX) {
		n = read(fd, text + *length, RC_MAX - *length);
		if (n > 0)
			*length += (size_t)n;
	}
	if (n != 0)
		error_set(err, ERROR_DATA, "cannot read %s: %s", path,
			n < 0 ? strerror(errno) : "it is larger than 1 MiB");
	if (fd >= 0)
		close(fd);
	if (n == 0)
		return text;
	explicit_bzero(text, *length);
	free(text);
	return NULL;
}

/* Is it the name of an account that was converted before? */
static bool is_used(const struct convert *convert, const char *name)
{
	for (size_t i = 0; i < convert->count; i++) {
		const char *used = convert->accounts[i].used;

		if (used != NULL && strcmp(used, name) == 0)
			return true;
	}
	return false;
}

/* A name that can be one here, and is not taken. */
static void set_name(
	struct setup *setup, const struct convert *convert, const char *text)
{
	char *name = xasprintf("%.58s", text);

	for (char *p = name; *p != '\0'; p++) {
		if (!isalnum((unsigned char)*p) && strchr("._@+-", *p) == NULL)
			*p = '-';
	}
	while (name[0] != '\0' && strchr(".-+", name[0]) != NULL)
		memmove(name, name + 1, strlen(name));
	free(setup->name);
	setup->name = xstrdup(name[0] == '\0' ? "account" : name);
	for (unsigned i = 2; setup_is_taken(setup, setup->name) ||
		is_used(convert, setup->name) ||
		command_find(setup->name) != NULL;
		i++) {
		free(setup->name);
		setup->name = xasprintf("%s%u", name, i);
	}
	free(name);
}

/* Is this setting, or another one in its place, given by --set? */
static bool is_given(const struct setup *setup, const char *name)
{
	for (const char *const *one = setup_destinations; *one != NULL; one++) {
		if (strcmp(*one, name) == 0)
			return setup_has_one(setup, setup_destinations);
	}
	if (strncmp(name, "password", 8) == 0)
		return setup_has_secret(setup);
	/* A port goes with the way in which TLS begins on it. */
	return setup_get(setup, name) != NULL ||
		(strcmp(name, "port") == 0 && setup_get(setup, "tls") != NULL);
}

/*
 * Takes over the settings of an account. Each has a reason to be there: without
 * one of them, it would be another account, which is not made.
 */
static bool take_settings(struct setup *setup,
	const struct convert_account *account, struct error *err)
{
	bool given[CONVERT_SETTINGS_MAX];

	if (!setup_take_given(setup, err))
		return false;
	for (size_t i = 0; i < account->count; i++)
		given[i] = is_given(setup, account->settings[i].name);
	for (size_t i = 0; i < account->count; i++) {
		struct error bad = {.kind = ERROR_NONE};
		const char *name = account->settings[i].name;

		if (!given[i] &&
			!setup_put(
				setup, name, account->settings[i].value, &bad))
			return error_set(err, ERROR_DATA,
				"account %s was not converted: %s", setup->name,
				bad.text);
	}
	return true;
}

/* "~/" is the home directory. */
static char *expand(const char *path)
{
	const char *home = getenv("HOME");

	if (path == NULL || path[0] != '~' || home == NULL)
		return path == NULL ? NULL : xstrdup(path);
	return xasprintf("%s%s", home, path + 1);
}

/* What is said of an account before its questions. */
static bool introduce(struct setup *setup,
	const struct convert_account *account, struct error *err)
{
	static const char *const trusts[] = {"tls-ca", "tls-pin", NULL};

	if (account->refused != NULL)
		return error_set(err, ERROR_DATA,
			"account %s was not converted: %s", setup->name,
			account->refused);
	if (!take_settings(setup, account, err))
		return false;
	if (account->trust != NULL && !setup_has_one(setup, trusts))
		return error_set(err, ERROR_DATA,
			"account %s was not converted: %s has no counterpart, so that more certificates would be trusted: use --set tls-pin=... or --set tls-ca=FILE",
			setup->name, account->trust);
	if (setup_get(setup, "user") == NULL && !setup->asks)
		return error_set(err, ERROR_DATA,
			"account %s was not converted: it names no user: use --set user=NAME",
			setup->name);
	setup_say(setup, "Account %s:", setup->name);
	return true;
}

static int convert_one(struct setup *from, const struct convert *convert,
	struct convert_account *account, struct error *err)
{
	const char *user = convert_get(account, "user");
	struct setup setup = {
		.invocation = from->invocation,
		.report = from->report,
		.asks = from->asks,
		.prints = from->prints,
		.path = xstrdup(from->path),
		.others = from->others,
		.seen = expand(account->seen),
		.address = xstrdup(user == NULL ? account->name : user),
		/* Its server is known, and no other is looked for. */
		.searched = true,
	};
	int status = EX_USAGE;

	set_name(&setup, convert, account->name);
	if (introduce(&setup, account, err)) {
		account->used = xstrdup(setup.name);
		status = setup.prints ? setup_print(&setup, err)
				      : setup_add(&setup, err);
	}
	setup_release(&setup);
	return err->kind != ERROR_NONE ? error_status(err->kind) : status;
}

/* One after the other: what was added is among the others then. */
static int convert_all(
	struct setup *setup, struct convert *convert, struct error *err)
{
	int worst = EX_OK;

	for (size_t i = 0; i < convert->count; i++) {
		struct error bad = {.kind = ERROR_NONE};
		int status = convert_one(
			setup, convert, &convert->accounts[i], &bad);

		worst = error_worse(worst, status);
		if (bad.kind != ERROR_NONE)
			log_error(&bad);
		if (*setup->invocation->stop) {
			setup_stopped(err);
			break;
		}
		if (!setup->prints && status == EX_OK &&
			!setup_read_others(setup, err))
			break;
	}
	return worst;
}

int setup_convert(struct setup *setup, struct error *err)
{
	const char *program = setup->invocation->options.from;
	bool named = setup->invocation->options.setup.name != NULL;
	enum seen_format from = SEEN_FETCHMAIL;
	struct convert convert;
	size_t length = 0;
	int status = EX_OK;

	if (!seen_format_named(program, &from) || !convert_knows(from))
		return error_set(err, ERROR_USAGE,
			       "keepmail cannot convert the settings of %s: run keepmail setup ADDRESS, and then keepmail import --from %s",
			       program, program),
		       EX_USAGE;
	char *path = find_file(setup, from);
	char *text = NULL;

	if (named)
		error_set(err, ERROR_USAGE,
			"--name is for one account, and does not go with --from");
	else if (path == NULL)
		error_set(err, ERROR_USAGE,
			"no rc file of %s was found: name it, as in keepmail setup --from %s FILE",
			program, program);
	else
		text = load(path, &length, err);
	if (text != NULL) {
		bool ok = convert_text(from, text, length, &convert);
		size_t notes = convert.note_count;

		for (size_t i = 0; i < (ok ? notes : notes - 1); i++)
			log_line(
				LOG_WARNINGS, "%s: %s", path, convert.notes[i]);
		if (ok)
			status = convert_all(setup, &convert, err);
		else
			error_set(err, ERROR_DATA, "cannot convert %s: %s",
				path, convert.notes[notes - 1]);
		convert_release(&convert);
		explicit_bzero(text, length);
	}
	free(text);
	free(path);
	return err->kind != ERROR_NONE ? error_status(err->kind) : status;
}
