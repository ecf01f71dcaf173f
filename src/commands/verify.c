/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "cli/command.h"
#include "cli/format.h"
#include "cli/report.h"
#include "commands/run_options.h"
#include "core/text.h"
#include "core/uid_name.h"
#include "core/xalloc.h"
#include "engine/accounts.h"
#include "engine/copies.h"
#include "engine/state.h"
#include "io/mail/local.h"
#include "io/process/log.h"
#include "io/process/now.h"
#include "io/process/privilege.h"
#include "io/store/store_copy.h"
#include "io/store/store_look.h"

/* The result of verifying a copy. */
struct result {
	int64_t row;
	enum store_damage damage;
};

struct verify {
	const struct account *account;
	const struct run_options *options;
	struct report report;
	struct store *store;
	struct local *local;
	struct progress progress;
	struct progress_bar bar;
	uint64_t total;
	uint64_t trashed;
	uint64_t missing;
	uint64_t changed;
	uint64_t unreadable;
	int64_t *damaged; /* owned; rows of those still on the server */
	size_t damaged_count;
	struct result *results; /* owned; one for each copy */
	size_t result_count;
	bool records; /* the store is writable */
};

static const char *state_word(enum local_state state)
{
	switch (state) {
	case LOCAL_UNKNOWN:
	case LOCAL_HERE:
	case LOCAL_CONFIRMED:
		return "here";
	case LOCAL_TRASHED:
		return "trashed";
	case LOCAL_GONE:
		return "missing";
	case LOCAL_CHANGED:
		return "changed";
	case LOCAL_UNREADABLE:
		return "unreadable";
	case LOCAL_UNTRACED:
		return "missing";
	}
	return "";
}

static void show_copy(struct verify *verify, const struct store_copy *copy,
	enum local_state state)
{
	struct report *report = &verify->report;
	char *path = local_path(verify->local, &copy->letter);
	char *uid = uid_text(copy->uid);
	char shown[FORMAT_LONG_MAX];

	progress_clear(&verify->bar);
	report_begin(report, verify->account->name);
	report_bytes(report, "uid", copy->uid.bytes, copy->uid.length);
	report_string(report, "state", state_word(state));
	if (path != NULL)
		report_string(report, "path", path);
	report_flag(report, "on_server", copy->listed);
	report_end(report);
	report_line(report, 4, "%s: %-10s uid %s%s%s%s", verify->account->name,
		state_word(state), uid, path == NULL ? "" : ", ",
		path == NULL ? "" : format_long(shown, path),
		copy->listed ? "" : " (no longer on the server)");
	free(uid);
	free(path);
}

static void note_damaged(struct verify *verify, int64_t row)
{
	verify->damaged = xreallocarray(verify->damaged,
		verify->damaged_count + 1, sizeof verify->damaged[0]);
	verify->damaged[verify->damaged_count++] = row;
}

static enum store_damage damage_of(enum local_state state)
{
	switch (state) {
	case LOCAL_UNKNOWN:
	case LOCAL_HERE:
	case LOCAL_TRASHED:
	case LOCAL_CONFIRMED:
		return STORE_DAMAGE_NONE;
	case LOCAL_GONE:
	case LOCAL_UNTRACED:
		return STORE_DAMAGE_MISSING;
	case LOCAL_CHANGED:
		return STORE_DAMAGE_CHANGED;
	case LOCAL_UNREADABLE:
		return STORE_DAMAGE_UNREADABLE;
	}
	return STORE_DAMAGE_NONE;
}

static void note_result(
	struct verify *verify, int64_t row, enum store_damage damage)
{
	verify->results = xreallocarray(verify->results,
		verify->result_count + 1, sizeof verify->results[0]);
	verify->results[verify->result_count++] =
		(struct result){.row = row, .damage = damage};
}

static bool verify_copy(
	void *data, const struct store_copy *copy, struct error *err)
{
	struct verify *verify = data;
	struct letter letter = copy->letter;
	enum local_state state = local_find(verify->local, &letter);

	if (state == LOCAL_GONE)
		state = local_find_filed(verify->local, &copy->letter, &letter);
	if (*verify->options->stop)
		return error_set(err, ERROR_TEMPORARY, "stopped by a signal");
	verify->trashed += state == LOCAL_TRASHED;
	if (state == LOCAL_HERE || state == LOCAL_TRASHED)
		state = local_verify(verify->local, &letter);
	note_result(verify, copy->row, damage_of(state));
	verify->total++;
	verify->missing += state == LOCAL_GONE || state == LOCAL_UNTRACED;
	verify->changed += state == LOCAL_CHANGED;
	verify->unreadable += state == LOCAL_UNREADABLE;
	if (state != LOCAL_HERE && state != LOCAL_UNKNOWN) {
		show_copy(verify, copy, state);
		if (copy->listed)
			note_damaged(verify, copy->row);
	}
	progress_add(&verify->progress, 1, copy->letter.octets);
	if (verify->options->bar)
		progress_draw(&verify->bar, &verify->progress, 1);
	return true;
}

static bool count_copy(
	void *data, const struct store_copy *copy, struct error *err)
{
	struct verify *verify = data;

	(void)err;
	verify->progress.total_messages++;
	verify->progress.total_octets += copy->letter.octets;
	return true;
}

/*
 * Records the results for status and list --local, which do not verify copies
 * themselves.
 */
static bool record_results(struct verify *verify, struct error *err)
{
	if (!verify->records)
		return true;
	if (!store_begin(verify->store, err))
		return false;
	for (size_t i = 0; i < verify->result_count; i++) {
		if (!store_record_damage(verify->store, verify->results[i].row,
			    verify->results[i].damage, now_seconds(), err))
			return false;
	}
	return store_commit(verify->store, err);
}

/*
 * Forgets damaged messages that the server still lists, so that they are
 * fetched again.
 */
static bool forget_damaged(struct verify *verify, struct error *err)
{
	uint64_t brake = verify->account->policy.brake;

	if (verify->damaged_count == 0)
		return true;
	/* An unmounted disk must not cause all mail to be fetched again. */
	if (!verify->options->no_brake && verify->missing > 10 &&
		verify->missing * 100 > verify->total * brake)
		return error_set(err, ERROR_DATA,
			"%" PRIu64 " of %" PRIu64
			" messages are missing, more than brake allows (%" PRIu64
			"%%; is the disk of %s mounted?): nothing is fetched again. If this is intended, run once with --no-brake",
			verify->missing, verify->total, brake,
			verify->account->destination.path);
	if (verify->options->dry_run)
		return true;
	if (!store_begin(verify->store, err))
		return false;
	for (size_t i = 0; i < verify->damaged_count; i++) {
		if (!store_disown_copy(verify->store, verify->damaged[i],
			    now_seconds(), err))
			return false;
	}
	return store_commit(verify->store, err);
}

static bool verify_all(struct verify *verify, bool refetch, struct error *err)
{
	const struct account *account = verify->account;

	if (!privilege_become(account, err))
		return false;
	/* Verifying does not create a store if there is none. */
	verify->records = !verify->options->dry_run &&
		(refetch || store_exists(account->state, account->name));
	verify->store = state_open(
		account, verify->records ? STORE_WRITE : STORE_READ, err);
	verify->local = local_new(NULL);
	return verify->store != NULL &&
		copies_look(verify->local, account, verify->store, true, err) &&
		copies_read_strangers(verify->local, verify->store,
			verify->options->stop, err) &&
		store_all_copies(verify->store, count_copy, verify, err) &&
		store_all_copies(verify->store, verify_copy, verify, err) &&
		record_results(verify, err) &&
		(!refetch || forget_damaged(verify, err));
}

static void summarise(struct verify *verify, bool refetch)
{
	uint64_t wrong = verify->missing + verify->changed + verify->unreadable;
	struct report *report = &verify->report;

	report_begin(report, verify->account->name);
	report_count(report, "checked", verify->total);
	report_count(report, "missing", verify->missing);
	report_count(report, "changed", verify->changed);
	report_count(report, "unreadable", verify->unreadable);
	report_count(report, "on_server", verify->damaged_count);
	report_end(report);
	if (verify->total == 0 &&
		!account_is_place(verify->account->destination.kind))
		log_line(LOG_SUMMARY,
			"mail is handed over to %s: what was confirmed is not here, and cannot be verified",
			verify->account->destination.path);
	else if (verify->total == 0)
		log_line(LOG_SUMMARY, "no messages to check");
	else if (wrong == 0)
		log_line(LOG_SUMMARY, "%s%" PRIu64 " %s intact",
			text_plural(verify->total, "", "all "), verify->total,
			text_plural(
				verify->total, "message is", "messages are"));
	else
		log_line(LOG_WARNINGS,
			"%" PRIu64 " %s checked: %" PRIu64 " missing, %" PRIu64
			" changed, %" PRIu64
			" unreadable; %zu of them %s still on the server%s",
			verify->total,
			text_plural(verify->total, "message", "messages"),
			verify->missing, verify->changed, verify->unreadable,
			verify->damaged_count,
			text_plural(verify->damaged_count, "is", "are"),
			refetch && verify->options->dry_run
				? " and would be fetched again"
				: refetch ? " and will be fetched again"
				: verify->damaged_count > 0 ? ": --refetch "
							      "fetches them "
							      "again"
							    : "");
}

/* *refetched: number of messages to be fetched again. */
static int verify_account(const struct account *account,
	const struct run_options *options, bool refetch, size_t *refetched)
{
	struct verify verify = {.account = account,
		.options = options,
		.report = report_to(options->json)};
	struct error err = {.kind = ERROR_NONE};

	log_account(account->name);
	if (verify_all(&verify, refetch, &err)) {
		progress_clear(&verify.bar);
		summarise(&verify, refetch);
	}
	int status = error_status(err.kind);

	if (err.kind != ERROR_NONE)
		log_error(&err);
	else if (verify.missing + verify.changed + verify.unreadable >
		(refetch && !options->dry_run ? verify.damaged_count : 0))
		status = error_status(ERROR_DATA);
	*refetched = refetch && !options->dry_run && err.kind == ERROR_NONE
		? verify.damaged_count
		: 0;
	store_close(verify.store);
	local_free(verify.local);
	free(verify.damaged);
	free(verify.results);
	report_flush();
	return status;
}

/* Fetches the account, and thereby the damaged messages. */
static int fetch_again(
	const struct invocation *invocation, struct account *account)
{
	struct invocation fetch = *invocation;

	fetch.accounts = &account;
	fetch.account_count = 1;
	return command_fetch(&fetch);
}

static int verify_one(struct account *account,
	const struct run_options *options, void *context)
{
	const struct invocation *invocation = context;
	size_t refetched;
	int status = verify_account(
		account, options, invocation->options.refetch, &refetched);

	if (refetched > 0)
		status = error_worse(status, fetch_again(invocation, account));
	return status;
}

/* One account at a time, since parallel reads from one disk are not faster. */
int command_verify(const struct invocation *invocation)
{
	struct run_options options = run_options_make(invocation);
	struct invocation copy = *invocation;
	const struct options *given = &invocation->options;
	struct account_verb verify = {.task = verify_one, .context = &copy};

	if ((given->keep || given->no_brake) && !given->refetch) {
		fputs("keepmail: verify alone fetches and deletes nothing: -k and --no-brake can only be used with --refetch\n",
			stderr);
		return EX_USAGE;
	}
	return accounts_run(invocation->accounts, invocation->account_count, 1,
		&verify, &options);
}
