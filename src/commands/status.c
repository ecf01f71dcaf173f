/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/page.h"
#include "cli/report.h"
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
	int64_t now;
	struct store_overview seen;
	struct outlook outlook;
	size_t named;
};

static void make_due(const struct status *status, struct buffer *line)
{
	const struct policy *policy = &status->account->policy;
	const struct outlook *outlook = &status->outlook;
	char date[REPORT_TIME_MAX];

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
			line, ", next on %s", report_date(date, outlook->next));
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

static void print_failure(const struct status *status)
{
	const struct store_run *last = &status->seen.last;
	char age[40];
	char error[REPORT_LONG_MAX];

	if (last->ended == 0 || last->status == 0)
		return;
	page_line(INDENT, "  the last run failed %s, with exit status %d: %s",
		text_age(age, sizeof age, status->now - last->ended),
		last->status, report_long(error, last->error));
}

static void print_quarantined(const struct store_trouble *trouble, void *data)
{
	struct status *status = data;
	char error[REPORT_LONG_MAX];

	if (status->named++ >= NAMED_MAX)
		return;
	char *uid = uid_text(trouble->uid);

	page_line(INDENT + 2, "    uid %s: %" PRIu64 " failed %s, the last: %s",
		uid, trouble->tries,
		text_plural(trouble->tries, "attempt", "attempts"),
		report_long(error, trouble->error));
	free(uid);
}

static const char *it_or_them(uint64_t n)
{
	return text_plural(n, "it", "them");
}

/* Prints what the user may want to act on. */
static bool print_particulars(
	struct status *status, struct store *store, struct error *err)
{
	const struct store_overview *seen = &status->seen;
	const char *name = status->account->name;

	if (seen->at_work)
		page_line(INDENT, "  a run is in progress");
	if (seen->counted > 0)
		page_line(INDENT,
			"  %" PRIu64
			" on the server %s as seen, never fetched (import, "
			"mark-seen or start)",
			seen->counted,
			text_plural(seen->counted, "counts", "count"));
	if (seen->too_large > 0)
		page_line(INDENT,
			"  %" PRIu64
			" on the server larger than max-size (keepmail list --local %s shows %s)",
			seen->too_large, name, it_or_them(seen->too_large));
	if (seen->held > 0)
		page_line(INDENT,
			"  %" PRIu64
			" held: never deleted from the server (keepmail release %s UID releases %s)",
			seen->held, name, it_or_them(seen->held));
	if (seen->missing > 0)
		page_line(INDENT,
			"  %" PRIu64
			" missing here (keepmail list --local %s shows %s)",
			seen->missing, name, it_or_them(seen->missing));
	if (seen->damaged > 0)
		page_line(INDENT,
			"  %" PRIu64
			" found damaged or missing by keepmail verify (keepmail list --local %s shows %s)",
			seen->damaged, name, it_or_them(seen->damaged));
	if (seen->in_trouble > 0)
		page_line(INDENT,
			"  %" PRIu64
			" failed so far; later runs try again (keepmail list --local %s shows %s)",
			seen->in_trouble, name, it_or_them(seen->in_trouble));
	if (seen->quarantined == 0)
		return true;
	page_line(INDENT,
		"  %" PRIu64
		" in quarantine: left on the server and no longer tried (keepmail history %s UID shows more)",
		seen->quarantined, name);
	if (!store_each_trouble(store, NULL, print_quarantined, status, err))
		return false;
	if (status->named > NAMED_MAX)
		page_line(
			INDENT, "    and %zu more", status->named - NAMED_MAX);
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
	page_line(INDENT, "%s: %.*s", status->account->name,
		(int)buffer_length(&line), buffer_bytes(&line));
	buffer_release(&line);
	print_failure(status);
	return print_particulars(status, store, err);
}

static void print_json(const struct status *status)
{
	const struct store_overview *seen = &status->seen;
	const struct store_run *last = &seen->last;

	printf("{\"account\":");
	json_string(status->account->name, strlen(status->account->name));
	printf(",\"status\":0");
	json_time("last_success", seen->last_success);
	if (last->ended == 0)
		printf(",\"last_run\":null");
	else
		printf(",\"last_run\":{\"started\":%" PRId64
		       ",\"ended\":%" PRId64 ",\"status\":%d",
			last->started, last->ended, last->status);
	if (last->ended != 0 && last->error[0] != '\0')
		json_field("error", last->error);
	if (last->ended != 0)
		putchar('}');
	printf(",\"at_work\":%s,\"kept\":%" PRIu64 ",\"octets\":%" PRIu64
	       ",\"on_server\":%" PRIu64 ",\"due\":%" PRIu64,
		seen->at_work ? "true" : "false", seen->kept, seen->octets,
		seen->on_server, status->outlook.due);
	json_time("next_due", status->outlook.next);
	printf(",\"held\":%" PRIu64 ",\"missing\":%" PRIu64
	       ",\"trouble\":%" PRIu64 ",\"quarantined\":%" PRIu64
	       ",\"seen\":%" PRIu64 ",\"too_large\":%" PRIu64
	       ",\"damaged\":%" PRIu64 "}\n",
		seen->held, seen->missing, seen->in_trouble, seen->quarantined,
		seen->counted, seen->too_large, seen->damaged);
}

static bool show_status(struct status *status, bool json, struct error *err)
{
	const struct account *account = status->account;
	const struct policy *policy = &account->policy;

	if (!privilege_become(account, err))
		return false;
	struct store *store =
		store_open(account->state, account->name, STORE_LOOK, err);
	bool ok = store != NULL &&
		store_overview(store, policy_kept_until(policy, status->now),
			&status->seen, err);

	if (ok) {
		status->outlook = policy_outlook(policy, status->seen.on_server,
			status->seen.over, status->seen.oldest_other);
		if (json)
			print_json(status);
		else
			ok = print_words(status, store, err);
	}
	store_close(store);
	return ok;
}

static int status_account(struct account *account,
	const struct run_options *options, void *context)
{
	struct status status = {.account = account, .now = now_seconds()};
	struct error err = {.kind = ERROR_NONE};

	(void)context;
	log_account(account->name);
	if (!show_status(&status, options->json, &err)) {
		log_error(&err);
		if (options->json)
			json_error(account->name, &err);
	}
	return error_status(err.kind);
}

int command_status(const struct invocation *invocation)
{
	static const struct account_verb show_status = {
		.task = status_account, .in_place = true};
	struct run_options options = run_options_make(invocation);

	return accounts_run(invocation->accounts, invocation->account_count, 1,
		&show_status, &options);
}
