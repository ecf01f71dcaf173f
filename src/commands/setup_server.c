/* SPDX-License-Identifier: ISC */
/* The server of a new account, and the other questions in their order. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "commands/setup_internal.h"
#include "core/text.h"
#include "core/xalloc.h"

static bool put_port(struct setup *setup, uint16_t port, enum tls_mode tls,
	struct error *err)
{
	char text[8];

	snprintf(text, sizeof text, "%u", port);
	return (setup_get(setup, "port") != NULL ||
		       setup_put(setup, "port", text, err)) &&
		(setup_get(setup, "tls") != NULL ||
			setup_put(setup, "tls",
				tls == TLS_STARTTLS ? "starttls" : "implicit",
				err));
}

static void report_found(struct setup *setup)
{
	const struct provider *server = &setup->found.server;

	setup_say(setup, "Found %s:%u (%s), %s.", server->host, server->port,
		server->tls == TLS_STARTTLS ? "STLS" : "TLS",
		setup->found.source);
	if (server->note[0] != '\0')
		setup_say(setup, "%s", server->note);
	if (setup->found.doubtful)
		setup_say(setup,
			"DNS answers can be forged. Continue only if %s belongs to your mail provider.",
			server->host);
}

/* Looks for it once. The proxy of other accounts is needed for this one, too.
 */
static bool search(struct setup *setup)
{
	struct account like;

	if (setup->searched)
		return setup->found_any;
	setup_say(setup,
		"Looking for the POP3 server of %s; this may take half a minute.",
		setup->domain);
	setup_make_account(setup, &like);
	if (like.server.proxy == NULL && setup->others->count > 0 &&
		setup->others->accounts[0].server.proxy != NULL)
		like.server.proxy =
			xstrdup(setup->others->accounts[0].server.proxy);
	setup->found_any = discover(&like, setup->address,
		setup->invocation->options.setup.autoconfig,
		setup->invocation->stop, &setup->found);
	account_release(&like);
	setup->searched = !*setup->invocation->stop;
	if (!setup->searched)
		return false;
	if (setup->found_any && setup->found.server.login != PROVIDER_NONE)
		report_found(setup);
	else if (!setup->found_any)
		setup_say(setup,
			"No POP3 server with TLS was found for %s. Your provider's help pages name it.",
			setup->domain);
	return setup->found_any;
}

/* Asks for the server: HOST, or HOST:PORT. */
static bool ask_server(
	struct setup *setup, const char *otherwise, struct error *err)
{
	while (setup_get(setup, "server") == NULL) {
		struct error bad = {.kind = ERROR_NONE};
		char *answer = setup_ask(setup, "POP3 server", otherwise);

		if (answer == NULL)
			return setup->asks
				? setup_stopped(err)
				: error_set(err, ERROR_USAGE,
					  "no server was found or given, and there is no terminal to ask: use --set server=HOST");
		char *colon = strchr(answer, ':');

		if (colon != NULL && strchr(colon + 1, ':') == NULL) {
			*colon = '\0';
			setup_drop(setup, "port");
			setup_put(setup, "port", colon + 1, &bad);
		}
		if (bad.kind == ERROR_NONE)
			setup_put(setup, "server", answer, &bad);
		free(answer);
		if (bad.kind != ERROR_NONE && !setup->asks) {
			*err = bad;
			return false;
		}
		if (bad.kind != ERROR_NONE)
			setup_say(setup, "%s.", bad.text);
	}
	return true;
}

/* How TLS is begun with a server that was typed. */
static bool ask_tls(struct setup *setup, struct error *err)
{
	const char *port = setup_get(setup, "port");
	bool plain = port != NULL && strcmp(port, "110") == 0;

	if (!setup_ask_setting(setup, "tls",
		    "How is TLS started? implicit (port 995) or starttls (port 110)",
		    plain ? "starttls" : "implicit", err))
		return false;
	bool later = strcasecmp(setup_get(setup, "tls"), "starttls") == 0;

	return put_port(setup, later ? 110 : 995,
		later ? TLS_STARTTLS : TLS_IMPLICIT, err);
}

/* Sets what was found as the server, if the user agrees. */
static bool take_found(struct setup *setup, struct error *err)
{
	const struct provider *server = &setup->found.server;
	const char *at = strchr(setup->address, '@');

	if (setup->user == NULL)
		setup->user = xasprintf("%.*s",
			server->local_part ? (int)(at - setup->address)
					   : (int)strlen(setup->address),
			setup->address);
	if (setup->found.doubtful && !setup->asks &&
		setup_get(setup, "server") == NULL)
		return error_set(err, ERROR_USAGE,
			"the DNS says that the server is %s, which is not within %s, and its answer may be forged: if it is right, give --set server=%s",
			server->host, setup->domain, server->host);
	return ask_server(setup, server->host, err) &&
		(strcmp(setup_get(setup, "server"), server->host) == 0
				? put_port(
					  setup, server->port, server->tls, err)
				: ask_tls(setup, err));
}

/* At Google, an app password does, too. */
static bool ask_google(struct setup *setup, bool *oauth, struct error *err)
{
	for (;;) {
		char *answer = setup_ask(setup,
			"How do you log in? password (an app password) or oauth",
			"password");

		if (answer == NULL)
			return setup_stopped(err);
		*oauth = strcasecmp(answer, "oauth") == 0;
		bool known = *oauth || strcasecmp(answer, "password") == 0;

		free(answer);
		if (known)
			return true;
	}
}

/* Logs in by OAuth where the provider takes no passwords. */
static bool take_oauth(struct setup *setup, struct error *err)
{
	enum provider_login login = setup->found.server.login;
	bool google = login == PROVIDER_GOOGLE;
	bool oauth = login == PROVIDER_MICROSOFT;

	if (setup_has_secret(setup) ||
		strcmp(setup_get(setup, "server"), setup->found.server.host) !=
			0)
		return true;
	if (google && !ask_google(setup, &oauth, err))
		return false;
	if (!oauth)
		return true;
	setup_say(setup,
		"%s needs the client id of a program that is registered with it. How to get one: \"Microsoft, Google and others\" in man keepmailrc.",
		google ? "Google's OAuth"
		       : "Microsoft takes no passwords, only OAuth, which");
	return setup_put(
		       setup, "oauth", google ? "google" : "microsoft", err) &&
		setup_ask_setting(
			setup, "oauth-client-id", "Client id", NULL, err) &&
		(!google ||
			setup_ask_setting(setup, "oauth-client-secret",
				"Client secret", NULL, err));
}

static bool take_server(struct setup *setup, struct error *err)
{
	const char *oauth = setup_get(setup, "oauth");
	bool preset = oauth != NULL && strcasecmp(oauth, "other") != 0;
	bool known = preset || setup_get(setup, "server") != NULL;
	bool found = !known && search(setup);

	if (*setup->invocation->stop)
		return setup_stopped(err);
	if (found && setup->found.server.login == PROVIDER_NONE)
		return error_set(err, ERROR_UNAVAILABLE,
			"%s cannot be fetched from: %s keepmail fetches by POP3",
			setup->domain, setup->found.server.note);
	if (found)
		return take_found(setup, err) && take_oauth(setup, err);
	if (preset)
		return true;
	return ask_server(setup, NULL, err) && ask_tls(setup, err);
}

/* Is this mailbox fetched already? Then each message would be stored twice. */
static bool check_others(struct setup *setup, struct error *err)
{
	const char *server = setup_get(setup, "server");
	const char *user = setup_get(setup, "user");
	bool yes = false;

	for (size_t i = 0; server != NULL && i < setup->others->count; i++) {
		const struct account *other = &setup->others->accounts[i];

		if (strcasecmp(other->server.host, server) != 0 ||
			strcmp(other->login.user, user) != 0)
			continue;
		if (!setup->asks)
			return setup->invocation->options.setup.name != NULL ||
				error_set(err, ERROR_USAGE,
					"account %s already fetches this mailbox: to add another one, give it a --name",
					other->name);
		setup_say(setup, "Account %s already fetches this mailbox.",
			other->name);
		return setup_agrees(setup,
			       "Add another account for it? yes or no", false,
			       &yes, err) &&
			(yes || setup_stopped(err));
	}
	return true;
}

static bool take_destination(struct setup *setup, struct error *err)
{
	char *usual = xasprintf("~/Mail/%s", setup->name);
	bool ok = true;

	while (ok && !setup_has_one(setup, setup_destinations)) {
		struct error bad = {.kind = ERROR_NONE};
		char *answer = setup_ask(setup,
			"Where should the mail go? A directory (Maildir), or \"mbox FILE\"",
			usual);

		if (answer == NULL)
			ok = setup_stopped(err);
		else if (strncasecmp(answer, "mbox ", 5) == 0)
			setup_put(setup, "mbox",
				answer + 5 + strspn(answer + 5, " "), &bad);
		else
			setup_put(setup, "maildir", answer, &bad);
		free(answer);
		if (bad.kind != ERROR_NONE)
			setup_say(setup,
				"This cannot be used: give a path that begins with / or ~/.");
	}
	free(usual);
	return ok;
}

/* Who it is that fetches is no matter of course for root. */
static bool take_user(struct setup *setup, struct error *err)
{
	while (geteuid() == 0 && setup_get(setup, "run-as") == NULL) {
		if (!setup_ask_setting(setup, "run-as",
			    "Which user of this machine should fetch the mail",
			    setup->asks ? "root" : NULL, err))
			return false;
		if (!setup->asks ||
			strcmp(setup_get(setup, "run-as"), "root") == 0)
			return true;
		/* Paths and the password would be root's. */
		setup_say(setup,
			getpwnam(setup_get(setup, "run-as")) == NULL
				? "There is no such user."
				: "Run keepmail setup as that user; root can only set up mail of its own.");
		setup_drop(setup, "run-as");
	}
	return true;
}

bool setup_ask_all(struct setup *setup, struct error *err)
{
	return take_server(setup, err) &&
		setup_ask_setting(setup, "user", "User name",
			setup->user != NULL ? setup->user : setup->address,
			err) &&
		check_others(setup, err) && take_user(setup, err) &&
		(setup_get(setup, "oauth") == NULL ||
			setup_ask_setting(setup, "oauth-client-id", "Client id",
				NULL, err)) &&
		take_destination(setup, err) &&
		setup_ask_setting(setup, "delete",
			"When should mail be deleted from the server? never, now, after N days, or when trashed (when you delete your copy)",
			"never", err) &&
		(setup->prints || setup_choose_secret(setup, err));
}
