/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/format.h"
#include "cli/report_run.h"
#include "commands/run_options.h"
#include "core/buffer.h"
#include "core/error.h"
#include "core/policy.h"
#include "core/text.h"
#include "core/uid_name.h"
#include "engine/accounts.h"
#include "io/process/log.h"
#include "io/process/now.h"
#include "io/process/privilege.h"
#include "io/process/token_file.h"
#include "io/store/store_look.h"
#include "io/store/store_others.h"
#include "io/store/store_run.h"

/* At most this many quarantined messages are listed individually. */
#define NAMED_MAX 10

/* Indentation of continuation lines. */
#define INDENT 4

/* The first line of an account consists of numbers and fixed words. */
#define LINE_MAX_OCTETS 1000

/* What is recorded of an account, and what follows from it. */
struct status {
	const struct account *account;
	struct report report;
	int64_t now;
	struct store_overview seen;
	struct outlook outlook;
	size_t named;
	bool logged_in; /* by OAuth: there is a record */
	struct token_record login;
};

static void make_due(const struct status *status, struct buffer *line)
{
	const struct policy *policy = &status->account->policy;
	const struct outlook *outlook = &status->outlook;
	char date[FORMAT_TIME_MAX];

	if (policy->erase == ERASE_WHEN_TRASHED ||
		policy->erase == ERASE_WHEN_PURGED)
		buffer_printf(line, ", due when %s here",
			policy->erase == ERASE_WHEN_TRASHED ? "trashed"
							    : "gone");
	else if (policy->erase == ERASE_NEVER && !policy_erases_later(policy))
		buffer_printf(line, ", nothing is due (delete = never)");
	else if (policy->erase == ERASE_NEVER)
		buffer_printf(
			line, ", due by size (keepmail -n asks the server)");
	else if (outlook->due > 0)
		buffer_printf(line, ", %" PRIu64 " due now", outlook->due);
	else
		buffer_printf(line, ", none due now");
	if (outlook->next != 0)
		buffer_printf(
			line, ", next on %s", format_date(date, outlook->next));
}

static void make_success(const struct status *status, struct buffer *line)
{
	const struct store_overview *seen = &status->seen;
	char age[40];

	if (seen->last_success != 0)
		buffer_printf(line, "last success %s",
			text_age(age, sizeof age,
				status->now - seen->last_success));
	else if (seen->last.ended != 0)
		buffer_printf(line, "no success on record");
	else
		buffer_printf(line, "never fetched");
}

static void print_failure(struct status *status)
{
	const struct store_run *last = &status->seen.last;
	char age[40];
	char error[FORMAT_LONG_MAX];

	if (last->ended == 0 || last->status == 0)
		return;
	report_line(&status->report, INDENT,
		"  the last run failed %s, with exit status %d: %s",
		text_age(age, sizeof age, status->now - last->ended),
		last->status, format_long(error, last->error));
}

static void print_quarantined(const struct store_trouble *trouble, void *data)
{
	struct status *status = data;
	char error[FORMAT_LONG_MAX];

	if (status->named++ >= NAMED_MAX)
		return;
	char *uid = uid_text(trouble->uid);

	report_line(&status->report, INDENT + 2,
		"    uid %s: %" PRIu64 " failed %s, the last: %s", uid,
		trouble->tries,
		text_plural(trouble->tries, "attempt", "attempts"),
		format_long(error, trouble->error));
	free(uid);
}

static const char *it_or_them(uint64_t n)
{
	return text_plural(n, "it", "them");
}

/* Prints what is recorded of a login by OAuth. */
static void print_login(struct status *status)
{
	const struct account *account = status->account;
	int64_t ends =
		token_record_ends(&status->login, account->oauth.provider);
	char date[FORMAT_TIME_MAX];
	char age[40];

	if (account->oauth.provider == OAUTH_NONE || account->oauth.as_client)
		return;
	if (!status->logged_in)
		report_line(&status->report, INDENT,
			"  not logged in: run keepmail login %s",
			account->name);
	else if (status->login.refused != 0)
		report_line(&status->report, INDENT,
			"  the login is no longer valid: run keepmail login %s",
			account->name);
	else if (ends != 0)
		report_line(&status->report, INDENT,
			"  the login is good until %s, %s",
			format_date(date, ends),
			status->login.refresh == NULL
				? "and is not renewed: the provider gave no refresh token"
				: "and longer if it is used before");
	else
		report_line(&status->report, INDENT,
			"  the login was renewed %s",
			text_age(age, sizeof age,
				status->now - status->login.renewed));
}

/* Prints what the user may want to act on. */
static bool print_particulars(
	struct status *status, struct store *store, struct error *err)
{
	const struct store_overview *seen = &status->seen;
	const char *name = status->account->name;

	if (seen->at_work)
		report_line(&status->report, INDENT, "  a run is in progress");
	if (seen->counted > 0)
		report_line(&status->report, INDENT,
			"  %" PRIu64
			" on the server %s as seen, never fetched (import, "
			"mark-seen or start)",
			seen->counted,
			text_plural(seen->counted, "counts", "count"));
	if (seen->too_large > 0)
		report_line(&status->report, INDENT,
			"  %" PRIu64
			" on the server larger than max-size (keepmail list --local %s shows %s)",
			seen->too_large, name, it_or_them(seen->too_large));
	if (seen->held > 0)
		report_line(&status->report, INDENT,
			"  %" PRIu64
			" held: never deleted from the server (keepmail release %s UID releases %s)",
			seen->held, name, it_or_them(seen->held));
	if (seen->missing > 0)
		report_line(&status->report, INDENT,
			"  %" PRIu64
			" missing here (keepmail list --local %s shows %s)",
			seen->missing, name, it_or_them(seen->missing));
	if (seen->damaged > 0)
		report_line(&status->report, INDENT,
			"  %" PRIu64
			" found damaged or missing by keepmail verify (keepmail list --local %s shows %s)",
			seen->damaged, name, it_or_them(seen->damaged));
	if (seen->in_trouble > 0)
		report_line(&status->report, INDENT,
			"  %" PRIu64
			" failed so far; later runs try again (keepmail list --local %s shows %s)",
			seen->in_trouble, name, it_or_them(seen->in_trouble));
	if (seen->quarantined == 0 || report_is_json(&status->report))
		return true;
	report_line(&status->report, INDENT,
		"  %" PRIu64
		" in quarantine: left on the server and no longer tried (keepmail history %s UID shows more)",
		seen->quarantined, name);
	if (!store_each_trouble(store, NULL, print_quarantined, status, err))
		return false;
	if (status->named > NAMED_MAX)
		report_line(&status->report, INDENT, "    and %zu more",
			status->named - NAMED_MAX);
	return true;
}

static bool print_words(
	struct status *status, struct store *store, struct error *err)
{
	const struct store_overview *seen = &status->seen;
	struct buffer line;
	char size[32];

	/* A hold or retry alone makes a store that says nothing of mail. */
	bool used = seen->last_success != 0 || seen->last.ended != 0 ||
		seen->kept > 0 || seen->on_server > 0;

	buffer_init(&line, LINE_MAX_OCTETS);
	make_success(status, &line);
	if (seen->known && used) {
		buffer_printf(&line,
			"; %" PRIu64 " kept (%s), %" PRIu64 " on the server",
			seen->kept, text_size(size, sizeof size, seen->octets),
			seen->on_server);
		if (seen->on_server > 0)
			make_due(status, &line);
	}
	report_line(&status->report, INDENT, "%s: %.*s", status->account->name,
		(int)buffer_length(&line), buffer_bytes(&line));
	buffer_release(&line);
	print_failure(status);
	print_login(status);
	return print_particulars(status, store, err);
}

static void report_last_run(struct report *report, const struct store_run *last)
{
	if (last->ended == 0) {
		report_null(report, "last_run");
		return;
	}
	report_begin_object(report, "last_run");
	report_number(report, "started", last->started);
	report_number(report, "ended", last->ended);
	report_number(report, "status", last->status);
	report_optional(report, "error", last->error);
	report_end(report);
}

static void report_login(struct report *report, const struct status *status)
{
	const struct token_record *login = &status->login;

	if (!status->logged_in) {
		report_null(report, "login");
		return;
	}
	report_begin_object(report, "login");
	report_time(report, "granted", login->granted);
	report_time(report, "renewed", login->renewed);
	report_time(report, "refused", login->refused);
	report_time(report, "ends",
		token_record_ends(login, status->account->oauth.provider));
	report_end(report);
}

static void report_fields(struct status *status)
{
	const struct store_overview *seen = &status->seen;
	struct report *report = &status->report;

	report_begin(report, status->account->name);
	report_number(report, "status", 0);
	report_time(report, "last_success", seen->last_success);
	report_last_run(report, &seen->last);
	report_flag(report, "at_work", seen->at_work);
	report_count(report, "kept", seen->kept);
	report_count(report, "octets", seen->octets);
	report_count(report, "on_server", seen->on_server);
	report_count(report, "due", status->outlook.due);
	report_time(report, "next_due", status->outlook.next);
	report_count(report, "held", seen->held);
	report_count(report, "missing", seen->missing);
	report_count(report, "trouble", seen->in_trouble);
	report_count(report, "quarantined", seen->quarantined);
	report_count(report, "seen", seen->counted);
	report_count(report, "too_large", seen->too_large);
	report_count(report, "damaged", seen->damaged);
	if (status->account->oauth.provider != OAUTH_NONE)
		report_login(report, status);
	report_end(report);
}

static bool show_status(struct status *status, struct error *err)
{
	const struct account *account = status->account;
	const struct policy *policy = &account->policy;

	if (!privilege_become(account, err))
		return false;
	struct store *store =
		store_open(account->state, account->name, STORE_LOOK, err);
	const struct token_place place = {
		account->state, account->name, TOKEN_SOURCE};
	bool ok = store != NULL &&
		(account->oauth.provider == OAUTH_NONE ||
			token_file_read(&place, &status->logged_in,
				&status->login, err)) &&
		store_overview(store, policy_kept_until(policy, status->now),
			&status->seen, err);

	if (ok) {
		status->outlook = policy_outlook(policy, status->seen.on_server,
			status->seen.over, status->seen.oldest_other);
		report_fields(status);
		ok = print_words(status, store, err);
	}
	store_close(store);
	return ok;
}

static int status_account(struct account *account,
	const struct run_options *options, void *context)
{
	struct status status = {.account = account,
		.report = report_to(options->json),
		.now = now_seconds()};
	struct error err = {.kind = ERROR_NONE};

	(void)context;
	log_account(account->name);
	if (!show_status(&status, &err))
		report_error(&status.report, account, &err);
	token_record_release(&status.login);
	return error_status(err.kind);
}

int command_status(const struct invocation *invocation)
{
	static const struct account_verb show_status = {.task = status_account,
		.in_place = true,
		.report_failure = report_task_failure};
	struct run_options options = run_options_make(invocation);

	return accounts_run(invocation->accounts, invocation->account_count, 1,
		&show_status, &options);
}
