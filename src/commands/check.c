/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/report_run.h"
#include "commands/run_options.h"
#include "core/text.h"
#include "core/xalloc.h"
#include "engine/accounts.h"
#include "engine/credential.h"
#include "engine/dial.h"
#include "engine/mailbox.h"
#include "engine/places.h"
#include "engine/rebuild.h"
#include "engine/state.h"
#include "io/mail/destination.h"
#include "io/mail/place.h"
#include "io/mail/rewrite.h"
#include "io/process/confine.h"
#include "io/process/filesystem.h"
#include "io/process/log.h"
#include "io/process/privilege.h"
#include "io/process/secret.h"
#include "io/store/store_look.h"
#include "io/store/store_mailbox.h"
#include "io/store/store_others.h"

#define WORDS_MAX 8
#define RESULTS_MAX 8

/* The relevant capabilities that the server announced, in the form of CAPA. */
struct words {
	char at[WORDS_MAX][32];
	size_t count;
};

enum check_verdict { CHECK_OK, CHECK_BAD, CHECK_NOT_MADE };

/* The result of one check. */
struct result {
	const char *what;
	enum check_verdict verdict;
	char *text; /* owned */
};

struct check {
	struct account *account; /* borrowed */
	const struct run_options *options;
	struct report report;
	struct store *store; /* opened with STORE_LOOK; or NULL */
	struct result results[RESULTS_MAX];
	size_t count;
	int status;
	/* Set only if login succeeded: */
	bool in;
	char tls[16];
	struct words words;
	bool counted;
	uint64_t messages;
};

/*
 * Prints the line of one check, and notes it for the account's object, which is
 * reported whole.
 */
static void report_check(struct check *check, const char *what,
	enum check_verdict verdict, const char *text)
{
	static const char *const words[] = {
		[CHECK_OK] = "ok",
		[CHECK_BAD] = "bad",
		[CHECK_NOT_MADE] = "-",
	};

	check->results[check->count++] = (struct result){
		.what = what, .verdict = verdict, .text = xstrdup(text)};
	/* With -q, only problems are shown. */
	if (log_shows(LOG_WARNINGS) || verdict == CHECK_BAD)
		report_print(&check->report, "%s: %-9s %-3s %s\n",
			check->account->name, what, words[verdict], text);
	/* The next check may take some time. */
	report_flush();
}

static void report_ok(struct check *check, const char *what, const char *format,
	...) __attribute__((format(printf, 3, 4)));

static void report_ok(
	struct check *check, const char *what, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	report_check(check, what, CHECK_OK, text);
}

static void report_bad(
	struct check *check, const char *what, const struct error *err)
{
	char text[sizeof err->text + sizeof err->server + 32];

	snprintf(text, sizeof text, "%s%s%s%s", err->text,
		err->server[0] == '\0' ? "" : " (the server said: \"",
		err->server, err->server[0] == '\0' ? "" : "\")");
	check->status = error_worse(check->status, error_status(err->kind));
	report_check(check, what, CHECK_BAD, text);
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

/* Can mail be delivered there? *there: it need not be created first. */
static bool is_ready(struct check *check, const struct account_destination *to,
	bool *there, struct error *err)
{
	const struct destination_traits *traits = destination_traits(to->kind);
	struct dialler dialler = {check->account, check->options->stop};
	const struct destination_opening opening = dial_opening(&dialler, to);

	return traits->ask != NULL ? traits->ask(&opening, there, err)
				   : traits->check(to->path, there, err);
}

/* What mail is handed over to before it is stored. */
static void check_onward(struct check *check)
{
	struct account_destination to = check->account->destination;
	struct error err = {.kind = ERROR_NONE};
	bool there;

	if (to.onward.kind == DESTINATION_NONE)
		return;
	to.kind = to.onward.kind;
	to.path = to.onward.path;
	if (is_ready(check, &to, &there, &err))
		report_ok(check, "mail", "%s, %s", to.path,
			destination_traits(to.kind)->words);
	else
		report_bad(check, "mail", &err);
}

static void check_mail(struct check *check)
{
	const struct account *account = check->account;
	struct error err = {.kind = ERROR_NONE};
	char on[80];
	bool there;
	bool sound = is_ready(check, &account->destination, &there, &err);

	sound = sound && rewrite_check(&account->destination, &err);
	if (sound && check->store != NULL)
		sound = is_as_known(check, &err);
	if (sound)
		report_ok(check, "mail", "%s, %s%s%s",
			account->destination.path,
			destination_traits(account->destination.kind)->words,
			there ? "" : " to be created by the first run",
			account_is_place(account->destination.kind)
				? describe_filesystem(account->destination.path,
					  on, sizeof on)
				: "");
	else
		report_bad(check, "mail", &err);
}

/* Says where the password came from. */
static void report_password(struct check *check)
{
	const struct account_login *login = &check->account->login;

	if (check->account->oauth.provider != OAUTH_NONE)
		report_ok(check, "password", "a token, by keepmail login");
	else if (login->password_file != NULL)
		report_ok(check, "password", "password-file %s",
			login->password_file);
	else if (login->password_netrc != NULL)
		report_ok(check, "password", "password-netrc %s",
			login->password_netrc);
	else if (login->password_credential != NULL)
		report_ok(check, "password", "password-credential %s",
			login->password_credential);
	else
		report_ok(check, "password", "%s",
			login->password_keyring ? "from the keyring"
				: login->password_command != NULL
				? "from password-command"
				: login->password != NULL
				? "in the rc file"
				: "entered on the terminal");
}

/* False: there is none. */
static bool check_password(struct check *check, struct credential *credential)
{
	const struct account *account = check->account;
	struct error err = {.kind = ERROR_NONE};
	bool ok = secret_is_at_hand(account) ||
		secret_ask(account, check->options->stop, &credential->secret,
			&err);

	ok = ok && credential_find(credential, &err);
	if (!ok)
		report_bad(check, "password", &err);
	else
		report_password(check);
	return ok;
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

static void check_server(struct check *check, struct credential *credential)
{
	struct error err = {.kind = ERROR_NONE};
	struct session *session;

	privilege_leave_terminal();
	confine_worker(check->account, true, NULL, 0);
	session = credential_log_in(credential, &err);
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
		report_check(check, "login", CHECK_NOT_MADE,
			"not tested: no connection");
	}
	session_close(session);
}

static void check_all(struct check *check)
{
	const struct account *account = check->account;
	struct error err = {.kind = ERROR_NONE};
	struct credential credential;

	/* Without a valid rc file, this would not run. */
	report_ok(check, "rc file", "%s:%d", account->file, account->line);
	if (!privilege_become(account, &err)) {
		report_bad(check, "run-as", &err);
		return;
	}
	if (account->run_as != NULL)
		report_ok(check, "run-as", "%s", account->run_as);
	check_state(check);
	check_onward(check);
	check_mail(check);
	credential_init(
		&credential, check->account, NULL, check->options->stop);
	if (check_password(check, &credential)) {
		check_server(check, &credential);
	} else {
		report_check(check, "server", CHECK_NOT_MADE,
			"not tested: no password");
		report_check(check, "login", CHECK_NOT_MADE,
			"not tested: no password");
	}
	credential_release(&credential);
}

static void report_result(struct report *report, const struct result *result)
{
	report_begin_object(report, NULL);
	report_string(report, "check", result->what);
	if (result->verdict == CHECK_NOT_MADE)
		report_null(report, "ok");
	else
		report_flag(report, "ok", result->verdict == CHECK_OK);
	report_string(report, "text", result->text);
	report_end(report);
}

static void report_account(struct check *check)
{
	struct report *report = &check->report;

	report_begin(report, check->account->name);
	report_begin_array(report, "checks");
	for (size_t i = 0; i < check->count; i++)
		report_result(report, &check->results[i]);
	report_end(report);
	if (check->in) {
		report_string(report, "tls",
			check->tls[0] == '\0' ? NULL : check->tls);
		report_begin_array(report, "capabilities");
		for (size_t i = 0; i < check->words.count; i++)
			report_string(report, NULL, check->words.at[i]);
		report_end(report);
	}
	if (check->counted)
		report_count(report, "messages", check->messages);
	report_number(report, "status", check->status);
	report_end(report);
}

static int check_one(struct account *account, const struct run_options *options,
	void *context)
{
	struct check check = {.account = account,
		.options = options,
		.report = report_to(options->json)};

	(void)context;
	log_account(account->name);
	check_all(&check);
	report_account(&check);
	for (size_t i = 0; i < check.count; i++)
		free(check.results[i].text);
	store_close(check.store);
	return check.status;
}

int command_check(const struct invocation *invocation)
{
	static const struct account_verb check = {
		.task = check_one, .report_failure = report_task_failure};
	struct run_options options = run_options_make(invocation);

	return accounts_run(invocation->accounts, invocation->account_count, 1,
		&check, &options);
}
