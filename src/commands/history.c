/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/page.h"
#include "cli/report.h"
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
	bool json;
	size_t shown; /* number of runs, or of messages and troubles */
	struct local
		*local; /* owned; used to find messages; NULL: not read yet */
};

static void print_run(const struct store_run *run)
{
	char time[REPORT_TIME_MAX];
	char size[32];
	char left[40] = "";
	char failed[40] = "";
	char status[40] = "";
	char text[REPORT_LONG_MAX] = "";

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
		report_long(text, run->error);
	page_line(4,
		"%s  fetched %" PRIu64 " (%s), deleted %" PRIu64 "%s%s%s%s",
		report_time(time, run->ended), run->fetched,
		text_size(size, sizeof size, run->octets), run->erased, left,
		failed, status, text);
}

static void print_json_account(const struct history *history)
{
	const char *name = history->account->name;

	printf("{\"account\":");
	json_string(name, strlen(name));
}

static void show_run(const struct store_run *run, void *data)
{
	struct history *history = data;

	history->shown++;
	if (!history->json) {
		print_run(run);
		return;
	}
	print_json_account(history);
	printf(",\"started\":%" PRId64 ",\"ended\":%" PRId64
	       ",\"status\":%d,\"fetched\":%" PRIu64 ",\"octets\":%" PRIu64
	       ",\"erased\":%" PRIu64 ",\"left\":%" PRIu64
	       ",\"failed\":%" PRIu64,
		run->started, run->ended, run->status, run->fetched,
		run->octets, run->erased, run->left, run->failed);
	if (run->error[0] != '\0')
		json_field("error", run->error);
	printf("}\n");
}

/* Describes the recorded state of a message. */
static const char *state_words(const struct store_message *message)
{
	bool gone = message->vanished_at != 0;

	switch (message->state) {
	case MEMORY_NONE:
		return "damaged here; the next run fetches it again";
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
		return "damaged";
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

static void print_line(const char *name, const char *text)
{
	page_line(INDENT, "  %-11s %s", name, text);
}

static void print_time(const char *name, int64_t seconds)
{
	char time[REPORT_TIME_MAX];

	if (seconds != 0)
		print_line(name, report_time(time, seconds));
}

static void print_text(const char *name, const char *text)
{
	char shown[REPORT_LONG_MAX];

	if (text[0] != '\0')
		print_line(name, report_long(shown, text));
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

/* Prints where the message is now or, if it was not found, where it was put. */
static void print_place(
	struct history *history, const struct store_message *message)
{
	char shown[REPORT_LONG_MAX];

	if (message->kind == DESTINATION_MBOX) {
		page_line(INDENT,
			"  %-11s %s, %" PRIu64 " bytes at byte %" PRIu64
			" when it was stored",
			"stored in", report_long(shown, message->path),
			message->length, message->offset);
		return;
	}
	char *file = find_file(history, message);

	if (file != NULL) {
		print_text("stored in", file);
	} else {
		print_text("stored in", message->path);
		print_text("as", message->name);
		print_line("", "no longer there, nor in a folder below it");
	}
	free(file);
}

static void print_message(
	struct history *history, const struct store_message *message)
{
	char *uid = uid_text(message->uid);
	char sha256[2 * LETTER_DIGEST + 1];
	char size[48];

	if (message->uid.ordinal > 0)
		page_line(4, "uid %s, number %" PRIu32 " with this uid", uid,
			message->uid.ordinal + 1);
	else
		page_line(4, "uid %s", uid);
	free(uid);
	print_line("state", state_words(message));
	if (message->size != MAILDROP_SIZE_UNKNOWN) {
		snprintf(size, sizeof size, "%" PRIu64 " bytes on the server",
			message->size);
		print_line("size", size);
	}
	if (lies_here(message)) {
		snprintf(size, sizeof size, "%" PRIu64 " bytes here",
			message->octets);
		print_line("", size);
	}
	print_time("first seen", message->first_seen);
	print_time("kept", message->kept_at);
	print_time("vanished", message->vanished_at);
	print_time("deleted", message->erased_at);
	print_time("held", message->held_at);
	print_time("missing", message->missing_at);
	if (lies_here(message))
		print_place(history, message);
	print_text("Message-ID", message->message_id);
	print_text("SHA-256", hexadecimal(sha256, message->sha256));
	print_text("seen by", message->origin);
}

static void print_json_place(
	struct history *history, const struct store_message *message)
{
	bool mbox = message->kind == DESTINATION_MBOX;

	printf(",\"place\":{\"kind\":\"%s\"", mbox ? "mbox" : "maildir");
	json_field("path", message->path);
	json_field("name", message->name);
	if (mbox) {
		printf(",\"offset\":%" PRIu64 ",\"length\":%" PRIu64 "}",
			message->offset, message->length);
		return;
	}
	char *file = find_file(history, message);

	if (file != NULL)
		json_field("file", file);
	else
		printf(",\"file\":null");
	putchar('}');
	free(file);
}

static void print_json_uid(const struct history *history, struct uid uid)
{
	print_json_account(history);
	printf(",\"uid\":");
	json_uid(uid);
	printf(",\"ordinal\":%" PRIu32, uid.ordinal);
}

static void print_json_message(
	struct history *history, const struct store_message *message)
{
	char sha256[2 * LETTER_DIGEST + 1];

	print_json_uid(history, message->uid);
	json_field("state", state_name(message));
	if (message->size != MAILDROP_SIZE_UNKNOWN)
		printf(",\"size\":%" PRIu64, message->size);
	else
		printf(",\"size\":null");
	json_time("first_seen", message->first_seen);
	json_time("kept_at", message->kept_at);
	json_time("vanished_at", message->vanished_at);
	json_time("erased_at", message->erased_at);
	json_time("held_at", message->held_at);
	json_time("missing_at", message->missing_at);
	if (lies_here(message)) {
		printf(",\"octets\":%" PRIu64, message->octets);
		print_json_place(history, message);
	}
	if (message->message_id[0] != '\0')
		json_field("message_id", message->message_id);
	if (message->sha256 != NULL)
		json_field("sha256", hexadecimal(sha256, message->sha256));
	if (message->origin[0] != '\0')
		json_field("origin", message->origin);
	printf("}\n");
}

static void show_message(const struct store_message *message, void *data)
{
	struct history *history = data;

	history->shown++;
	if (history->json)
		print_json_message(history, message);
	else
		print_message(history, message);
}

static void print_trouble(const struct store_trouble *trouble)
{
	char *uid = uid_text(trouble->uid);

	page_line(4, "uid %s", uid);
	free(uid);
	page_line(INDENT, "  %-11s %" PRIu64 " failed %s", "trouble",
		trouble->tries,
		text_plural(trouble->tries, "attempt", "attempts"));
	print_time("first", trouble->first_at);
	print_time("last", trouble->last_at);
	if (trouble->quarantined_at == 0)
		print_time("not before", trouble->next_at);
	print_time("quarantine", trouble->quarantined_at);
	print_text("because", trouble->error);
}

static void show_trouble(const struct store_trouble *trouble, void *data)
{
	struct history *history = data;

	history->shown++;
	if (!history->json) {
		print_trouble(trouble);
		return;
	}
	print_json_uid(history, trouble->uid);
	printf(",\"state\":\"trouble\",\"tries\":%" PRIu64, trouble->tries);
	json_time("first_at", trouble->first_at);
	json_time("last_at", trouble->last_at);
	json_time("next_at", trouble->next_at);
	json_time("quarantined_at", trouble->quarantined_at);
	json_field("error", trouble->error);
	printf("}\n");
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
				history, err);
	named_release(&named);
	return ok;
}

static bool show_runs(
	struct history *history, struct store *store, struct error *err)
{
	char time[REPORT_TIME_MAX];

	if (!store_each_run(store, show_run, history, err))
		return false;
	int64_t noted = store_noted_run(store);

	if (history->json)
		return true;
	if (noted != 0)
		printf("%s  found nothing new\n", report_time(time, noted));
	else if (history->shown == 0)
		printf("no runs recorded\n");
	return true;
}

int command_history(const struct invocation *invocation)
{
	const struct account *account = invocation->accounts[0];
	bool json = invocation->options.json;
	struct history history = {.account = account, .json = json};
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
	if (!ok) {
		log_error(&err);
		if (json)
			json_error(account->name, &err);
	}
	return error_status(err.kind);
}
