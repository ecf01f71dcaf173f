/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "cli/command.h"
#include "core/uid_name.h"
#include "engine/named.h"
#include "engine/state.h"
#include "io/process/log.h"
#include "io/process/now.h"
#include "io/process/privilege.h"
#include "io/store/store_look.h"
#include "io/store/store_message.h"

static bool hold_one(
	struct store *store, struct uid uid, bool hold, struct error *err)
{
	size_t found = 0;

	if (!store_hold(store, uid, hold ? now_seconds() : 0, &found, err))
		return false;
	if (found > 0)
		return true;
	char *text = uid_text(uid);

	error_set(err, ERROR_USAGE,
		"the message with the uid %s cannot be %s: it was never fetched, or was deleted from the server",
		text, hold ? "held" : "released");
	free(text);
	return false;
}

static bool hold_all(struct store *store, const struct named *named, bool hold,
	struct error *err)
{
	if (!store_begin(store, err))
		return false;
	for (size_t i = 0; i < named->count; i++) {
		if (!hold_one(store, named->uids[i], hold, err))
			return false;
	}
	return store_commit(store, err);
}

/* Names the messages, since the user may have typed abbreviated uids. */
static void report_done(const struct named *named, bool hold)
{
	const char *done = hold ? "held" : "released";

	for (size_t i = 0; i < named->count; i++) {
		char *text = uid_text(named->uids[i]);

		log_line(named->count == 1 ? LOG_SUMMARY : LOG_MESSAGES,
			"%s: uid %s", done, text);
		free(text);
	}
	if (named->count > 1)
		log_line(LOG_SUMMARY, "%zu %s%s", named->count, done,
			hold ? ": they will not be deleted from the server"
			     : "");
}

static void change_named(struct store *store, char *const *names, size_t count,
	bool hold, struct error *err)
{
	struct error failure = {.kind = ERROR_NONE};
	struct named named;

	if (!named_find(store, names, count, &named, &failure)) {
		error_set(err, failure.kind, "%s. Nothing was changed",
			failure.text);
		return;
	}
	if (hold_all(store, &named, hold, &failure))
		report_done(&named, hold);
	else
		error_set(err, failure.kind, "%s. Nothing was changed",
			failure.text);
	named_release(&named);
}

/* Holds or releases the messages named on the command line. */
static int hold_named(const struct invocation *invocation, bool hold)
{
	const struct account *account = invocation->accounts[0];
	size_t count = invocation->word_count;
	struct error err = {.kind = ERROR_NONE};
	struct store *store = NULL;

	log_account(account->name);
	if (privilege_become(account, &err))
		store = state_open(account, STORE_WRITE, &err);
	if (store != NULL)
		change_named(store, invocation->words, count, hold, &err);
	if (err.kind != ERROR_NONE)
		log_error(&err);
	store_close(store);
	return error_status(err.kind);
}

int command_hold(const struct invocation *invocation)
{
	return hold_named(invocation, true);
}

int command_release(const struct invocation *invocation)
{
	return hold_named(invocation, false);
}
