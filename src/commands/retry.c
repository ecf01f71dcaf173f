/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "cli/command.h"
#include "core/error.h"
#include "core/text.h"
#include "core/uid_name.h"
#include "engine/named.h"
#include "engine/state.h"
#include "io/process/log.h"
#include "io/process/privilege.h"
#include "io/store/store_look.h"
#include "io/store/store_trouble.h"

/* uid NULL: all messages that failed. */
static bool forget_one(struct store *store, const struct uid *uid, size_t *all,
	struct error *err)
{
	size_t found = 0;

	if (!store_forget_trouble(store, uid, &found, err))
		return false;
	*all += found;
	if (found > 0 || uid == NULL)
		return true;
	char *text = uid_text(*uid);

	error_set(err, ERROR_USAGE,
		"no failure is recorded for the message with uid %s: keepmail list --local shows the messages that failed. Nothing was changed",
		text);
	free(text);
	return false;
}

static bool forget(struct store *store, const struct named *named, size_t *all,
	struct error *err)
{
	bool ok = store_begin(store, err);

	if (ok && named->count == 0)
		ok = forget_one(store, NULL, all, err);
	for (size_t i = 0; ok && i < named->count; i++)
		ok = forget_one(store, &named->uids[i], all, err);
	return ok && store_commit(store, err);
}

static bool retry_named(struct store *store, char *const *names, size_t count,
	size_t *all, struct error *err)
{
	struct error unknown = {.kind = ERROR_NONE};
	struct named named;

	if (!named_find(store, names, count, &named, &unknown))
		return error_set(err, unknown.kind, "%s. Nothing was changed",
			unknown.text);
	bool ok = forget(store, &named, all, err);

	named_release(&named);
	return ok;
}

int command_retry(const struct invocation *invocation)
{
	const struct account *account = invocation->accounts[0];
	struct error err = {.kind = ERROR_NONE};
	struct store *store = NULL;
	size_t all = 0;

	log_account(account->name);
	if (privilege_become(account, &err))
		store = state_open(account, STORE_WRITE, &err);
	if (store != NULL &&
		retry_named(store, invocation->words, invocation->word_count,
			&all, &err))
		log_line(LOG_SUMMARY,
			"%zu %s will be tried again in the next run", all,
			text_plural(all, "message", "messages"));
	if (err.kind != ERROR_NONE)
		log_error(&err);
	store_close(store);
	return error_status(err.kind);
}
