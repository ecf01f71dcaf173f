/* SPDX-License-Identifier: ISC */
/*
 * fdm's rc file: accounts, actions, and rules that lead from one to the other.
 * Of the rules, only one for all mail can be converted. "delete" is never set
 * to anything but never: there are no words in it that ask for it.
 */
#include <stdlib.h>
#include <string.h>

#include "core/convert_fdm.h"
#include "core/xalloc.h"

#define ACTIONS_MAX 200

struct action {
	char *name; /* owned */
	char *kind; /* owned: "maildir", "mbox" or "pipe"; or NULL */
	char *path; /* owned */
};

struct reading {
	struct convert *out;
	struct fdm_words words;
	struct action actions[ACTIONS_MAX];
	size_t count;
	size_t rules;
	bool in_rule; /* what is next may belong to a rule, or a cache */
	bool all;     /* a rule is "match all action NAME" */
	char *chosen; /* owned; its action */
	char *proxy;  /* owned */
};

static bool is_any(const struct fdm_words *words, const char *const *list)
{
	while (*list != NULL && !fdm_is(words, *list))
		list++;
	return *list != NULL;
}

static void skip_statement(struct fdm_words *words)
{
	do
		fdm_next(words);
	while (!fdm_begins(words));
}

/* "user NAME" or "users { NAME ... }", for whom fdm delivers. */
static void skip_users(struct fdm_words *words)
{
	if (fdm_is(words, "user") || fdm_is(words, "users"))
		convert_leave_out(words->out, words->token.line,
			"delivery for another user");
	if (fdm_is(words, "user")) {
		fdm_next(words);
		free(fdm_take(words));
	} else if (fdm_is(words, "users")) {
		while (!fdm_is(words, "}") && words->token.kind != FDM_END)
			fdm_next(words);
		fdm_next(words);
	}
}

/* The command that prints a password, or the password. */
static void take_password(struct fdm_words *words, struct convert_account *to)
{
	fdm_next(words);
	if (words->token.kind == FDM_COMMAND) {
		convert_put(to, "password-command", words->token.text);
		fdm_next(words);
	} else {
		convert_take(to, "password", fdm_take(words));
	}
}

struct connection {
	char *port; /* owned; or NULL */
	bool starttls;
	bool keep;
};

/* One thing that is said of an account. False: it is not known. */
static bool take_word(struct fdm_words *words, struct convert_account *to,
	struct connection *connection)
{
	static const char *const quiet[] = {
		"new-only", "no-apop", "no-tls1", "insecure", NULL};
	static const char *const refused[] = {"old-only", "no-uidl", NULL};
	bool moves = true;

	if (fdm_is(words, "server") || fdm_is(words, "user") ||
		fdm_is(words, "port") || fdm_is(words, "cache")) {
		bool server = fdm_is(words, "server");
		bool user = fdm_is(words, "user");
		bool port = fdm_is(words, "port");

		fdm_next(words);
		char *value = fdm_take(words);

		if (server || user)
			convert_put(to, server ? "server" : "user", value);
		else if (port)
			convert_replace(&connection->port, xstrdup(value));
		else if (value != NULL)
			convert_set_seen(to, value);
		convert_free(value);
		return true;
	}
	if (fdm_is(words, "pass")) {
		take_password(words, to);
		return true;
	}
	if (is_any(words, refused))
		convert_refuse(to, "%s has no counterpart", words->token.text);
	else if (fdm_is(words, "no-verify"))
		convert_leave_out(words->out, words->token.line, "no-verify");
	else if (fdm_is(words, "starttls"))
		connection->starttls = true;
	else if (fdm_is(words, "keep"))
		connection->keep = true;
	else
		moves = is_any(words, quiet);
	if (moves)
		fdm_next(words);
	return moves;
}

/* What follows "pop3" or "pop3s". */
static void take_connection(
	struct reading *reading, struct convert_account *to, bool tls)
{
	struct fdm_words *words = &reading->words;
	struct connection connection = {.port = NULL};

	/* In it, "cache" is no statement. */
	while (words->token.kind != FDM_END &&
		(fdm_is(words, "cache") || !fdm_begins(words))) {
		if (fdm_is(words, "pipe")) {
			/* The rest is another program's connection. */
			convert_refuse(to, "pipe has no counterpart");
			skip_statement(words);
		} else if (!take_word(words, to, &connection)) {
			fdm_unexpected(words);
		}
	}
	convert_put_tls(reading->out, to,
		tls			      ? CONVERT_IMPLICIT
			: connection.starttls ? CONVERT_STARTTLS
					      : CONVERT_CLEAR,
		connection.port);
	if (connection.keep)
		convert_put(to, "delete", "never");
	free(connection.port);
}

static void note_other(
	struct reading *reading, const char *name, size_t line, bool disabled)
{
	const struct fdm_words *words = &reading->words;
	bool pop3 = fdm_is(words, "pop3") || fdm_is(words, "pop3s");

	if (!pop3)
		convert_note(reading->out, line,
			"account %s uses %s; keepmail fetches by POP3 only",
			name, words->token.text);
	else if (disabled)
		convert_note(reading->out, line,
			"account %s is disabled, and was not converted", name);
}

/* A declaration, or, in a rule, the name of an account. */
static void read_account(struct reading *reading)
{
	static const char *const types[] = {"pop3", "pop3s", "imap", "imaps",
		"stdin", "maildir", "maildirs", "mbox", "mboxes", "nntp",
		"nntps", NULL};
	struct fdm_words *words = &reading->words;
	size_t line = words->token.line;

	fdm_next(words);
	if (words->token.kind != FDM_TEXT)
		return;
	char *name = fdm_take(words);

	skip_users(words);
	bool disabled = fdm_is(words, "disabled");
	bool tls;

	if (disabled)
		fdm_next(words);
	tls = fdm_is(words, "pop3s");
	if (is_any(words, types))
		reading->in_rule = false;
	else if (!reading->in_rule)
		fdm_unexpected(words);
	if (is_any(words, types))
		note_other(reading, name, line, disabled);
	if ((tls || fdm_is(words, "pop3")) && !disabled) {
		fdm_next(words);
		take_connection(
			reading, convert_begin(reading->out, name, line), tls);
	} else if (is_any(words, types)) {
		skip_statement(words);
	}
	free(name);
}

/* A declaration, or, in a rule, the name of an action. */
static void read_action(struct reading *reading)
{
	static const char *const kinds[] = {"maildir", "mbox", "pipe", NULL};
	struct fdm_words *words = &reading->words;
	struct action action = {.name = NULL};

	fdm_next(words);
	if (words->token.kind != FDM_TEXT)
		return;
	action.name = fdm_take(words);
	if (!fdm_begins(words) && !fdm_is(words, "continue") &&
		!fdm_is(words, "}"))
		reading->in_rule = false;
	skip_users(words);
	bool braces = fdm_is(words, "{");

	if (braces)
		fdm_next(words);
	if (is_any(words, kinds)) {
		action.kind = xstrdup(words->token.text);
		fdm_next(words);
		action.path = fdm_take(words);
	}
	if (action.kind != NULL && braces && fdm_is(words, "}"))
		fdm_next(words);
	else if (braces)
		convert_replace(&action.kind, NULL);
	if (!fdm_begins(words))
		convert_replace(&action.kind, NULL);
	while (!fdm_begins(words))
		fdm_next(words);
	if (reading->count < ACTIONS_MAX) {
		reading->actions[reading->count++] = action;
		return;
	}
	convert_fail(reading->out, 0, "these are too many actions");
	free(action.name);
	free(action.kind);
	free(action.path);
}

/* "match all action NAME", and nothing else, can be converted. */
static void read_match(struct reading *reading)
{
	struct fdm_words *words = &reading->words;

	reading->rules++;
	reading->in_rule = true;
	fdm_next(words);
	if (!fdm_is(words, "all"))
		return;
	fdm_next(words);
	if (!fdm_is(words, "action"))
		return;
	fdm_next(words);
	if (words->token.kind != FDM_TEXT)
		return;
	convert_replace(&reading->chosen, fdm_take(words));
	reading->all = fdm_begins(words);
}

static void read_set(struct reading *reading)
{
	struct fdm_words *words = &reading->words;

	reading->in_rule = false;
	fdm_next(words);
	if (!fdm_is(words, "proxy")) {
		while (!fdm_begins(words))
			fdm_next(words);
		return;
	}
	fdm_next(words);
	char *url = fdm_take(words);

	/* fdm lets a SOCKS proxy look up names, too. */
	if (url != NULL && strncmp(url, "socks://", 8) == 0)
		convert_replace(
			&reading->proxy, xasprintf("socks5h://%s", url + 8));
	else
		convert_replace(&reading->proxy, xstrdup(url));
	convert_free(url);
	if (!fdm_begins(words))
		fdm_unexpected(words);
}

/* "cache PATH expire TIME": mail that was seen, for the rules. */
static void read_cache(struct reading *reading)
{
	reading->in_rule = true;
	fdm_next(&reading->words);
}

/* Where the mail of all accounts goes. */
static void put_destination(struct reading *reading, struct convert_account *to)
{
	const struct action *action = NULL;
	bool alone = reading->rules == 1 && reading->all;

	for (size_t i = 0; alone && i < reading->count; i++) {
		if (strcmp(reading->actions[i].name, reading->chosen) == 0)
			action = &reading->actions[i];
	}
	if (action == NULL || action->kind == NULL || action->path == NULL) {
		convert_note(reading->out, to->line,
			"the rules and actions of account %s have no counterpart, and were left out: procmail or sieve can sort mail (pipe, lmtp)",
			to->name);
		to->doubt = true;
		return;
	}
	const char *path = action->path;
	bool home = strncmp(path, "%h/", 3) == 0 ||
		strncmp(path, "%[home]/", 8) == 0;
	char *place =
		home ? xasprintf("~%s", strchr(path, '/')) : xstrdup(path);

	/* Other tags are filled in for each message. */
	if (strchr(place, '%') != NULL && strcmp(action->kind, "pipe") == 0)
		convert_doubt(reading->out, to, "a command with tags (%)");
	else if (strcmp(action->kind, "pipe") == 0)
		convert_put_pipe(reading->out, to, place);
	else
		convert_put_place(reading->out, to,
			strcmp(action->kind, "mbox") == 0 ? "mbox" : "maildir",
			place);
	free(place);
}

static void release(struct reading *reading)
{
	for (size_t i = 0; i < reading->count; i++) {
		free(reading->actions[i].name);
		free(reading->actions[i].kind);
		free(reading->actions[i].path);
	}
	fdm_release(&reading->words);
	free(reading->chosen);
	convert_free(reading->proxy);
	free(reading);
}

void convert_fdm(const char *text, size_t length, struct convert *out)
{
	struct reading *reading = xcalloc(1, sizeof *reading);
	struct fdm_words *words = &reading->words;

	reading->out = out;
	words->out = out;
	words->at = text;
	words->end = text + length;
	words->line = 1;
	fdm_next(words);
	while (!out->failed && words->token.kind != FDM_END) {
		if (fdm_is(words, "account"))
			read_account(reading);
		else if (fdm_is(words, "action"))
			read_action(reading);
		else if (fdm_is(words, "match"))
			read_match(reading);
		else if (fdm_is(words, "set"))
			read_set(reading);
		else if (fdm_is(words, "cache"))
			read_cache(reading);
		else if (reading->in_rule)
			fdm_next(words);
		else
			fdm_unexpected(words);
	}
	for (size_t i = 0; i < out->count && !out->failed; i++) {
		convert_put(&out->accounts[i], "proxy", reading->proxy);
		put_destination(reading, &out->accounts[i]);
	}
	release(reading);
}
