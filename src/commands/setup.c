/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "commands/setup_internal.h"
#include "core/text.h"
#include "core/xalloc.h"
#include "engine/discover.h"
#include "io/process/config.h"
#include "io/process/config_edit.h"
#include "io/process/log.h"
#include "io/process/token_file.h"

static bool put_port(struct setup *setup, uint16_t port, enum tls_mode tls,
	struct error *err)
{
	char text[8];

	snprintf(text, sizeof text, "%u", port);
	return setup_put(setup, "port", text, err) &&
		setup_put(setup, "tls",
			tls == TLS_STARTTLS ? "starttls" : "implicit", err);
}

/* The settings of --set. */
static bool take_given(struct setup *setup, struct error *err)
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

static bool take_address(struct setup *setup, struct error *err)
{
	const struct invocation *invocation = setup->invocation;
	char *answer = invocation->word_count > 0
		? xstrdup(invocation->words[0])
		: setup_ask(setup, "Mail address", NULL);

	while (answer != NULL) {
		free(setup->address);
		setup->address = answer;
		setup->domain = provider_domain(answer);
		if (setup->domain != NULL)
			return true;
		if (!setup->asks)
			break;
		setup_say(setup,
			"This is not a mail address, such as jane@example.org.");
		answer = setup_ask(setup, "Mail address", NULL);
	}
	return error_set(err, ERROR_USAGE,
		answer == NULL && setup->asks
			? "nothing was written"
			: "setup needs a mail address, such as jane@example.org");
}

static bool is_taken(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->count; i++) {
		if (strcmp(config->accounts[i].name, name) == 0)
			return true;
	}
	return command_find(name) != NULL;
}

/* As given, or the first part of the domain, and a number if need be. */
static bool take_name(
	struct setup *setup, const struct config *config, struct error *err)
{
	const struct invocation *invocation = setup->invocation;

	if (invocation->options.setup.name != NULL) {
		const char *name = invocation->options.setup.name;
		char shown[4 * TEXT_SHOWN_MAX + 8];

		setup->name = xstrdup(name);
		text_printable(shown, sizeof shown, name, strlen(name));
		return (account_name_is_good(name) &&
			       !is_taken(config, name)) ||
			error_set(err, ERROR_USAGE,
				"'%s' cannot be the name of a new account: it is in use, or not made of letters, digits and ._@+-",
				shown);
	}
	int n = (int)strcspn(setup->domain, ".");

	setup->name = xasprintf("%.*s", n < 60 ? n : 60, setup->domain);
	for (unsigned i = 2; is_taken(config, setup->name); i++) {
		free(setup->name);
		setup->name =
			xasprintf("%.*s%u", n < 58 ? n : 58, setup->domain, i);
	}
	return true;
}

static void report_found(struct setup *setup, const struct discovery *discovery)
{
	const struct provider *server = &discovery->server;

	setup_say(setup, "Found %s:%u (%s), %s.", server->host, server->port,
		server->tls == TLS_STARTTLS ? "STLS" : "TLS",
		discovery->source);
	if (server->note[0] != '\0')
		setup_say(setup, "%s", server->note);
	if (discovery->doubtful)
		setup_say(setup,
			"Answers of the DNS can be forged: see to it that this is a server of your provider.");
}

/* Sets what was found as the server, if the user agrees. */
static bool take_found(struct setup *setup, const struct discovery *discovery,
	struct error *err)
{
	const struct provider *server = &discovery->server;
	const char *at = strchr(setup->address, '@');
	bool ok = true;

	free(setup->user);
	setup->user = xasprintf("%.*s",
		server->local_part ? (int)(at - setup->address)
				   : (int)strlen(setup->address),
		setup->address);

	report_found(setup, discovery);
	if (discovery->doubtful && !setup->asks)
		ok = error_set(err, ERROR_USAGE,
			"the DNS says that the server is %s, which is not within %s, and its answer may be forged: if it is right, give --set server=%s",
			server->host, setup->domain, server->host);
	if (ok)
		ok = setup_ask_setting(
			setup, "server", "POP3 server", server->host, err);
	if (ok && setup_get(setup, "port") == NULL &&
		strcmp(setup_get(setup, "server"), server->host) == 0)
		ok = put_port(setup, server->port, server->tls, err);
	return ok &&
		setup_ask_setting(setup, "user", "User name", setup->user, err);
}

/* Logs in by OAuth where the provider takes no passwords. */
static bool take_oauth(
	struct setup *setup, enum provider_login login, struct error *err)
{
	if (setup_has_secret(setup))
		return true;
	if (login == PROVIDER_GOOGLE) {
		char *answer = setup_ask(setup,
			"Log in with an app password (password), or by OAuth (oauth)",
			"password");
		bool oauth = answer != NULL && strcmp(answer, "oauth") == 0;

		free(answer);
		if (!oauth)
			return true;
	}
	setup_say(setup,
		"The login needs the id of a client that is registered with the provider: see \"Microsoft, Google and others\" in keepmailrc(5).");
	return setup_put(setup, "oauth",
		       login == PROVIDER_GOOGLE ? "google" : "microsoft",
		       err) &&
		setup_ask_setting(
			setup, "oauth-client-id", "Client id", NULL, err) &&
		(login != PROVIDER_GOOGLE ||
			setup_ask_setting(setup, "oauth-client-secret",
				"Client secret", NULL, err));
}

static bool take_server(struct setup *setup, struct error *err)
{
	struct account like;
	struct discovery found;
	bool none = setup_get(setup, "server") != NULL;

	if (!none) {
		setup_say(
			setup, "Looking for the server of %s.", setup->domain);
		setup_make_account(setup, &like);
		none = !discover(&like, setup->address,
			setup->invocation->options.setup.autoconfig,
			setup->invocation->stop, &found);
		account_release(&like);
		if (none)
			setup_say(setup, "No POP3 server with TLS was found.");
	}
	if (!none && found.server.login == PROVIDER_NONE)
		return error_set(err, ERROR_UNAVAILABLE,
			"%s has no POP3 server: %s", setup->domain,
			found.server.note);
	if (!none && !take_found(setup, &found, err))
		return false;
	if (!none)
		return (found.server.login != PROVIDER_MICROSOFT &&
			       found.server.login != PROVIDER_GOOGLE) ||
			take_oauth(setup, found.server.login, err);
	return setup_ask_setting(setup, "server", "POP3 server", NULL, err) &&
		setup_ask_setting(setup, "tls",
			"TLS from the start (implicit, port 995), or by STLS (starttls, port 110)",
			"implicit", err) &&
		setup_ask_setting(setup, "user", "User name",
			setup->user != NULL ? setup->user : setup->address,
			err);
}

static bool take_destination(struct setup *setup, struct error *err)
{
	char *usual = xasprintf("~/Mail/%s", setup->name);
	bool ok = true;

	while (ok && !setup_has_one(setup, setup_destinations)) {
		struct error bad = {.kind = ERROR_NONE};
		char *answer = setup_ask(setup,
			"Where should the mail go? A directory, for a Maildir, or mbox and a file",
			usual);

		if (answer == NULL)
			ok = error_set(err, ERROR_USAGE, "nothing was written");
		else if (strncmp(answer, "mbox ", 5) == 0)
			setup_put(setup, "mbox",
				answer + 5 + strspn(answer + 5, " "), &bad);
		else
			setup_put(setup, "maildir", answer, &bad);
		free(answer);
		if (bad.kind != ERROR_NONE)
			setup_say(setup, "%s.", bad.text);
	}
	free(usual);
	return ok;
}

bool setup_ask_all(struct setup *setup, struct error *err)
{
	if (!take_server(setup, err))
		return false;
	/* So that no default of the rc file counts for it. */
	if (setup_get(setup, "oauth") == NULL &&
		setup_get(setup, "port") == NULL) {
		bool later = setup_get(setup, "tls") != NULL &&
			strcmp(setup_get(setup, "tls"), "starttls") == 0;

		put_port(setup, later ? 110 : 995,
			later ? TLS_STARTTLS : TLS_IMPLICIT, err);
	}
	/* Who it is that fetches is no matter of course for root. */
	if (geteuid() == 0 &&
		!setup_ask_setting(setup, "run-as",
			"Fetch as which user of this machine",
			setup->asks ? "root" : NULL, err))
		return false;
	if (setup_get(setup, "oauth") != NULL &&
		!setup_ask_setting(
			setup, "oauth-client-id", "Client id", NULL, err))
		return false;
	return take_destination(setup, err) &&
		setup_ask_setting(setup, "delete",
			"When should mail be deleted from the server? never, now, after 30 days, when trashed",
			"never", err) &&
		(setup->prints || setup_choose_secret(setup, err));
}

static size_t mistakes;

static void count_mistake(const char *line)
{
	mistakes++;
	log_line(LOG_ERRORS, "%s", line);
}

/* Reads what is there already, if anything. */
static bool read_others(const struct setup *setup, const char *path,
	struct config *config, struct error *err)
{
	const char *files[] = {path};
	const struct config_source source = {
		files, 1, setup->invocation->options.state_dir};

	if (access(path, F_OK) < 0)
		return true;
	mistakes = 0;
	if (config_read(config, &source, count_mistake, err))
		return true;
	/* One that has no account yet is good enough. */
	if (mistakes == 0)
		*err = (struct error){.kind = ERROR_NONE};
	return mistakes == 0;
}

static int set_up(struct setup *setup, const char *path, struct error *err)
{
	struct config config = {.count = 0};
	bool ok = read_others(setup, path, &config, err) &&
		take_given(setup, err) && take_address(setup, err) &&
		take_name(setup, &config, err);

	config_release(&config);
	if (!ok)
		return error_status(err->kind);
	if (!setup->prints)
		return setup_add(setup, path, err);
	if (!setup_ask_all(setup, err))
		return error_status(err->kind);
	char *block = setup_make_block(setup);

	report_print(&setup->report, "%s", block);
	explicit_bzero(block, strlen(block));
	free(block);
	return EX_OK;
}

int command_setup(const struct invocation *invocation)
{
	const struct options *options = &invocation->options;
	struct setup setup = {
		.invocation = invocation,
		.report = report_to(false),
		.asks = isatty(STDIN_FILENO),
		.prints = (options->given & OPTION_BIT(OPTION_PRINT)) != 0,
	};
	struct error err = {.kind = ERROR_NONE};
	bool there;
	char *path = options->file_count > 0
		? xstrdup(options->files[options->file_count - 1])
		: config_default_path(&there);
	int status = set_up(&setup, path, &err);

	if (err.kind != ERROR_NONE)
		log_error(&err);
	setup_release(&setup);
	free(path);
	return status;
}
