/* SPDX-License-Identifier: ISC */
/* Tests the new account, and adds it to the rc file. */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "commands/setup_internal.h"
#include "core/xalloc.h"
#include "io/process/config.h"
#include "io/process/config_edit.h"
#include "io/process/log.h"
#include "io/process/token_file.h"

const char *const setup_destinations[] = {
	"maildir", "mbox", "lmtp", "imap", "gmail", "pipe", NULL};

static const struct config_edit *shown_edit;

/* Names the rc file, not the draft of it. */
static void report_mistake(const char *line)
{
	size_t n = strlen(shown_edit->draft);

	if (strncmp(line, shown_edit->draft, n) == 0)
		log_line(LOG_ERRORS, "%s%s", shown_edit->path, line + n);
	else
		log_line(LOG_ERRORS, "%s", line);
}

static struct account *find_account(struct config *config, const char *name)
{
	for (size_t i = 0; i < config->count; i++) {
		if (strcmp(config->accounts[i].name, name) == 0)
			return &config->accounts[i];
	}
	return NULL;
}

static bool is_logged_in(const struct account *account)
{
	struct error ignored = {.kind = ERROR_NONE};
	struct token_record record;
	bool there = false;

	if (account->oauth.provider == OAUTH_NONE || account->oauth.as_client)
		return true;
	const struct token_place place = {
		account->state, account->name, TOKEN_SOURCE};
	bool is = token_file_read(&place, &there, &record, &ignored) && there &&
		strcmp(record.client, account->oauth.client.user) == 0;

	token_record_release(&record);
	return is;
}

/* Logs in, if that is needed, and tests what a fetch would do. */
static int test(struct setup *setup, struct account *account)
{
	struct invocation invocation = *setup->invocation;
	int status = EX_OK;

	invocation.options.given = 0;
	invocation.accounts = &account;
	invocation.account_count = 1;
	if (!is_logged_in(account))
		status = command_login(&invocation);
	return status == EX_OK ? command_check(&invocation) : status;
}

/* In the rc file, it is not for others. */
static bool has_password(const struct setup *setup)
{
	static const char *const names[] = {"password", "oauth-client-secret",
		"gmail-oauth-client-secret", NULL};

	return setup_has_one(setup, names);
}

/* Reads the rc files, with the draft in its place. NULL: see err. */
static struct account *read_draft(const struct setup *setup,
	const struct config_edit *edit, struct config *config,
	struct error *err)
{
	const struct options *options = &setup->invocation->options;
	size_t count = options->file_count > 0 ? options->file_count : 1;
	const char **files = xcalloc(count, sizeof files[0]);
	const struct config_source source = {files, count, options->state_dir};

	for (size_t i = 0; i + 1 < count; i++)
		files[i] = options->files[i];
	files[count - 1] = edit->draft;
	shown_edit = edit;
	bool ok = config_read(config, &source, report_mistake, err);
	struct account *account = ok ? find_account(config, setup->name) : NULL;

	if (account != NULL) {
		free(account->file);
		account->file = xstrdup(edit->path);
		/* It is stored once it was found to be right. */
		if (setup->secret != NULL)
			account->login.password = xstrdup(setup->secret);
	}
	free(files);
	return account;
}

/* Writes the draft, and tests it. */
static int try(struct setup *setup, struct config_edit *edit, struct error *err)
{
	char *block = setup_make_block(setup);
	struct config config = {.count = 0};
	struct account *account = NULL;
	int status = EX_CONFIG;

	if (config_edit_begin(
		    edit, setup->path, block, has_password(setup), err))
		account = read_draft(setup, edit, &config, err);
	if (account != NULL)
		status = test(setup, account);
	config_release(&config);
	explicit_bzero(block, strlen(block));
	free(block);
	return err->kind != ERROR_NONE ? error_status(err->kind) : status;
}

/*
 * Imports what another program has fetched, before the account is there and
 * could be fetched.
 */
static void take_over(struct setup *setup, const struct config_edit *edit)
{
	struct invocation invocation = *setup->invocation;
	struct error err = {.kind = ERROR_NONE};
	struct config config = {.count = 0};
	struct account *account = NULL;
	int status = EX_OK;

	if (invocation.options.from == NULL)
		return;
	account = read_draft(setup, edit, &config, &err);
	invocation.accounts = &account;
	invocation.account_count = 1;
	invocation.words = &setup->seen;
	invocation.word_count = setup->seen != NULL;
	if (account != NULL)
		status = command_import(&invocation);
	if (account == NULL || status != EX_OK)
		setup_say(setup,
			"What %s has fetched was not taken over: run keepmail import --from %s %s FILE before the first fetch, or that downloads it again.",
			invocation.options.from, invocation.options.from,
			setup->name);
	config_release(&config);
}

/* Forgets the answers that this status is about. False: it is about none. */
static bool ask_again(struct setup *setup, int status)
{
	switch (status) {
	case EX_NOPERM:
		free(setup->user);
		setup->user = xstrdup(setup_get(setup, "user"));
		setup_drop(setup, "user");
		if (setup_get(setup, "oauth") == NULL)
			setup_drop_secret(setup);
		else
			setup_drop(setup, "oauth-client-id");
		break;
	case EX_NOHOST:
	case EX_UNAVAILABLE:
	case EX_TEMPFAIL:
	case EX_PROTOCOL:
		setup_drop(setup, "server");
		setup_drop(setup, "port");
		setup_drop(setup, "tls");
		break;
	case EX_CONFIG: /* of the test: the password could not be had */
		setup_drop_secret(setup);
		break;
	case EX_CANTCREAT:
	case EX_IOERR:
		for (const char *const *name = setup_destinations;
			*name != NULL; name++)
			setup_drop(setup, *name);
		break;
	default:
		return false;
	}
	setup_say(setup,
		"Nothing has been written yet. Try again, or press Ctrl-C to stop.");
	return true;
}

/* Shows it, and asks whether it may be written. */
static bool agrees(struct setup *setup, const struct config_edit *edit,
	bool *yes, struct error *err)
{
	char *block = setup_make_block(setup);
	char *question =
		xasprintf("Add this account to %s? yes or no", edit->path);

	report_print(&setup->report, "\n%s\n", block);
	bool ok = setup_agrees(setup, question, true, yes, err);

	free(question);
	explicit_bzero(block, strlen(block));
	free(block);
	if (ok && !*yes)
		setup_say(setup, "Nothing was written.");
	return ok;
}

/* Stores the password, then the account. */
static bool write_all(
	struct setup *setup, struct config_edit *edit, struct error *err)
{
	char *path;

	if (!setup_store_secret(setup, &path, err))
		return false;
	take_over(setup, edit);
	bool ok = config_edit_commit(edit, err);

	if (!ok && path != NULL)
		unlink(path);
	free(path);
	if (ok)
		setup_say(setup,
			"Account %s was added to %s. Fetch its mail with: keepmail fetch %s",
			setup->name, edit->path, setup->name);
	return ok;
}

int setup_add(struct setup *setup, struct error *err)
{
	struct config_edit edit = {.path = NULL};
	int status = EX_OK;
	bool done = false;
	bool yes = false;

	while (!done && setup_ask_all(setup, err)) {
		config_edit_discard(&edit);
		status = try(setup, &edit, err);
		if (*setup->invocation->stop)
			setup_stopped(err);
		done = status == EX_OK || !setup->asks ||
			err->kind != ERROR_NONE || !ask_again(setup, status);
	}
	if (done && status == EX_OK && agrees(setup, &edit, &yes, err) && yes)
		write_all(setup, &edit, err);
	config_edit_discard(&edit);
	return err->kind != ERROR_NONE ? error_status(err->kind) : status;
}
