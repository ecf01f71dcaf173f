/* SPDX-License-Identifier: ISC */
/* Where the password of a new account is kept. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "commands/setup_internal.h"
#include "core/xalloc.h"
#include "io/process/config_edit.h"
#include "io/process/secret.h"

/* How often an empty password is asked for again. */
#define TRIES 3

static const char *const sources[] = {"password", "password-command",
	"password-file", "password-netrc", "password-credential",
	"password-keyring", "oauth", NULL};

static const char *const places[] = {
	[SETUP_NOWHERE] = "",
	[SETUP_FILE] = "file",
	[SETUP_KEYRING] = "keyring",
	[SETUP_PASS] = "pass",
	[SETUP_CREDENTIAL] = "credential",
};

bool setup_has_secret(const struct setup *setup)
{
	return setup_has_one(setup, sources);
}

void setup_drop_secret(struct setup *setup)
{
	for (const char *const *name = sources; *name != NULL; name++)
		setup_drop(setup, *name);
	secret_free(setup->secret);
	setup->secret = NULL;
	setup->place = SETUP_NOWHERE;
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

static bool is_offered(enum setup_place place)
{
	switch (place) {
	case SETUP_NOWHERE:
		return false;
	case SETUP_KEYRING:
		return has_program("secret-tool");
	case SETUP_PASS:
		return has_program("pass");
	case SETUP_FILE:
	case SETUP_CREDENTIAL:
		break;
	}
	return true;
}

/* In the directory of the rc file; absolute. */
static char *file_for(const struct setup *setup)
{
	const char *slash = strrchr(setup->path, '/');

	return xasprintf("%.*s/%s.password", (int)(slash - setup->path),
		setup->path, setup->name);
}

/* Sets what finds the password once it is stored. */
static bool put_source(struct setup *setup, struct error *err)
{
	char *text;
	bool ok = false;

	switch (setup->place) {
	case SETUP_NOWHERE:
		return false;
	case SETUP_KEYRING:
		return setup_put(setup, "password-keyring", "true", err);
	case SETUP_CREDENTIAL:
		return setup_put(
			setup, "password-credential", setup->name, err);
	case SETUP_PASS:
		text = xasprintf("pass show keepmail/%s", setup->name);
		ok = setup_put(setup, "password-command", text, err);
		free(text);
		return ok;
	case SETUP_FILE:
		text = file_for(setup);
		ok = access(text, F_OK) < 0
			? setup_put(setup, "password-file", text, err)
			: error_set(err, ERROR_CREATE,
				  "cannot store the password in %s: the file exists already. Choose another place, or give --set password-file=%s if the password is in it",
				  text, text);
		free(text);
		return ok;
	}
	return false;
}

/* Asks for the password itself, which is stored once it was tested. */
static bool ask_password(struct setup *setup, struct error *err)
{
	struct account account;
	bool ok = false;

	setup_make_account(setup, &account);
	for (int i = 0; !ok && i < TRIES && !*setup->invocation->stop; i++) {
		struct error empty = {.kind = ERROR_NONE};

		ok = secret_ask(&account, setup->invocation->stop,
			&setup->secret, &empty);
		if (!ok && !*setup->invocation->stop)
			setup_say(setup, "No password was typed.");
	}
	account_release(&account);
	return ok || setup_stopped(err);
}

static bool ask_command(struct setup *setup, struct error *err)
{
	return setup_ask_setting(setup, "password-command",
		"Which command prints the password", NULL, err);
}

/* Takes an answer. False: it is none of the choices, or see err. */
static bool take_place(
	struct setup *setup, const char *answer, bool *known, struct error *err)
{
	*known = true;
	if (strcasecmp(answer, "ask") == 0)
		return true;
	if (strcasecmp(answer, "command") == 0)
		return ask_command(setup, err);
	for (size_t i = 1; i < sizeof places / sizeof places[0]; i++) {
		if (strcasecmp(answer, places[i]) != 0 ||
			!is_offered((enum setup_place)i))
			continue;
		setup->place = (enum setup_place)i;
		return put_source(setup, err) && ask_password(setup, err);
	}
	*known = false;
	return false;
}

static char *make_question(void)
{
	return xasprintf(
		"Where should the password be stored? %s%sfile, credential (systemd), command, or ask (type it each time)",
		is_offered(SETUP_KEYRING) ? "keyring, " : "",
		is_offered(SETUP_PASS) ? "pass, " : "");
}

bool setup_choose_secret(struct setup *setup, struct error *err)
{
	bool done = setup_has_secret(setup);
	bool keyring = is_offered(SETUP_KEYRING) &&
		getenv("DBUS_SESSION_BUS_ADDRESS") != NULL;

	if (!done && !setup->asks)
		return error_set(err, ERROR_USAGE,
			"no password was given, and there is no terminal to ask for it: use --set password-command=COMMAND, --set password-file=PATH, --set password-credential=NAME or --set password-keyring=true");
	char *question = make_question();

	while (!done && err->kind == ERROR_NONE) {
		struct error bad = {.kind = ERROR_NONE};
		bool known;
		char *answer = setup_ask(
			setup, question, keyring ? "keyring" : "file");

		if (answer == NULL) {
			setup_stopped(err);
			break;
		}
		done = take_place(setup, answer, &known, &bad);
		free(answer);
		if (!known)
			setup_say(setup,
				"This is none of them; the password itself is asked for later.");
		else if (!done && bad.kind == ERROR_TEMPORARY)
			*err = bad;
		else if (!done)
			setup_say(setup, "%s.", bad.text);
	}
	free(question);
	return done;
}

bool setup_store_secret(struct setup *setup, char **path, struct error *err)
{
	const volatile sig_atomic_t *stop = setup->invocation->stop;

	*path = NULL;
	switch (setup->place) {
	case SETUP_NOWHERE:
		return true;
	case SETUP_KEYRING:
		return secret_store(
			SECRET_KEYRING, setup->name, setup->secret, stop, err);
	case SETUP_PASS:
		return secret_store(
			SECRET_PASS, setup->name, setup->secret, stop, err);
	case SETUP_CREDENTIAL:
		setup_say(setup,
			"To give the password to a service of systemd, run systemd-creds encrypt --name=%s - /etc/credstore.encrypted/%s, and add LoadCredentialEncrypted=%s to the service.",
			setup->name, setup->name, setup->name);
		return true;
	case SETUP_FILE:
		*path = file_for(setup);
		if (config_edit_write_secret(*path, setup->secret, err))
			return true;
		free(*path);
		*path = NULL;
		return false;
	}
	return false;
}
