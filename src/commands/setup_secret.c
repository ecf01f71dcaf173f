/* SPDX-License-Identifier: ISC */
/* Where the password of a new account is kept. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/setup_internal.h"
#include "core/xalloc.h"
#include "io/process/config.h"
#include "io/process/config_edit.h"
#include "io/process/secret.h"

static const char *const sources[] = {"password", "password-command",
	"password-file", "password-netrc", "password-credential",
	"password-keyring", "oauth", NULL};

bool setup_has_secret(const struct setup *setup)
{
	return setup_has_one(setup, sources);
}

void setup_drop_secret(struct setup *setup)
{
	for (const char *const *name = sources; *name != NULL; name++)
		setup_drop(setup, *name);
}

static bool has_file(const char *variable, const char *fallback)
{
	const char *path = getenv(variable);
	const char *home = getenv("HOME");

	if (path != NULL)
		return access(path, F_OK) == 0;
	char *usual = xasprintf("%s/%s", home == NULL ? "" : home, fallback);
	bool has = access(usual, F_OK) == 0;

	free(usual);
	return has;
}

static bool has_program(const char *name)
{
	const char *path = getenv("PATH");

	while (path != NULL && *path != '\0') {
		size_t n = strcspn(path, ":");
		char *file = xasprintf("%.*s/%s", (int)n, path, name);
		bool has = n > 0 && access(file, X_OK) == 0;

		free(file);
		if (has)
			return true;
		path += n + (path[n] == ':');
	}
	return false;
}

/* Where it is kept unless the user says otherwise. */
static const char *usual_place(void)
{
	if (has_program("secret-tool") &&
		getenv("DBUS_SESSION_BUS_ADDRESS") != NULL)
		return "keyring";
	if (has_program("pass") &&
		has_file("PASSWORD_STORE_DIR", ".password-store"))
		return "pass";
	return "file";
}

/* Beside the rc file. */
static char *file_for(const struct setup *setup)
{
	bool there;
	char *rc = setup->invocation->options.file_count > 0
		? xstrdup(setup->invocation->options
				  .files[setup->invocation->options.file_count -
					  1])
		: config_default_path(&there);
	char *whole = realpath(rc, NULL);
	char *slash = strrchr(whole == NULL ? rc : whole, '/');

	if (slash != NULL)
		*slash = '\0';
	char *directory = realpath(slash == NULL ? "."
			: whole == NULL		 ? rc
						 : whole,
		NULL);
	/* It is created with the rc file. */
	char *path = xasprintf("%s/%s.password",
		directory != NULL ? directory : rc, setup->name);

	free(directory);
	free(whole);
	free(rc);
	return path;
}

static bool store_in_file(
	struct setup *setup, const char *password, struct error *err)
{
	char *path = file_for(setup);
	bool ours = setup->secret_path != NULL &&
		strcmp(setup->secret_path, path) == 0;
	bool ok = ours || access(path, F_OK) < 0 ||
		error_set(err, ERROR_CREATE,
			"%s exists already, and was left as it is: if the password is in it, use --set password-file=%s",
			path, path);

	ok = ok && config_edit_write_secret(path, password, err) &&
		setup_put(setup, "password-file", path, err);
	if (ok && !ours)
		setup->secret_path = xstrdup(path);
	free(path);
	return ok;
}

/* Asks for the password itself, and stores it. */
static bool store(struct setup *setup, const char *place, struct error *err)
{
	struct account account;
	char *password = NULL;

	setup_make_account(setup, &account);
	bool ok = secret_ask(&account, setup->invocation->stop, &password, err);

	account_release(&account);
	if (!ok)
		return false;
	if (strcmp(place, "file") == 0) {
		ok = store_in_file(setup, password, err);
	} else if (strcmp(place, "keyring") == 0) {
		ok = secret_store(SECRET_KEYRING, setup->name, password,
			     setup->invocation->stop, err) &&
			setup_put(setup, "password-keyring", "true", err);
	} else {
		char *line = xasprintf("pass show keepmail/%s", setup->name);

		ok = secret_store(SECRET_PASS, setup->name, password,
			     setup->invocation->stop, err) &&
			setup_put(setup, "password-command", line, err);
		free(line);
	}
	secret_free(password);
	return ok;
}

bool setup_choose_secret(struct setup *setup, struct error *err)
{
	if (setup_has_secret(setup))
		return true;
	if (!setup->asks)
		return error_set(err, ERROR_USAGE,
			"it is not known where the password is, and there is no terminal to ask on: give --set password-command=COMMAND, --set password-file=PATH or --set password-keyring=true");
	char *place = setup_ask(setup,
		"Where should the password be kept? keyring, pass, file, ask (it is typed for each run), or a command that prints it",
		usual_place());
	bool ok = place != NULL ||
		error_set(err, ERROR_USAGE, "nothing was written");

	if (ok && strcmp(place, "ask") != 0) {
		if (strcmp(place, "file") == 0 ||
			strcmp(place, "keyring") == 0 ||
			strcmp(place, "pass") == 0)
			ok = store(setup, place, err);
		else
			ok = setup_put(setup, "password-command", place, err);
	}
	free(place);
	return ok;
}
