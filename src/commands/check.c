/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/json.h"
#include "commands/run_options.h"
#include "core/text.h"
#include "engine/accounts.h"
#include "engine/mailbox.h"
#include "engine/places.h"
#include "engine/rebuild.h"
#include "engine/state.h"
#include "io/mail/destination.h"
#include "io/mail/place.h"
#include "io/process/confine.h"
#include "io/process/filesystem.h"
#include "io/process/log.h"
#include "io/process/privilege.h"
#include "io/process/secret.h"
#include "io/store/store_look.h"
#include "io/store/store_mailbox.h"
#include "io/store/store_others.h"

#define WORDS_MAX 8

/* The relevant capabilities that the server announced, in the form of CAPA. */
struct words {
	char at[WORDS_MAX][32];
	size_t count;
};

struct check {
	struct account *account; /* borrowed */
	const struct run_options *options;
	struct store *store; /* opened with STORE_LOOK; or NULL */
	size_t told;
	int status;
	/* Set only if login succeeded: */
	bool in;
	char tls[16];
	struct words words;
	bool counted;
	uint64_t messages;
};

/*
 * Prints the result of one check, as a line or as an object of the JSON array.
 * sound NULL: not checked.
 */
static void report_check(struct check *check, const char *what,
	const bool *sound, const char *text)
{
	const char *verdict = sound == NULL ? "-" : *sound ? "ok" : "bad";

	if (check->options->json) {
		printf("%s{\"check\":\"%s\",\"ok\":%s",
			check->told++ > 0 ? "," : "", what,
			sound == NULL	 ? "null"
				: *sound ? "true"
					 : "false");
		json_field("text", text);
		putchar('}');
		return;
	}
	/* With -q, only problems are shown. */
	if (log_shows(LOG_WARNINGS) || (sound != NULL && !*sound))
		printf("%s: %-9s %-3s %s\n", check->account->name, what,
			verdict, text);
	/* The next check may take some time. */
	fflush(stdout);
}

static void report_ok(struct check *check, const char *what, const char *format,
	...) __attribute__((format(printf, 3, 4)));

static void report_ok(
	struct check *check, const char *what, const char *format, ...)
{
	static const bool sound = true;
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	report_check(check, what, &sound, text);
}

static void report_bad(
	struct check *check, const char *what, const struct error *err)
{
	static const bool sound = false;
	char text[sizeof err->text + sizeof err->server + 32];

	snprintf(text, sizeof text, "%s%s%s%s", err->text,
		err->server[0] == '\0' ? "" : " (the server said: \"",
		err->server, err->server[0] == '\0' ? "" : "\")");
	check->status = error_worse(check->status, error_status(err->kind));
	report_check(check, what, &sound, text);
}

/* Names the file system if it is not one known to be safe; "" otherwise. */
static const char *describe_filesystem(
	const char *path, char *room, size_t size)
{
	enum filesystem_kind kind = filesystem_of(path);

	room[0] = '\0';
	if (kind != FILESYSTEM_LOCAL)
		snprintf(room, size, ", on %s", filesystem_name(kind));
	return room;
}

static void check_state(struct check *check)
{
	const struct account *account = check->account;
	struct error err = {.kind = ERROR_NONE};
	struct store_overview seen = {.known = false};
	char on[80];
	bool there;

	if (!place_check_directory(account->state, "state", &there, &err) ||
		!state_is_safe(account, &err)) {
		report_bad(check, "state", &err);
		return;
	}
	check->store = state_open(account, STORE_LOOK, &err);
	if (check->store != NULL &&
		store_check_mailbox(check->store, account->server.host,
			account->login.user, false, &err) &&
		store_overview(check->store, 0, &seen, &err))
		report_ok(check, "state", "%s%s%s%s", account->state,
			there ? "" : ", to be created by the first run",
			describe_filesystem(account->state, on, sizeof on),
			seen.at_work ? ", a run is in progress"
				: there && !seen.known ? ", no store yet"
						       : "");
	else
		report_bad(check, "state", &err);
}

/*
 * Makes the checks that a run makes first: is the mail put there before still
 * there?
 */
static bool is_as_known(struct check *check, struct error *err)
{
	struct run_options options = *check->options;
	struct mailbox mailbox = {.account = check->account,
		.options = &options,
		.store = check->store};

	options.dry_run = true;
	return places_check(&mailbox, err) && rebuild_check_due(&mailbox, err);
}

static void check_mail(struct check *check)
{
	const struct account *account = check->account;
	struct error err = {.kind = ERROR_NONE};
	char on[80];
	bool there;
	bool sound = destination_check(account->destination.kind,
		account->destination.path, &there, &err);

	if (sound && check->store != NULL)
		sound = is_as_known(check, &err);
	if (sound)
		report_ok(check, "mail", "%s, %s%s%s",
			account->destination.path,
			destination_traits(account->destination.kind)->words,
			there ? "" : " to be created by the first run",
			describe_filesystem(
				account->destination.path, on, sizeof on));
	else
		report_bad(check, "mail", &err);
}

/* *password must be wiped and freed by the caller; NULL if there is none. */
static void check_password(struct check *check, char **password)
{
	const struct account *account = check->account;
	const char *file = account->login.password_file;
	struct error err = {.kind = ERROR_NONE};

	if (secret_is_at_hand(account)
			? !secret_get(account, privilege_has_changed(),
				  check->options->stop, password, &err)
			: !secret_ask(account, check->options->stop, password,
				  &err))
		report_bad(check, "password", &err);
	else if (file != NULL)
		report_ok(check, "password", "password-file %s", file);
	else
		report_ok(check, "password", "%s",
			account->login.password != NULL ? "in the rc file"
				: account->login.password_command != NULL
				? "from password-command"
				: "entered on the terminal");
}

static void add_word(struct words *words, bool announced, const char *name)
{
	if (announced)
		snprintf(words->at[words->count++], sizeof words->at[0], "%s",
			name);
}

static struct words capability_words(const struct pop3_capabilities *found)
{
	struct words words = {.count = 0};
	char days[32];
	char seconds[32];

	snprintf(days, sizeof days, "EXPIRE %" PRIu32, found->expire_days);
	snprintf(seconds, sizeof seconds, "LOGIN-DELAY %" PRIu32,
		found->delay_seconds);
	add_word(&words, found->pipelining, "PIPELINING");
	add_word(&words, found->uidl, "UIDL");
	add_word(&words, found->top, "TOP");
	add_word(&words, found->utf8, "UTF8");
	add_word(&words, found->expires, days);
	add_word(&words, found->delays, seconds);
	return words;
}

/*
 * Reports the server's address, TLS and capabilities; session NULL: it refused
 * the login.
 */
static void report_server(struct check *check, const struct session *session)
{
	const struct account *account = check->account;
	const struct pop3_capabilities *found =
		session == NULL ? NULL : session_capabilities(session);
	const char *tls = session != NULL      ? session_tls(session)
		: account->tls.mode == TLS_OFF ? ""
					       : "TLS";
	const struct words *words = &check->words;
	char text[WORDS_MAX * 40] = "";
	size_t n = 0;

	snprintf(check->tls, sizeof check->tls, "%s", tls);
	check->in = session != NULL;
	if (found != NULL)
		check->words = capability_words(found);
	for (size_t i = 0; i < words->count; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s",
			i == 0 ? ", " : " ", words->at[i]);
	report_ok(check, "server", "%s:%u, %s%s%s%s", account->server.host,
		account->server.port, tls[0] == '\0' ? "in clear text" : tls,
		text,
		found != NULL && !found->known ? ", no capabilities announced"
					       : "",
		found != NULL && found->known && !found->uidl
			? " (no UIDL: messages are identified by header)"
			: "");
}

/*
 * Parses "+OK COUNT OCTETS" (RFC 1939 section 5). Returns false if the server
 * does not answer like that.
 */
static bool count_messages(
	struct session *session, uint64_t *count, uint64_t *octets)
{
	struct error unimportant = {.kind = ERROR_NONE};
	struct pipeline_event event;
	char text[64];
	char *end;

	if (!session_push(session, POP3_SINGLE, 0, "STAT", &unimportant) ||
		!session_next(session, &event, &unimportant) ||
		event.answer.status != POP3_OK)
		return false;
	snprintf(text, sizeof text, "%.*s", (int)event.answer.length,
		event.answer.text);
	*count = strtoull(text, &end, 10);
	if (end == text || *end != ' ')
		return false;
	*octets = strtoull(end, NULL, 10);
	return true;
}

static void report_login(struct check *check, struct session *session)
{
	uint64_t octets = 0;
	char size[32];

	check->counted = count_messages(session, &check->messages, &octets);
	if (check->counted)
		report_ok(check, "login",
			"as %s, %" PRIu64 " %s (%s) on the server",
			check->account->login.user, check->messages,
			text_plural(check->messages, "message", "messages"),
			text_size(size, sizeof size, octets));
	else
		report_ok(check, "login", "as %s", check->account->login.user);
}

/* Takes over password, and wipes it. */
static void check_server(struct check *check, char *password)
{
	struct error err = {.kind = ERROR_NONE};
	struct session *session;

	if (password == NULL) {
		report_check(check, "server", NULL, "not tested: no password");
		report_check(check, "login", NULL, "not tested: no password");
		return;
	}
	privilege_leave_terminal();
	confine_worker(check->account, true, NULL, 0);
	session = session_open(
		check->account, password, check->options->stop, &err);
	secret_free(password);
	account_forget_password(check->account);
	if (session != NULL) {
		report_server(check, session);
		report_login(check, session);
		/* No DELE was sent, so QUIT erases nothing. */
		session_leave(session);
	} else if (err.kind == ERROR_LOGIN) {
		report_server(check, NULL);
		report_bad(check, "login", &err);
	} else {
		report_bad(check, "server", &err);
		report_check(check, "login", NULL, "not tested: no connection");
	}
	session_close(session);
}

static void check_all(struct check *check)
{
	const struct account *account = check->account;
	struct error err = {.kind = ERROR_NONE};
	char *password = NULL;

	/* Without a valid rc file, this would not run. */
	report_ok(check, "rc file", "%s:%d", account->file, account->line);
	if (!privilege_become(account, &err)) {
		report_bad(check, "run-as", &err);
		return;
	}
	if (account->run_as != NULL)
		report_ok(check, "run-as", "%s", account->run_as);
	check_state(check);
	check_mail(check);
	check_password(check, &password);
	check_server(check, password);
}

static void end_json(const struct check *check)
{
	printf("]");
	if (check->in) {
		if (check->tls[0] == '\0')
			printf(",\"tls\":null");
		else
			json_field("tls", check->tls);
		printf(",\"capabilities\":[");
		for (size_t i = 0; i < check->words.count; i++)
			printf("%s\"%s\"", i > 0 ? "," : "",
				check->words.at[i]);
		putchar(']');
	}
	if (check->counted)
		printf(",\"messages\":%" PRIu64, check->messages);
	printf(",\"status\":%d}\n", check->status);
}

static int check_one(struct account *account, const struct run_options *options,
	void *context)
{
	struct check check = {.account = account, .options = options};

	(void)context;
	log_account(account->name);
	if (options->json) {
		printf("{\"account\":");
		json_string(account->name, strlen(account->name));
		printf(",\"checks\":[");
	}
	check_all(&check);
	if (options->json)
		end_json(&check);
	store_close(check.store);
	return check.status;
}

int command_check(const struct invocation *invocation)
{
	static const struct account_verb check = {.task = check_one};
	struct run_options options = run_options_make(invocation);

	return accounts_run(invocation->accounts, invocation->account_count, 1,
		&check, &options);
}
