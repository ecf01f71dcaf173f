/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <sys/random.h>
#include <sysexits.h>

#include "cli/command.h"
#include "cli/report_run.h"
#include "commands/run_options.h"
#include "core/seen.h"
#include "core/text.h"
#include "core/xalloc.h"
#include "engine/accounts.h"
#include "engine/marks.h"
#include "io/process/log.h"
#include "io/store/foreign.h"
#include "io/store/store_seen.h"

struct import_options {
	enum seen_format from;
	const char *file; /* NULL: that program's default location */
	bool trust_times; /* use the times recorded by that program */
};

struct import {
	struct mailbox mailbox;
	struct marks marks;
	struct seen seen;
	const struct import_options *how;
	char *origin;	  /* owned */
	size_t *matches;  /* owned; index into seen of each listed message */
	bool *listed;	  /* owned; for each uid of seen */
	size_t marked_of; /* of those, listed by the server */
};

/* Matches the listed messages with the uids that the other program has seen. */
static bool match_uids(struct import *import, struct error *err)
{
	const struct maildrop *maildrop = &import->mailbox.maildrop;
	const char *program = seen_names[import->how->from];
	size_t found = 0;

	import->matches = xcalloc(maildrop->count, sizeof import->matches[0]);
	import->listed =
		xcalloc(import->seen.uids.count, sizeof import->listed[0]);
	for (size_t i = 0; i < maildrop->count; i++) {
		const struct message *message = &maildrop->messages[i];
		size_t at = seen_find(
			&import->seen, maildrop_uid(maildrop, message));

		import->matches[i] = at;
		if (at == MAILDROP_NOT_FOUND)
			continue;
		import->listed[at] = true;
		found++;
	}
	if (found > 0)
		return true;
	if (maildrop->count == 0)
		return error_set(err, ERROR_DATA,
			"the server lists no messages, so it cannot be checked whether the uids of %s belong to it: nothing was imported, and nothing needs to be",
			program);
	return error_set(err, ERROR_DATA,
		"of the %zu %s on the server, none is in the list of %s: nothing was imported. Check server, user and file; if the server assigned new uids, run keepmail mark-seen instead",
		maildrop->count,
		text_plural(maildrop->count, "message", "messages"), program);
}

static int64_t since(const struct import *import, size_t at)
{
	int64_t time = import->seen.times[at];
	int64_t now = import->mailbox.clock.now;

	return import->how->trust_times && time > 0 && time < now ? time : now;
}

/* Marks each listed message, including further ones with the same uid. */
static bool mark_listed(struct import *import, size_t i, struct error *err)
{
	const struct maildrop *maildrop = &import->mailbox.maildrop;
	const struct message *message = &maildrop->messages[i];
	bool marked = false;
	struct store_seen seen = {
		.uid = maildrop_uid(maildrop, message),
		.origin = import->origin,
	};

	if (import->matches[i] == MAILDROP_NOT_FOUND)
		return true;
	seen.since = since(import, import->matches[i]);
	if (!marks_add(&import->marks, &seen, &marked, err))
		return false;
	import->marked_of += marked;
	return true;
}

/*
 * Marks a uid that is not listed now: servers that list part of the mailbox may
 * list it again.
 */
static bool mark_other(struct import *import, size_t at, struct error *err)
{
	const struct maildrop *uids = &import->seen.uids;
	const struct message *uid = &uids->messages[at];
	bool marked;
	struct store_seen seen = {
		.uid = maildrop_uid(uids, uid),
		.origin = import->origin,
		.since = since(import, at),
	};

	return import->listed[at] || uid->ordinal > 0 ||
		marks_add(&import->marks, &seen, &marked, err);
}

static bool mark_all(struct import *import, struct error *err)
{
	if (!marks_begin(&import->marks, err))
		return false;
	for (size_t i = 0; i < import->mailbox.maildrop.count; i++) {
		if (!mark_listed(import, i, err))
			return false;
	}
	for (size_t i = 0; i < import->seen.uids.count; i++) {
		if (!mark_other(import, i, err))
			return false;
	}
	return marks_commit(&import->marks, err);
}

static void report_marked(const struct import *import)
{
	const struct mailbox *mailbox = &import->mailbox;
	struct report report = report_to(mailbox->options->json);
	const char *uids = text_plural(import->marks.marked, "uid", "uids");

	if (mailbox->options->dry_run)
		report_print(&report,
			"%s: would import %zu %s (%zu on the server); %zu already known; nothing was changed\n",
			mailbox->account->name, import->marks.marked, uids,
			import->marked_of, import->marks.known);
	else
		log_line(LOG_SUMMARY,
			"imported %zu %s (%zu on the server); %zu already known",
			import->marks.marked, uids, import->marked_of,
			import->marks.known);
}

static int import_account(struct account *account,
	const struct run_options *options, void *context)
{
	struct import import = {.how = context};
	struct error err = {.kind = ERROR_NONE};
	uint64_t key[2] = {0, 0};

	if (getrandom(key, sizeof key, 0) < 0)
		key[0] = (uintptr_t)&import;
	import.origin = xasprintf("import %s", seen_names[import.how->from]);
	seen_init(&import.seen, import.how->from, account->server.host,
		account->login.user, key);
	import.marks.mailbox = &import.mailbox;
	import.marks.show = report_seen;
	/* The files must be read before the process is confined. */
	if (mailbox_begin(&import.mailbox, account, options, NULL, &err) &&
		foreign_read(&import.seen, import.how->file, &err) &&
		marks_list(&import.marks, &err) && match_uids(&import, &err) &&
		mark_all(&import, &err))
		report_marked(&import);
	seen_release(&import.seen);
	free(import.matches);
	free(import.listed);
	free(import.origin);
	return marks_end(&import.marks, &err);
}

int command_import(const struct invocation *invocation)
{
	struct run_options options = run_options_make(invocation);
	struct import_options how = {
		.file = invocation->word_count > 0 ? invocation->words[0]
						   : NULL,
		.trust_times = invocation->options.trust_times,
	};
	struct account_verb import = {.task = import_account, .context = &how};

	/* The command line parser has refused unknown formats. */
	if (!seen_format_named(invocation->options.from, &how.from))
		return EX_USAGE;
	return accounts_run(invocation->accounts, 1, 1, &import, &options);
}
