/* SPDX-License-Identifier: ISC */
/*
 * fetchmail's rc file: words in any lines; "poll SERVER ... user NAME ...",
 * where the options of a server come before its users, and each user is an
 * account. What is not of this form is refused, as fetchmail does.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/buffer.h"
#include "core/convert_fetchmail.h"
#include "core/xalloc.h"

#define COMMAND_MAX (64 * 1024)

/* What a local user's name is made of, so that a shell takes it as it is. */
static const char name_letters[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

static void copy_entry(struct fm_entry *to, const struct fm_entry *from)
{
	for (size_t i = 0; i < FM_FIELDS; i++) {
		if (to->values[i] == NULL)
			to->values[i] = xstrdup(from->values[i]);
	}
	to->doubt = to->doubt || from->doubt;
	if (to->refused == NULL)
		to->refused = xstrdup(from->refused);
}

static void release_entry(struct fm_entry *entry)
{
	for (size_t i = 0; i < FM_FIELDS; i++)
		convert_free(entry->values[i]);
	free(entry->refused);
	*entry = (struct fm_entry){.line = 0};
}

/* Puts the local user's name in the place of %T; NULL: it cannot be done. */
static char *put_local(const struct fm_entry *user)
{
	const char *local = user->values[FM_LOCAL];
	const char *at = user->values[FM_MDA];
	bool ok = local == NULL ||
		(local[0] != '-' &&
			strspn(local, name_letters) == strlen(local));
	struct buffer line;

	buffer_init(&line, COMMAND_MAX);
	while (ok && *at != '\0') {
		bool is_local = strncmp(at, "%T", 2) == 0;
		/* An old name of the same; what else it is, is not known. */
		bool other = *at == '%' && !is_local && at[1] != 'F';

		if (is_local)
			ok = local != NULL &&
				buffer_append(&line, local, strlen(local));
		else
			ok = !other && buffer_append(&line, at, 1);
		at += is_local ? 2 : 1;
	}
	char *text = ok
		? xasprintf("%.*s", (int)buffer_length(&line),
			  buffer_length(&line) == 0 ? "" : buffer_bytes(&line))
		: NULL;

	buffer_wipe(&line);
	return text;
}

static void put_mda(struct fm_reading *reading, const struct fm_entry *user,
	struct convert_account *to)
{
	const char *mda = user->values[FM_MDA];
	char *line = mda == NULL ? NULL : put_local(user);

	if (mda == NULL)
		convert_note(reading->out, user->line,
			"fetchmail hands this mail to port 25 of this machine by SMTP; keepmail does not: choose a Maildir, an mbox, lmtp or pipe");
	else if (line == NULL)
		convert_note(reading->out, user->line,
			"%% in mda needs the name of one local user: choose a Maildir, an mbox, lmtp or pipe");
	else if (user->values[FM_LOCAL] != NULL && strstr(mda, "%T") == NULL)
		convert_note(reading->out, user->line,
			"the command in mda gets this mail as the user who runs keepmail, not as %s",
			user->values[FM_LOCAL]);
	if (line == NULL ||
		(user->values[FM_LOCAL] != NULL && strstr(mda, "%T") == NULL))
		to->doubt = true;
	if (line != NULL)
		convert_put_pipe(reading->out, to, line);
	free(line);
}

static void put_connection(struct fm_reading *reading,
	const struct fm_entry *user, struct convert_account *to)
{
	char *const *values = user->values;
	bool ssl = values[FM_SSL] != NULL && values[FM_SSL][0] == 'y';
	bool plain =
		values[FM_SSLPROTO] != NULL && values[FM_SSLPROTO][0] == '\0';

	convert_put_tls(reading->out, to,
		ssl		? CONVERT_IMPLICIT
			: plain ? CONVERT_CLEAR
				: CONVERT_STARTTLS,
		values[FM_PORT]);
	convert_put_ca(to, "sslcertfile", values[FM_CA]);
	if (values[FM_TRUST] != NULL)
		convert_distrust(to, "sslfingerprint or sslcertpath");
	convert_put_file(reading->out, to, "tls-key", values[FM_KEY]);
	convert_put_file(reading->out, to, "tls-cert", values[FM_CERT]);
}

static void put_auth(const struct fm_entry *user, struct convert_account *to)
{
	const char *protocol = user->values[FM_PROTOCOL];
	const char *auth = user->values[FM_AUTH];

	if (auth != NULL &&
		(strcmp(auth, "cram-md5") == 0 || strcmp(auth, "cram") == 0))
		convert_put(to, "auth", "cram-md5");
	else if (protocol != NULL && strcasecmp(protocol, "apop") == 0)
		convert_put(to, "auth", "apop");
	else if (auth != NULL && strcmp(auth, "any") != 0 &&
		strcmp(auth, "password") != 0)
		convert_refuse(to, "auth %s has no counterpart", auth);
}

/* By IMAP, only mail that is new would have been fetched, and deleted. */
static void put_protocol(struct fm_reading *reading,
	const struct fm_entry *user, struct convert_account *to)
{
	const char *protocol = user->values[FM_PROTOCOL];
	const char *port = convert_get(to, "port");

	if (protocol != NULL && strcasecmp(protocol, "auto") != 0)
		return;
	convert_note(reading->out, user->line,
		"without a protocol, fetchmail tries IMAP first; keepmail uses POP3");
	to->doubt = true;
	if (strcmp(port, "143") == 0 || strcmp(port, "993") == 0)
		convert_refuse(to, "its port %s is that of IMAP", port);
}

static void put_rest(struct fm_reading *reading, const struct fm_entry *user,
	struct convert_account *to)
{
	char *const *values = user->values;

	if (values[FM_LIMIT] != NULL && !convert_is_zero(values[FM_LIMIT]))
		convert_put(to, "max-size", values[FM_LIMIT]);
	if (values[FM_TIMEOUT] != NULL && !convert_is_zero(values[FM_TIMEOUT]))
		convert_put(to, "timeout", values[FM_TIMEOUT]);
	/* Only an explicit "nokeep": the default is not enough. */
	if (values[FM_KEEP] != NULL)
		convert_put(to, "delete",
			values[FM_KEEP][0] == 'y' ? "never" : "now");
	if (reading->idfile != NULL)
		convert_set_seen(to, reading->idfile);
}

/* Is it fetched by POP3, and each time? Otherwise says why not. */
static bool is_wanted(struct fm_reading *reading, const struct fm_entry *user)
{
	static const char *const pop3[] = {"pop3", "apop", "auto", NULL};
	const char *protocol = user->values[FM_PROTOCOL];
	const char *const *one = pop3;

	while (protocol != NULL && *one != NULL &&
		strcasecmp(*one, protocol) != 0)
		one++;
	if (protocol != NULL && *one == NULL) {
		convert_note(reading->out, user->line,
			"%s on %s uses %s, and was not converted: keepmail fetches by POP3, for one user",
			user->values[FM_USER] == NULL ? "a user"
						      : user->values[FM_USER],
			reading->host, protocol);
		return false;
	}
	if (reading->skipped)
		convert_note(reading->out, user->line,
			"%s is skipped unless it is named, and was not converted: write poll in the place of skip to convert it",
			reading->host);
	return !reading->skipped;
}

/* Ends a user: it becomes an account, or the defaults. */
static void end_user(struct fm_reading *reading, struct fm_entry *user)
{
	if (strcmp(reading->host, "defaults") == 0) {
		if (reading->has_defaults || reading->has_server)
			convert_fail(reading->out, user->line,
				"defaults are there twice, or not first");
		reading->has_defaults = true;
		copy_entry(&reading->defaults, user);
		return;
	}
	reading->has_server = true;
	copy_entry(user, &reading->defaults);
	if (!is_wanted(reading, user))
		return;
	struct convert_account *to =
		convert_begin(reading->out, reading->host, user->line);

	to->doubt = user->doubt;
	if (user->refused != NULL) {
		convert_refuse(to, "%s", user->refused);
		return;
	}
	convert_put(to, "server",
		user->values[FM_VIA] != NULL ? user->values[FM_VIA]
					     : reading->host);
	convert_put(to, "user", user->values[FM_USER]);
	convert_put(to, "password", user->values[FM_PASSWORD]);
	put_connection(reading, user, to);
	put_auth(user, to);
	put_protocol(reading, user, to);
	put_mda(reading, user, to);
	put_rest(reading, user, to);
}

/*
 * "user NAME", "user NAME there", "user LOCAL here"; or "is" and "to". Takes
 * the names, and whose they are.
 */
static void take_names(
	struct fm_reading *reading, struct fm_entry *user, bool remote)
{
	struct fm_names names;
	char **field = &user->values[remote ? FM_USER : FM_LOCAL];

	fm_read_names(reading, &names);
	if (fm_is(reading, "here")) {
		field = &user->values[FM_LOCAL];
		fm_next(reading);
	} else if (fm_is(reading, "there")) {
		field = &user->values[FM_USER];
		fm_next(reading);
	}
	if (names.several && field == &user->values[FM_LOCAL]) {
		/* By its addresses, mail goes to one or another. */
		convert_leave_out(reading->out, reading->token.line,
			"sorting mail for several local users");
		user->doubt = true;
	} else if (names.several) {
		convert_fail(reading->out, reading->token.line,
			"a user has several names");
	} else {
		convert_replace(field, xstrdup(names.first));
	}
	free(names.first);
}

static void take_option(struct fm_reading *reading,
	const struct fm_option *option, bool on, struct fm_entry *entry)
{
	char *value = fm_read_value(reading, option, on);
	enum fm_effect effect = option->effect;
	bool left_out = effect == FM_NOTED || effect == FM_DOUBTED;

	if (effect < FM_FIELDS) {
		convert_replace(&entry->values[effect], value);
		return;
	}
	convert_free(value);
	if (effect == FM_NAMES)
		take_names(reading, entry, false);
	if (left_out && on)
		convert_leave_out(
			reading->out, reading->token.line, option->name);
	if (effect == FM_DOUBTED && on)
		entry->doubt = true;
	if (effect == FM_REFUSED && entry->refused == NULL)
		entry->refused =
			xasprintf("%s has no counterpart", option->name);
}

/* Takes all options of a server, or of a user. Were there any? */
static bool take_options(
	struct fm_reading *reading, bool of_user, struct fm_entry *entry)
{
	const struct fm_option *option;
	bool any = false;
	bool on;

	while (!reading->out->failed &&
		(option = fm_find_option(reading, of_user, &on)) != NULL) {
		take_option(reading, option, on, entry);
		any = true;
	}
	return any;
}

/* "user NAME" and its options. */
static void take_user(struct fm_reading *reading, const struct fm_entry *server)
{
	struct fm_entry user = {.line = reading->token.line};

	copy_entry(&user, server);
	fm_next_name(reading);
	take_names(reading, &user, true);
	take_options(reading, true, &user);
	if (!reading->out->failed)
		end_user(reading, &user);
	release_entry(&user);
}

static bool is_user(const struct fm_reading *reading)
{
	return fm_is(reading, "user") || fm_is(reading, "username");
}

/* "poll SERVER", "skip SERVER" or "defaults", and what belongs to it. */
static void take_server(struct fm_reading *reading)
{
	struct fm_entry server = {.line = reading->token.line};
	bool defaults = fm_is(reading, "defaults");

	reading->skipped = fm_is(reading, "skip");
	convert_replace(&reading->host,
		defaults ? xstrdup("defaults") : fm_read_text(reading));
	if (defaults)
		fm_next(reading);
	take_options(reading, false, &server);
	bool alone = take_options(reading, true, &server) || !is_user(reading);

	/* Its options are those of one user. */
	if (alone && !reading->out->failed)
		end_user(reading, &server);
	while (!alone && !reading->out->failed && is_user(reading))
		take_user(reading, &server);
	release_entry(&server);
}

/* "set NAME VALUE": about fetchmail itself. */
static void take_set(struct fm_reading *reading)
{
	static const char *const others[] = {"logfile", "pidfile", "daemon",
		"postmaster", "properties", NULL};

	fm_next(reading);
	bool no = reading->token.no;

	reading->token.no = false;
	if (fm_is_any(reading, fm_set_flags))
		fm_next(reading);
	else if (!no && fm_is_any(reading, others))
		free(fm_read_text(reading));
	else if (!no && fm_is(reading, "idfile"))
		convert_replace(&reading->idfile, fm_read_text(reading));
	else
		fm_unexpected(reading);
}

void convert_fetchmail(const char *text, size_t length, struct convert *out)
{
	struct fm_reading reading = {
		.out = out, .at = text, .end = text + length, .line = 1};

	fm_next(&reading);
	while (!out->failed && reading.token.kind != FM_END) {
		if (fm_is(&reading, "set"))
			take_set(&reading);
		else if (fm_is(&reading, "poll") || fm_is(&reading, "server") ||
			fm_is(&reading, "skip") || fm_is(&reading, "defaults"))
			take_server(&reading);
		else
			fm_unexpected(&reading);
	}
	release_entry(&reading.defaults);
	convert_free(reading.token.text);
	free(reading.host);
	free(reading.idfile);
}
