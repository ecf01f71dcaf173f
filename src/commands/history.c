/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/format.h"
#include "cli/report_run.h"
#include "core/text.h"
#include "core/uid_name.h"
#include "engine/copies.h"
#include "engine/named.h"
#include "io/process/log.h"
#include "io/process/privilege.h"
#include "io/store/store_look.h"
#include "io/store/store_others.h"
#include "io/store/store_run.h"

/* The column where values begin and continuation lines are indented to. */
#define INDENT 14

struct history {
	const struct account *account;
	struct store *store; /* borrowed */
	struct report report;
	size_t shown; /* number of runs, or of messages and troubles */
	struct local
		*local; /* owned; used to find messages; NULL: not read yet */
};

static void print_run(struct report *report, const struct store_run *run)
{
	char time[FORMAT_TIME_MAX];
	char size[32];
	char left[40] = "";
	char failed[40] = "";
	char status[40] = "";
	char text[FORMAT_LONG_MAX] = "";

	/* A failed run may not have listed the mailbox. */
	if (run->status == 0 || run->left > 0)
		snprintf(left, sizeof left, ", left %" PRIu64, run->left);
	if (run->failed > 0)
		snprintf(failed, sizeof failed, ", refused %" PRIu64,
			run->failed);
	if (run->status != 0)
		snprintf(status, sizeof status,
			"; exit status %d: ", run->status);
	if (run->status != 0)
		format_long(text, run->error);
	report_line(report, 4,
		"%s  fetched %" PRIu64 " (%s), deleted %" PRIu64 "%s%s%s%s",
		format_time(time, run->ended), run->fetched,
		text_size(size, sizeof size, run->octets), run->erased, left,
		failed, status, text);
}

static void show_run(const struct store_run *run, void *data)
{
	struct history *history = data;
	struct report *report = &history->report;

	history->shown++;
	report_begin(report, history->account->name);
	report_number(report, "started", run->started);
	report_number(report, "ended", run->ended);
	report_number(report, "status", run->status);
	report_count(report, "fetched", run->fetched);
	report_count(report, "octets", run->octets);
	report_count(report, "erased", run->erased);
	report_count(report, "left", run->left);
	report_count(report, "failed", run->failed);
	report_optional(report, "error", run->error);
	report_end(report);
	print_run(report, run);
}

/* Describes the recorded state of a message. */
static const char *state_words(const struct store_message *message)
{
	bool gone = message->vanished_at != 0;

	if (!account_is_place(message->kind) && message->state == MEMORY_KEPT)
		return gone ? "handed over; no longer listed by the server"
			    : "handed over, and still on the server";
	if (!account_is_place(message->kind) && message->state == MEMORY_ERASED)
		return "handed over, deleted from the server";
	switch (message->state) {
	case MEMORY_NONE:
		return message->said != NULL
			? "handed over; the next run fetches it again for the copy here"
			: "damaged here; the next run fetches it again";
	case MEMORY_ARRIVING:
		return "arriving: the run that stores it is in progress or was interrupted";
	case MEMORY_KEPT:
		return gone ? "kept here; no longer listed by the server"
			    : "kept here, and on the server";
	case MEMORY_ERASED:
		return "kept here, deleted from the server";
	case MEMORY_SEEN:
		return gone ? "counts as seen; no longer listed by the server"
			    : "counts as seen: it was never fetched by "
			      "keepmail";
	}
	return "unknown";
}

/* Names the state in JSON output. */
static const char *state_name(const struct store_message *message)
{
	switch (message->state) {
	case MEMORY_NONE:
		return message->said != NULL ? "handed_over" : "damaged";
	case MEMORY_ARRIVING:
		return "arriving";
	case MEMORY_KEPT:
		return "kept";
	case MEMORY_ERASED:
		return "erased";
	case MEMORY_SEEN:
		return "seen";
	}
	return "unknown";
}

/* Did keepmail store it here? A message only marked as seen is not stored. */
static bool lies_here(const struct store_message *message)
{
	return message->state != MEMORY_SEEN && message->path[0] != '\0';
}

/* Formats the digest in hexadecimal; "" for NULL. */
static const char *hexadecimal(
	char room[2 * LETTER_DIGEST + 1], const unsigned char *sha256)
{
	room[0] = '\0';
	for (size_t i = 0; sha256 != NULL && i < LETTER_DIGEST; i++)
		snprintf(room + 2 * i, 3, "%02x", sha256[i]);
	return room;
}

static void print_line(
	struct report *report, const char *name, const char *text)
{
	report_line(report, INDENT, "  %-11s %s", name, text);
}

static void print_text(
	struct report *report, const char *name, const char *text)
{
	char shown[FORMAT_LONG_MAX];

	if (text[0] != '\0')
		print_line(report, name, format_long(shown, text));
}

static void print_bytes(struct report *report, const char *name, uint64_t bytes,
	const char *where)
{
	report_line(report, INDENT, "  %-11s %" PRIu64 " bytes %s", name, bytes,
		where);
}

/* Reports a field, and its line if there is a text. */
static void show_text(struct report *report, const char *field,
	const char *name, const char *text)
{
	report_optional(report, field, text);
	print_text(report, name, text);
}

/* Reports a field, and its line if there is a time. */
static void show_time(struct report *report, const char *field,
	const char *name, int64_t seconds)
{
	char time[FORMAT_TIME_MAX];

	report_time(report, field, seconds);
	if (seconds != 0)
		print_line(report, name, format_time(time, seconds));
}

/*
 * Returns the present path of a Maildir message, or NULL. The caller frees it.
 */
static char *find_file(
	struct history *history, const struct store_message *message)
{
	struct letter letter = {.length = 0};
	struct error ignored = {.kind = ERROR_NONE};

	/* A copy in a directory that cannot be read counts as not found. */
	if (history->local == NULL) {
		history->local = local_new(NULL);
		copies_look(history->local, history->account, history->store,
			true, &ignored);
	}
	snprintf(letter.name, sizeof letter.name, "%s", message->name);
	return local_path(history->local, &letter);
}

/* Reports whom the message was handed over to. */
static void show_taker(
	struct report *report, const struct store_message *message)
{
	report_begin_object(report, "place");
	report_string(report, "kind", account_kind_name(message->kind));
	report_string(report, "path", message->path);
	report_string(report, "name", message->name);
	report_end(report);
	print_text(report, "handed to", message->path);
	print_text(report, "it said", message->name);
}

/* Reports where the message is now or, if it was not found, was put. */
static void show_place(
	struct history *history, const struct store_message *message)
{
	struct report *report = &history->report;
	bool mbox = message->kind == DESTINATION_MBOX;
	char shown[FORMAT_LONG_MAX];

	if (!account_is_place(message->kind)) {
		show_taker(report, message);
		return;
	}
	char *file = mbox ? NULL : find_file(history, message);

	report_begin_object(report, "place");
	report_string(report, "kind", mbox ? "mbox" : "maildir");
	report_string(report, "path", message->path);
	report_string(report, "name", message->name);
	if (mbox) {
		report_count(report, "offset", message->offset);
		report_count(report, "length", message->length);
		report_line(report, INDENT,
			"  %-11s %s, %" PRIu64 " bytes at byte %" PRIu64
			" when it was stored",
			"stored in", format_long(shown, message->path),
			message->length, message->offset);
	} else {
		report_string(report, "file", file);
		print_text(report, "stored in",
			file != NULL ? file : message->path);
	}
	if (!mbox && file == NULL) {
		print_text(report, "as", message->name);
		print_line(report, "",
			"no longer there, nor in a folder below it");
	}
	report_end(report);
	free(file);
}

/* Begins a message's object and lines; the latter with number, if not 0. */
static void begin_message(
	struct history *history, struct uid uid, uint32_t number)
{
	struct report *report = &history->report;
	char *text = uid_text(uid);

	history->shown++;
	report_begin(report, history->account->name);
	report_uid(report, uid);
	if (number > 0)
		report_line(report, 4,
			"uid %s, number %" PRIu32 " with this uid", text,
			number + 1);
	else
		report_line(report, 4, "uid %s", text);
	free(text);
}

static void show_message(const struct store_message *message, void *data)
{
	struct history *history = data;
	struct report *report = &history->report;
	char sha256[2 * LETTER_DIGEST + 1];

	begin_message(history, message->uid, message->uid.ordinal);
	report_string(report, "state", state_name(message));
	print_line(report, "state", state_words(message));
	report_size(report, "size", message->size);
	if (message->size != MAILDROP_SIZE_UNKNOWN)
		print_bytes(report, "size", message->size, "on the server");
	if (lies_here(message))
		print_bytes(report, "", message->octets, "here");
	show_time(report, "first_seen", "first seen", message->first_seen);
	show_time(report, "kept_at", "kept", message->kept_at);
	show_time(report, "vanished_at", "vanished", message->vanished_at);
	show_time(report, "erased_at", "deleted", message->erased_at);
	show_time(report, "held_at", "held", message->held_at);
	show_time(report, "missing_at", "missing", message->missing_at);
	if (lies_here(message)) {
		report_count(report, "octets", message->octets);
		show_place(history, message);
	}
	if (message->said != NULL) {
		report_string(report, "handed_over", message->said);
		print_line(report, "handed over", "before it was stored");
		print_text(report, "it said", message->said);
	}
	show_text(report, "message_id", "Message-ID", message->message_id);
	show_text(report, "sha256", "SHA-256",
		hexadecimal(sha256, message->sha256));
	show_text(report, "came_sha256", "as it came",
		hexadecimal(sha256, message->came_sha256));
	show_text(report, "origin", "seen by", message->origin);
	report_end(report);
}

static void show_trouble(const struct store_trouble *trouble, void *data)
{
	struct history *history = data;
	struct report *report = &history->report;

	begin_message(history, trouble->uid, 0);
	report_string(report, "state", "trouble");
	report_count(report, "tries", trouble->tries);
	report_line(report, INDENT, "  %-11s %" PRIu64 " failed %s", "trouble",
		trouble->tries,
		text_plural(trouble->tries, "attempt", "attempts"));
	show_time(report, "first_at", "first", trouble->first_at);
	show_time(report, "last_at", "last", trouble->last_at);
	if (trouble->quarantined_at == 0)
		show_time(report, "next_at", "not before", trouble->next_at);
	else
		report_time(report, "next_at", trouble->next_at);
	show_time(report, "quarantined_at", "quarantine",
		trouble->quarantined_at);
	report_string(report, "error", trouble->error);
	print_text(report, "because", trouble->error);
	report_end(report);
}

static void show_oversize(struct uid uid, uint64_t size, void *data)
{
	struct history *history = data;
	struct report *report = &history->report;

	begin_message(history, uid, uid.ordinal);
	report_string(report, "state", "too-large");
	print_line(report, "state", "larger than max-size, not fetched");
	report_count(report, "size", size);
	print_bytes(report, "size", size, "on the server");
	report_end(report);
}

static bool show_uids(struct history *history, struct store *store,
	char *const *names, size_t count, struct error *err)
{
	struct named named;

	if (!named_find(store, names, count, &named, err))
		return false;
	bool ok = true;

	for (size_t i = 0; ok && i < named.count; i++)
		ok = store_each_message(store, named.uids[i], show_message,
			     history, err) &&
			store_each_trouble(store, &named.uids[i], show_trouble,
				history, err) &&
			store_each_oversize(store, named.uids[i], show_oversize,
				history, err);
	named_release(&named);
	return ok;
}

static bool show_runs(
	struct history *history, struct store *store, struct error *err)
{
	char time[FORMAT_TIME_MAX];

	if (!store_each_run(store, show_run, history, err))
		return false;
	int64_t noted = store_noted_run(store);

	if (noted != 0)
		report_print(&history->report, "%s  found nothing new\n",
			format_time(time, noted));
	else if (history->shown == 0)
		report_print(&history->report, "no runs recorded\n");
	return true;
}

int command_history(const struct invocation *invocation)
{
	const struct account *account = invocation->accounts[0];
	struct history history = {.account = account,
		.report = report_to(invocation->options.json)};
	struct error err = {.kind = ERROR_NONE};
	struct store *store = NULL;

	log_account(account->name);
	if (privilege_become(account, &err))
		store = store_open(
			account->state, account->name, STORE_LOOK, &err);
	history.store = store;
	bool ok = store != NULL &&
		(invocation->word_count > 0
				? show_uids(&history, store, invocation->words,
					  invocation->word_count, &err)
				: show_runs(&history, store, &err));

	local_free(history.local);
	store_close(store);
	if (!ok)
		report_error(&history.report, account, &err);
	return error_status(err.kind);
}
