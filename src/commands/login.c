/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/format.h"
#include "cli/report.h"
#include "core/text.h"
#include "core/xalloc.h"
#include "engine/oauth_login.h"
#include "engine/state.h"
#include "io/process/log.h"
#include "io/process/privilege.h"

static void tell(void *data, const char *line)
{
	size_t size = 4 * strlen(line) + 1;
	char *shown = xmalloc(size);

	/* A URL must stay whole, so that it can be copied. */
	report_print(data, "%s\n",
		text_printable_long(shown, size, line, strlen(line)));
	report_flush();
	free(shown);
}

static bool read_line(void *data, char *room, size_t size)
{
	(void)data;
	if (fgets(room, (int)size, stdin) == NULL)
		return false;
	size_t length = strcspn(room, "\r\n");

	room[length] = '\0';
	return length > 0;
}

/* Can a browser be started here, that comes back to this machine? */
static bool has_display(void)
{
	static const char *const names[] = {
		"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *value = getenv(names[i]);

		if (value != NULL && value[0] != '\0')
			return true;
	}
	return false;
}

/* The way that was chosen, or that suits this machine. */
static bool choose_way(const struct invocation *invocation,
	const struct oauth_user *user, enum oauth_way *way, struct error *err)
{
	static const struct {
		enum option_id id;
		enum oauth_way way;
	} ways[] = {
		{OPTION_DEVICE, OAUTH_BY_DEVICE},
		{OPTION_BROWSER, OAUTH_BY_BROWSER},
		{OPTION_PASTE, OAUTH_BY_PASTE},
	};

	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		if ((invocation->options.given & OPTION_BIT(ways[i].id)) == 0)
			continue;
		*way = ways[i].way;
		return oauth_login_can(user, *way) ||
			error_set(err, ERROR_USAGE,
				"the provider of account %s has no login%s by --%s: use another way",
				user->account->name, user->where,
				option_rows[ways[i].id].name);
	}
	*way = user->oauth->as_client ? OAUTH_BY_ITSELF
		: has_display() && oauth_login_can(user, OAUTH_BY_BROWSER)
		? OAUTH_BY_BROWSER
		: oauth_login_can(user, OAUTH_BY_DEVICE) ? OAUTH_BY_DEVICE
							 : OAUTH_BY_PASTE;
	return true;
}

static void report_login(struct report *report, const struct oauth_user *user,
	const struct oauth_login *login)
{
	const char *name = user->account->name;
	char date[FORMAT_TIME_MAX];

	if (login->renews)
		report_line(report, 0,
			"%s: logged in%s; the login is renewed by each run. Test it with keepmail check %s",
			name, user->where, name);
	else
		report_line(report, 0,
			"%s: logged in%s until %s; the provider gave no refresh token, so that keepmail cannot renew it: check %sscope",
			name, user->where, format_time(date, login->expires),
			user->prefix);
}

static bool log_in(const struct invocation *invocation,
	const struct oauth_user *user, struct error *err)
{
	struct report report = report_to(false);
	const struct oauth_talk talk = {
		.data = &report,
		.tell = tell,
		.read = read_line,
		.stop = invocation->stop,
	};
	struct oauth_login login;
	enum oauth_way way = OAUTH_BY_ITSELF;

	if (!choose_way(invocation, user, &way, err) ||
		!oauth_login(user, way, &talk, &login, err))
		return false;
	report_login(&report, user, &login);
	return true;
}

/* The logins of an account by OAuth. */
static size_t list_users(
	const struct account *account, struct oauth_user users[2])
{
	size_t count = 0;

	if (account->oauth.provider != OAUTH_NONE)
		users[count++] = oauth_source(account);
	if (account->destination.gmail.oauth.provider != OAUTH_NONE)
		users[count++] = oauth_gmail(account);
	return count;
}

int command_login(const struct invocation *invocation)
{
	const struct account *account = invocation->accounts[0];
	struct error err = {.kind = ERROR_NONE};
	struct oauth_user users[2];
	size_t count = list_users(account, users);

	log_account(account->name);
	bool ok = count > 0 ||
		error_set(&err, ERROR_USAGE,
			"account %s logs in with a password: set oauth = microsoft, google or other in %s to log in by OAuth",
			account->name, account->file);

	ok = ok && privilege_become(account, &err) &&
		state_is_safe(account, &err);
	for (size_t i = 0; ok && i < count; i++)
		ok = log_in(invocation, &users[i], &err);
	if (err.kind != ERROR_NONE)
		log_error(&err);
	return error_status(err.kind);
}

static bool log_out(const struct token_place *place,
	const volatile sig_atomic_t *stop, bool *was, struct error *err)
{
	const struct patience wait = patience_begin(90, stop);
	struct token_file file;
	bool removed = false;

	if (!token_file_open(&file, place, &wait, err))
		return false;
	bool ok = token_file_remove(&file, &removed, err);

	*was = *was || removed;
	token_file_close(&file);
	return ok;
}

int command_logout(const struct invocation *invocation)
{
	const struct account *account = invocation->accounts[0];
	const struct oauth_user users[] = {
		oauth_source(account), oauth_gmail(account)};
	struct error err = {.kind = ERROR_NONE};
	bool was = false;

	log_account(account->name);
	if (privilege_become(account, &err) && state_is_safe(account, &err) &&
		log_out(&users[0].place, invocation->stop, &was, &err) &&
		log_out(&users[1].place, invocation->stop, &was, &err))
		log_line(LOG_SUMMARY, "%s",
			was ? "the login was removed from this machine; the provider still allows the client: end that in the provider's account settings"
			    : "there was no login");
	if (err.kind != ERROR_NONE)
		log_error(&err);
	return error_status(err.kind);
}
